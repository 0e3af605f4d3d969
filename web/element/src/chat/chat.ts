import type { ChatKitOptions } from '@openai/chatkit';
import { ChatKitError, isAbort } from '../wire/errors';
import { wholeAnswer } from '../wire/answer';
import type { Client, NumberedEvent, RunStream } from '../wire/client';
import type { StreamOperations } from '../wire/operations';
import type * as P from '../wire/protocol';
import { unlessAborted } from '../wire/retry';
import { isThread, readable } from '../wire/shape';
import { ClientTool, goOnUnseen } from './client-tool';
import type { Composer } from './composer';
import { Deeds } from './deeds';
import { Items } from './items';
import { cancel, isKnown, type Known, type LiveRun, newRun, NOTHING_KNOWN, type Rest, settles, stop, unreadable } from './live-run';
import { type Notice, Notices } from './notices';
import { putInFront } from './older';
import type { Changes } from './signal';
import { claim } from './tabs';
import { unique } from './unique';

/** What the element tells the page: the names and details of `ChatKitEvents`. */
export type Emit = (name: string, detail?: unknown) => void;

type Load = 'new' | 'loading' | 'ready' | 'failed';

const PAGE = 50;

/** One conversation: the thread that is shown, and the answer that is being given in it. */
export class Chat {
  thread: P.Thread | null = null;
  items = new Items();
  load: Load = 'new';
  readonly notices: Notices;
  private deeds: Deeds;
  /** A message that was sent and that the server has not confirmed yet. */
  unconfirmed: P.UserMessageInput | null = null;
  /** Older items are on their way. */
  isLoadingOlder = false;
  /** How often a thread was left: what was asked before that is of no use after it. */
  visits = 0;
  /** How many answers have been asked for or taken up. */
  asked = 0;
  private older: string | null = null;
  /** Something of what was read of it could not be. */
  private isBroken = false;
  private live: LiveRun | null = null;
  /** What the answer waits for before it goes on. */
  private tool: ClientTool | null = null;
  private wanted: string | null = null;
  /** The thread is being read. */
  private reading: Promise<void> | null = null;
  /** It will be read once more after that. */
  private next: Promise<void> | null = null;
  /** The thread is on its way. */
  private loading: Promise<void> | null = null;

  constructor(
    private readonly client: Client,
    private readonly composer: Composer,
    private readonly options: () => ChatKitOptions,
    private readonly emit: Emit,
    private readonly changes: Changes,
    /** Tells other tabs that this thread has changed. */
    private readonly tell: (threadId: string) => void,
  ) {
    this.notices = new Notices(emit, changes);
    this.deeds = new Deeds(client, this.notices, changes);
  }

  get threadId(): string | null {
    return this.wanted;
  }

  get isAnswering(): boolean {
    return this.live !== null || this.tool !== null;
  }

  get canStop(): boolean {
    return this.tool !== null || (this.live !== null && this.live.allowCancel && !this.live.stopping);
  }

  get progress(): LiveRun['progress'] {
    return this.live?.progress ?? null;
  }

  get hasOlder(): boolean {
    return this.older !== null;
  }

  /** Shows a thread, or a new one for `null`. */
  async open(id: string | null): Promise<void> {
    if (id === this.wanted && this.load !== 'failed') return;
    this.leave();
    this.wanted = id;
    this.emit('chatkit.thread.change', { threadId: id });
    if (id === null) return this.changes.mark();
    this.load = 'loading';
    this.changes.mark();
    this.emit('chatkit.thread.load.start', { threadId: id });
    const { visits } = this;
    this.reading = this.loading = this.fetch(id);
    try {
      await this.loading;
    } catch (thrown) {
      if (this.visits === visits) this.cannotOpen(id, thrown);
    } finally {
      this.emit('chatkit.thread.load.end', { threadId: id });
      this.changes.mark();
    }
  }

  private cannotOpen(id: string, thrown: unknown): void {
    this.load = 'failed';
    this.notices.failToRead(thrown, () => this.open(id), { what: 'opening' });
    if (!(thrown instanceof ChatKitError) || thrown.status !== 404) return;
    // A page may remember a thread that was deleted since: nothing can be said there, but in a new one.
    this.load = 'new';
    this.wanted = null;
    this.emit('chatkit.thread.change', { threadId: null });
  }

  /** Reads the thread as it is after this call, and after the answer that is being given. `except`: see `fetch`. */
  refresh(except?: string): Promise<void> {
    // What is being read already may be older than what somebody knows who asks now.
    this.next ??= this.readAgain(except);
    return this.next;
  }

  private async readAgain(except?: string): Promise<void> {
    await this.reading?.catch(() => undefined);
    await this.quiet();
    this.next = null;
    const id = this.wanted;
    // A message that did not arrive would be seen twice, if it did.
    if (id === null || this.load === 'loading' || this.unconfirmed !== null) return;
    const lost = this.notices.all.find(({ reread }) => reread !== undefined);
    this.reading = lost === undefined ? this.fetch(id, { except, isOwn: false }) : lost.reread!();
    await this.reading;
    this.changes.mark();
  }

  /** Waits until no answer is being given. A client tool may itself wait for what is read after that. */
  private async quiet(): Promise<void> {
    while (this.live !== null) await this.live.over;
  }

  async loadOlder(): Promise<void> {
    const [id, after] = [this.wanted, this.older];
    if (id === null || after === null || this.isLoadingOlder) return;
    const { items, visits } = this;
    this.isLoadingOlder = true;
    this.changes.mark();
    try {
      const { body } = await this.client.call('items.list', { thread_id: id, order: 'desc', limit: PAGE, after });
      // Not where another thread is shown by now, or this one was read anew.
      const isNeeded = () => this.items === items;
      if (!(await putInFront(items, this.readable(body.data).reverse(), this.changes, isNeeded))) return;
      this.older = body.has_more ? (body.after ?? null) : null;
    } catch (thrown) {
      this.notices.report(thrown);
    } finally {
      if (this.visits === visits) this.isLoadingOlder = false;
      this.changes.mark();
    }
  }

  /** The visitor says something. */
  async send(input: P.UserMessageInput): Promise<void> {
    if (this.isAnswering) throw new ChatKitError('An answer is still being given.', 'busy');
    this.clearNotices();
    this.unconfirmed = input;
    const id = this.wanted;
    if (id === null) await this.run('threads.create', { input });
    else await this.run('threads.add_user_message', { thread_id: id, input });
  }

  /** Answers a message of the visitor's anew; what came after it goes. */
  async retryAfter(itemId: string): Promise<void> {
    if (this.wanted === null || this.isAnswering) return;
    this.clearNotices();
    const params = { thread_id: this.wanted, item_id: itemId };
    // A server that refuses keeps it.
    await this.run('threads.retry_after_item', params, unique(), () => this.items.removeAfter(itemId));
  }

  /** Answers questions that the assistant asked. */
  async answerQuestions(itemId: string, input: P.StructuredInputSubmission): Promise<void> {
    if (this.wanted === null || this.isAnswering) return;
    await this.run('threads.add_structured_input', { thread_id: this.wanted, item_id: itemId, input });
  }

  /** Something was done in a widget, or the page sends an action of its own. */
  async act(action: P.Action, itemId?: string, { streaming = true } = {}): Promise<void> {
    if (this.wanted === null) throw new ChatKitError('There is no thread yet to send an action to.', 'no_thread');
    const params: P.CustomActionParams = { thread_id: this.wanted, action };
    if (itemId !== undefined) params.item_id = itemId;
    if (streaming) return this.run('threads.custom_action', params);
    return this.deeds.act(params, this.visit(), (item) => this.readable([item]).forEach((one) => this.items.put(one)));
  }

  async feedback(itemIds: string[], kind: P.FeedbackKind): Promise<void> {
    if (this.wanted !== null) await this.deeds.judge({ thread_id: this.wanted, item_ids: itemIds, kind }, this.visit());
  }

  /** Stops the answer. What was said so far stays. */
  async stop(): Promise<void> {
    this.tool?.stop();
    const run = this.live;
    if (run === null || run.stopping) return;
    run.stopping = true;
    this.changes.mark();
    // It waits for the thread, and was not sent.
    if (this.load === 'loading') return run.abort.abort();
    await stop(run, this.client);
  }

  /** Takes a notice away. */
  dismiss(notice: Notice): void {
    this.notices.remove(notice);
    this.giveBack();
  }

  private clearNotices(): void {
    this.notices.clear();
    this.giveBack();
  }

  /** This message has arrived, where it is one. */
  private confirm(said: unknown): void {
    if (this.unconfirmed === said) this.unconfirmed = null;
  }

  /** A message that did not arrive, and that nothing offers to send again, goes back to where it was written. */
  private giveBack(): void {
    const said = this.unconfirmed;
    if (said === null || this.live !== null || this.notices.offers(said)) return;
    this.unconfirmed = null;
    this.composer.takeBack(said);
  }

  /** The element goes, or shows another thread: nothing is watched any more. The run itself goes on. */
  leave(): void {
    const run = this.live;
    this.live = null;
    // What the server answers already has arrived.
    if (run?.hasBegun) this.confirm(run.said);
    this.clearNotices();
    run?.abort.abort();
    this.tool?.leave();
    this.tool = null;
    if (run !== null) this.emit('chatkit.response.end');
    this.thread = this.older = null;
    this.items = new Items();
    this.deeds = new Deeds(this.client, this.notices, this.changes);
    this.isLoadingOlder = this.isBroken = false;
    this.load = 'new';
    this.loading = this.reading = this.next = this.wanted = null;
    this.visits += 1;
  }

  /** Whether what is shown now has not been left, for whoever asks later. */
  private visit(): () => boolean {
    const { visits } = this;
    return () => this.visits === visits;
  }

  /** `except`: a run that is taken up elsewhere, or has been. `isOwn`: see `LiveRun`. */
  private async fetch(id: string, { except = '', isOwn = true } = {}): Promise<void> {
    const { asked, visits } = this;
    const [thread, newest] = await Promise.all([
      this.client.call('threads.get_by_id', { thread_id: id }),
      this.client.call('items.list', { thread_id: id, order: 'desc', limit: PAGE }),
    ]);
    if (this.wanted !== id || this.visits !== visits) return;
    // What was said meanwhile is not in it.
    if (asked !== this.asked) return this.quiet().then(() => this.fetch(id, { except, isOwn }));
    this.takeNewest(newest.body);
    this.thread = thread.body;
    this.load = 'ready';
    // An answer may end between the two: with the items, it is known whether they have all of it.
    const run = newest.run ?? thread.run;
    const isFree = this.tool === null && (this.live === null || this.live.id === except);
    if (run !== null && run !== except && isFree) void this.takeUp(run, { isOwn });
  }

  /** Items that were loaded before stay, where the newest go on from them. */
  private takeNewest({ data, has_more, after }: P.Page<P.ThreadItem>): void {
    const newest = this.readable(data).reverse();
    const goesOn = this.items.renew(newest, !has_more);
    // How far back it was read stays known, unless there is nothing to read any more.
    if (goesOn && has_more) return;
    this.older = has_more ? (after ?? null) : null;
    if (goesOn) return;
    this.items = new Items();
    this.items.prepend(newest);
  }

  /** What can be shown of items that were read. The page is told once that this is not all of the conversation. */
  private readable(items: P.ThreadItem[]): P.ThreadItem[] {
    const shown = items.map(readable);
    if (!this.isBroken && shown.some((item, at) => item !== items[at])) {
      this.isBroken = true;
      this.notices.report(new ChatKitError('A part of the conversation cannot be read.', 'invalid_item'));
    }
    return shown.filter((item) => item !== null);
  }

  /** Watches an answer that began before this page was loaded, or in another tab. */
  private async takeUp(id: string, { heard = 0, isOwn = true, said }: Partial<Rest> = {}): Promise<void> {
    const items = new Set(this.items.all.map((item) => item.id));
    const run = this.begin(id, { isOwn, said });
    this.asked += 1;
    try {
      if (isOwn) run.isOwn = await claim(id, run.abort.signal);
      await this.follow(run, null, { items, heard });
    } catch (thrown) {
      await this.broke(run, thrown);
    }
    const isOldNews = run.isStale && !run.hasFailed && this.live === run;
    if (isOldNews) void this.refresh(id).catch((error: unknown) => this.notices.report(error));
    await this.end(run);
  }

  /** Goes on with an answer whose connection was lost for long. */
  private async comeBack(id: string, rest: Rest): Promise<void> {
    const { wanted: thread, asked, visits } = this;
    try {
      if (thread !== null) await this.reread(thread, id, rest);
    } catch (thrown) {
      if (this.visits !== visits) return this.notices.report(thrown);
      return this.notices.failToRead(thrown, () => this.comeBack(id, rest), { about: rest.said });
    }
    // What was said meanwhile has put an end to it.
    if (this.visits === visits && !this.isAnswering && asked === this.asked) void this.takeUp(id, rest);
  }

  /** Reads what came of an answer so far. A message that is answered has arrived. */
  private async reread(thread: string, except: string, { isOwn, said }: Pick<Rest, 'isOwn' | 'said'>): Promise<void> {
    await this.fetch(thread, { except, isOwn });
    this.confirm(said);
  }

  private begin(id: string | null, { isOwn = true, said }: Partial<Rest> = {}): LiveRun {
    const run = newRun(id, isOwn, said);
    this.live = run;
    this.emit('chatkit.response.start');
    this.changes.mark();
    return run;
  }

  /** `key` names what is done: however often it has to be sent, it is done once. `onBegin`: the server does it. */
  private async run<Op extends keyof StreamOperations>(
    op: Op,
    params: StreamOperations[Op],
    key: string = unique(),
    onBegin?: () => void,
  ): Promise<void> {
    if (this.isAnswering) throw new ChatKitError('An answer is still being given.', 'busy');
    const run = this.begin(null, { said: 'input' in params ? params.input : undefined });
    try {
      // What is being opened comes first.
      const loaded = this.loading?.catch(() => undefined) ?? Promise.resolve();
      await unlessAborted(loaded, run.abort.signal);
      this.asked += 1;
      const stream = await this.client.stream(op, params, key, run.abort.signal);
      run.id = stream.run;
      run.hasBegun = true;
      onBegin?.();
      this.changes.mark();
      if (run.stopping) void cancel(run, this.client);
      if (run.id !== null) run.isOwn = await claim(run.id, run.abort.signal);
      await this.follow(run, stream, NOTHING_KNOWN);
    } catch (thrown) {
      await this.broke(run, thrown, () => this.run(op, params, key, onBegin));
    }
    await this.end(run);
    if (this.wanted !== null) this.tell(this.wanted);
  }

  /** An answer did not come to its end: what can be done about it. `again` sends the same once more. */
  private async broke(run: LiveRun, thrown: unknown, again?: () => Promise<void>): Promise<void> {
    if (this.live !== run || isAbort(thrown)) return;
    run.hasFailed = true;
    const { id, last: heard, isOwn, said } = run;
    if (id !== null && thrown instanceof ChatKitError && (thrown.status === 404 || thrown.status === 410)) {
      // The server has forgotten the run, and not what came of it.
      if (this.wanted === null) return;
      const read = unlessAborted(this.reread(this.wanted, id, run), run.abort.signal).then(() => (run.hasFailed = run.isStale = false));
      return void (await read.catch((error: unknown) => this.notices.report(error)));
    }
    const { anew } = this;
    if (id !== null && this.client.knowsRuns) this.notices.failToRead(thrown, () => this.comeBack(id, { heard, isOwn, said }), { about: said });
    // Only an answer that has begun is given up for another: what never got through has changed nothing.
    else if (run.hasBegun && this.unconfirmed !== said && anew !== undefined) this.notices.fail(thrown, anew);
    else this.notices.fail(thrown, again ?? (() => this.refresh()), { about: said });
  }

  /** Has the last message answered anew, where there is one. */
  private get anew(): (() => Promise<void>) | undefined {
    const message = this.items.all.findLast((item) => item.type === 'user_message');
    return message && (() => this.retryAfter(message.id));
  }

  private async end(run: LiveRun): Promise<void> {
    run.end();
    if (this.live !== run) return run.abort.abort();
    this.live = null;
    this.items.settle();
    if (!run.hasFailed && (run.hasBegun || !run.stopping)) this.confirm(run.said);
    this.giveBack();
    // Before the page hears of the end: it may have something to say then, and the answer goes on first. After a failure
    // the visitor says how.
    if (run.isOwn && !run.stopping && !run.hasFailed) this.tool = ClientTool.askedBy(this.items.last);
    this.emit('chatkit.response.end');
    this.changes.mark();
    if (this.tool !== null && this.wanted !== null) await Promise.race([this.useTool(this.tool, this.wanted), this.tool.left]);
    // Until here no other tab could begin the tool.
    run.abort.abort();
  }

  /** Reads an answer to its end. */
  private async follow(run: LiveRun, stream: RunStream | null, known: Known): Promise<void> {
    const isUnfinished = () => !run.isOver && (this.items.hasOpen || (run.id !== null && !run.isSettled));
    const onBreak = (after: number) => this.emit('chatkit.log', { name: 'response.resume', data: { run: run.id, after } });
    const answer = wholeAnswer(this.client, { run: run.id, stream, signal: run.abort.signal, isUnfinished, onBreak });
    for await (const numbered of answer) {
      if (this.live !== run) return;
      run.last = Math.max(run.last, numbered.number);
      try {
        this.take(run, numbered, known);
      } catch (cause) {
        // One event that makes no sense is left out: what is done comes whole at its end.
        if (!run.isBroken) this.notices.report(unreadable(run, numbered, cause));
      }
    }
  }

  private take(run: LiveRun, { number, event }: NumberedEvent, known: Known): void {
    if (event === null) throw new SyntaxError('it is no JSON');
    if (number !== 0 && number <= known.heard && !event.type.startsWith('thread.')) return;
    if (event.type === 'thread.item.updated') this.changes.markWords();
    else this.changes.mark();
    run.isSettled = settles(event) ?? run.isSettled;
    if (isKnown(run, event, known)) return;
    switch (event.type) {
      case 'thread.created':
      case 'thread.updated':
        return this.takeThread(event);
      case 'thread.item.added':
        run.progress = null;
        break;
      case 'thread.item.done':
        if (event.item.type !== 'user_message') break;
        this.confirm(run.said);
        // Now there is something for the other tabs to see.
        if (!known.items.has(event.item.id)) this.tell(event.item.thread_id);
        break;
      case 'stream_options':
        run.allowCancel = event.stream_options.allow_cancel;
        return;
      case 'progress_update':
        run.progress = { icon: event.icon, text: event.text };
        return;
      case 'client_effect':
        if (run.isOwn) this.emit('chatkit.effect', { name: event.name, data: event.data });
        return;
      case 'notice':
        if (typeof event.message !== 'string') throw new TypeError('a notice says nothing');
        this.notices.push({ level: event.level, title: event.title, message: event.message });
        return;
      case 'error':
        run.isOver = true;
        return this.notices.takeError(event, this.anew);
    }
    this.items.apply(event);
  }

  private takeThread({ type, thread }: Extract<P.ThreadEvent, { thread: P.Thread }>): void {
    if (!isThread(thread)) throw new TypeError('the thread is not as its type says');
    if (type === 'thread.updated' && this.wanted !== null && this.wanted !== thread.id) throw new TypeError('it is about another thread');
    this.thread = thread;
    if (this.wanted === thread.id) return;
    this.wanted = thread.id;
    this.load = 'ready';
    this.emit('chatkit.thread.change', { threadId: thread.id });
  }

  /** The page does what it is asked to, and the answer goes on with what came of it, unless something else was said meanwhile. */
  private async useTool(tool: ClientTool, thread: string): Promise<void> {
    const use = (one: ClientTool) => one.result(this.options().onClientTool, this.emit);
    const result = await use(tool);
    if (this.tool === tool) this.tool = null;
    this.changes.mark();
    if (tool.isStopped) return;
    if (this.wanted === thread) await this.loading?.catch(() => undefined);
    const isOver = this.isAnswering || !tool.isAskedIn(this.items.last);
    if (this.wanted === thread) return isOver ? undefined : this.run('threads.add_client_tool_output', { thread_id: thread, result });
    await goOnUnseen(this.client, thread, tool, result, use, () => this.tell(thread)).catch((thrown) => this.notices.report(thrown));
    if (this.wanted === thread) await this.refresh();
  }
}
