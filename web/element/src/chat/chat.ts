import type { ChatKitOptions } from '@openai/chatkit';
import { asError, ChatKitError, isAbort } from '../wire/errors';
import { pause, type Client, type NumberedEvent, type RunStream } from '../wire/client';
import type { StreamOperations } from '../wire/operations';
import type * as P from '../wire/protocol';
import { Items } from './items';
import type { Changes } from './signal';

/** What the element tells the page: the names and details of `ChatKitEvents`. */
export type Emit = (name: string, detail?: unknown) => void;

/** Something to tell the visitor below the last item. */
export interface Notice {
  level: P.NoticeLevel | 'error';
  title?: string;
  /** Markdown for notices; plain text for errors. `undefined`: the element has its own words, by `cause`. */
  message?: string;
  /** Why there is no answer, where that is known. */
  cause?: 'network' | 'busy';
  /** What a button below it does. */
  retry?: () => Promise<void>;
}

/** The answer that is being given. */
interface LiveRun {
  id: string | null;
  abort: AbortController;
  allowCancel: boolean;
  stopping: boolean;
  progress: { icon?: string; text: string } | null;
}

type Load = 'new' | 'loading' | 'ready' | 'failed';

const PAGE = 50;
/** How often a broken connection is taken up again in a row, and how long a stop may take. */
const RESUMES = 8;
const STOP_WITHIN = 5_000;

/** One conversation: the thread that is shown, and the answer that is being given in it. */
export class Chat {
  thread: P.Thread | null = null;
  items = new Items();
  load: Load = 'new';
  notices: Notice[] = [];
  /** A message that was sent and that the server has not confirmed yet. */
  unconfirmed: P.UserMessageInput | null = null;
  private older: string | null = null;
  private live: LiveRun | null = null;
  private wanted: string | null = null;

  constructor(
    private readonly client: Client,
    private readonly options: () => ChatKitOptions,
    private readonly emit: Emit,
    private readonly changes: Changes,
  ) {}

  get threadId(): string | null {
    return this.wanted;
  }

  get isAnswering(): boolean {
    return this.live !== null;
  }

  get canStop(): boolean {
    return this.live !== null && this.live.allowCancel && !this.live.stopping;
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
    try {
      await this.fetch(id);
    } catch (thrown) {
      if (this.wanted === id) this.cannotOpen(id, thrown);
    } finally {
      this.emit('chatkit.thread.load.end', { threadId: id });
      this.changes.mark();
    }
  }

  private cannotOpen(id: string, thrown: unknown): void {
    this.load = 'failed';
    this.fail(thrown, () => this.open(id));
    if (!(thrown instanceof ChatKitError) || thrown.status !== 404) return;
    // A page may remember a thread that was deleted since: nothing can be said there, but in a new one.
    this.load = 'new';
    this.wanted = null;
    this.emit('chatkit.thread.change', { threadId: null });
  }

  /** Reads the thread anew: something else may have changed it. */
  async refresh(): Promise<void> {
    const id = this.wanted;
    if (id === null || this.live !== null) return;
    await this.fetch(id);
    this.changes.mark();
  }

  async loadOlder(): Promise<void> {
    const [id, after] = [this.wanted, this.older];
    if (id === null || after === null) return;
    this.older = null;
    try {
      const { body } = await this.client.call('items.list', { thread_id: id, order: 'desc', limit: PAGE, after });
      if (this.wanted !== id) return;
      this.items.prepend(body.data.reverse());
      this.older = body.has_more ? (body.after ?? null) : null;
    } catch (thrown) {
      this.older = after;
      this.report(thrown);
    }
    this.changes.mark();
  }

  /** The visitor says something. */
  async send(input: P.UserMessageInput): Promise<void> {
    if (this.live !== null) throw new ChatKitError('An answer is still being given.', 'busy');
    this.notices = [];
    this.unconfirmed = input;
    const id = this.wanted;
    const again = () => this.send(input);
    if (id === null) await this.run('threads.create', { input }, again);
    else await this.run('threads.add_user_message', { thread_id: id, input }, again);
  }

  /** Answers a message of the visitor's anew; what came after it goes. */
  async retryAfter(itemId: string): Promise<void> {
    if (this.wanted === null || this.live !== null) return;
    this.notices = [];
    this.items.removeAfter(itemId);
    await this.run('threads.retry_after_item', { thread_id: this.wanted, item_id: itemId }, () => this.retryAfter(itemId));
  }

  /** Answers questions that the assistant asked. */
  async answerQuestions(itemId: string, input: P.StructuredInputSubmission): Promise<void> {
    if (this.wanted === null || this.live !== null) return;
    const params = { thread_id: this.wanted, item_id: itemId, input };
    await this.run('threads.add_structured_input', params, () => this.answerQuestions(itemId, input));
  }

  /** Something was done in a widget, or the page sends an action of its own. */
  async act(action: P.Action, itemId?: string, { streaming = true } = {}): Promise<void> {
    if (this.wanted === null) throw new ChatKitError('There is no thread yet to send an action to.', 'no_thread');
    const params: P.CustomActionParams = { thread_id: this.wanted, action };
    if (itemId !== undefined) params.item_id = itemId;
    if (streaming) return this.run('threads.custom_action', params, () => this.act(action, itemId));
    try {
      const { body } = await this.client.call('threads.sync_custom_action', params);
      if (body.updated_item !== undefined) this.items.put(body.updated_item);
    } catch (thrown) {
      this.fail(thrown, () => this.act(action, itemId, { streaming }));
    }
    this.changes.mark();
  }

  async feedback(itemIds: string[], kind: P.FeedbackKind): Promise<void> {
    if (this.wanted === null) return;
    try {
      await this.client.call('items.feedback', { thread_id: this.wanted, item_ids: itemIds, kind });
    } catch (thrown) {
      this.report(thrown);
      throw thrown;
    }
  }

  /** Stops the answer. What was said so far stays. */
  async stop(): Promise<void> {
    const run = this.live;
    if (run === null || run.stopping) return;
    run.stopping = true;
    this.changes.mark();
    if (run.id === null || !this.client.knowsRuns) return run.abort.abort();
    // The server says what becomes of every item; a connection that is gone does not.
    const late = setTimeout(() => run.abort.abort(), STOP_WITHIN);
    run.abort.signal.addEventListener('abort', () => clearTimeout(late), { once: true });
    await this.client.cancel(run.id).catch(() => run.abort.abort());
  }

  /** Takes a notice away. */
  dismiss(notice: Notice): void {
    this.notices = this.notices.filter((other) => other !== notice);
    this.changes.mark();
  }

  /** The element goes, or shows another thread: nothing is watched any more. The run itself goes on. */
  leave(): void {
    const run = this.live;
    this.live = null;
    run?.abort.abort();
    if (run !== null) this.emit('chatkit.response.end');
    this.thread = null;
    this.items = new Items();
    this.older = null;
    this.load = 'new';
    this.notices = [];
    this.unconfirmed = null;
    this.wanted = null;
  }

  private async fetch(id: string): Promise<void> {
    const [thread, newest] = await Promise.all([
      this.client.call('threads.get_by_id', { thread_id: id }),
      this.client.call('items.list', { thread_id: id, order: 'desc', limit: PAGE }),
    ]);
    if (this.wanted !== id) return;
    const items = new Items();
    items.prepend(newest.body.data.reverse());
    this.thread = thread.body;
    this.load = 'ready';
    // What was read of the time before stays, unless more is new than one answer tells.
    const before = this.items.before(items.all[0]?.id);
    if (newest.body.has_more && before.length > 0) items.prepend(before);
    else this.older = newest.body.has_more ? (newest.body.after ?? null) : null;
    this.items = items;
    if (thread.run !== null && this.live === null) void this.takeUp(thread.run);
  }

  /** Watches an answer that began before this page was loaded, or in another tab. */
  private async takeUp(id: string): Promise<void> {
    const known = new Set(this.items.all.map((item) => item.id));
    const run = this.begin(id);
    try {
      await this.follow(run, await this.client.resume(id, 0, run.abort.signal), known);
    } catch (thrown) {
      if (this.live === run && !isAbort(thrown)) this.report(thrown);
    }
    await this.end(run);
  }

  private begin(id: string | null): LiveRun {
    const run: LiveRun = { id, abort: new AbortController(), allowCancel: true, stopping: false, progress: null };
    this.live = run;
    this.emit('chatkit.response.start');
    this.changes.mark();
    return run;
  }

  private async run<Op extends keyof StreamOperations>(
    op: Op,
    params: StreamOperations[Op],
    again: () => Promise<void>,
  ): Promise<void> {
    if (this.live !== null) throw new ChatKitError('An answer is still being given.', 'busy');
    const run = this.begin(null);
    try {
      const stream = await this.client.stream(op, params, crypto.randomUUID(), run.abort.signal);
      run.id = stream.run;
      await this.follow(run, stream, new Set());
    } catch (thrown) {
      if (this.live === run && !isAbort(thrown)) this.fail(thrown, this.confirmedRetry(again));
    }
    await this.end(run);
  }

  /** What "try again" does: a message that has arrived is answered anew, and not said twice. */
  private confirmedRetry(again: () => Promise<void>): () => Promise<void> {
    if (this.unconfirmed !== null) return again;
    const message = this.items.all.findLast((item) => item.type === 'user_message');
    return message === undefined ? again : () => this.retryAfter(message.id);
  }

  private async end(run: LiveRun): Promise<void> {
    if (this.live !== run) return;
    this.live = null;
    this.items.settle();
    this.unconfirmed = null;
    this.emit('chatkit.response.end');
    this.changes.mark();
    await this.runClientTool();
  }

  /** Reads an answer to its end, over lost connections where the server can go on. */
  private async follow(run: LiveRun, stream: RunStream, known: ReadonlySet<string>): Promise<void> {
    let last = 0;
    let current = stream;
    for (let broken = 0; ; ) {
      try {
        for await (const numbered of current.events) {
          if (this.live !== run) return;
          // A server that goes on after a break may repeat itself.
          if (numbered.number !== 0 && numbered.number <= last) continue;
          last = Math.max(last, numbered.number);
          broken = 0;
          this.take(run, numbered, known);
        }
        return;
      } catch (thrown) {
        const canResume = thrown instanceof ChatKitError && thrown.code === 'network' && run.id !== null;
        if (!canResume || !this.client.knowsRuns || ++broken > RESUMES) throw thrown;
        this.emit('chatkit.log', { name: 'response.resume', data: { run: run.id, after: last } });
        await pause(Math.min(250 * 2 ** broken, 5_000), run.abort.signal);
        current = await this.client.resume(run.id!, last, run.abort.signal);
      }
    }
  }

  private take(run: LiveRun, { event }: NumberedEvent, known: ReadonlySet<string>): void {
    this.changes.mark();
    switch (event.type) {
      case 'thread.created':
      case 'thread.updated':
        return this.takeThread(event.thread);
      case 'thread.item.added':
        if (known.has(event.item.id)) return;
        run.progress = null;
        break;
      case 'thread.item.updated':
        if (known.has(event.item_id)) return;
        break;
      case 'thread.item.done':
        if (event.item.type === 'user_message') this.unconfirmed = null;
        break;
      case 'stream_options':
        run.allowCancel = event.stream_options.allow_cancel;
        return;
      case 'progress_update':
        run.progress = { icon: event.icon, text: event.text };
        return;
      case 'client_effect':
        return this.emit('chatkit.effect', { name: event.name, data: event.data });
      case 'notice':
        this.notices.push({ level: event.level, title: event.title, message: event.message });
        return;
      case 'error':
        return this.takeError(event);
    }
    this.items.apply(event);
  }

  private takeThread(thread: P.Thread): void {
    this.thread = thread;
    if (this.wanted === thread.id) return;
    this.wanted = thread.id;
    this.load = 'ready';
    this.emit('chatkit.thread.change', { threadId: thread.id });
  }

  private takeError(event: Extract<P.ThreadEvent, { type: 'error' }>): void {
    const error = new ChatKitError(event.message ?? 'The answer failed.', event.code);
    const notice: Notice = { level: 'error', message: event.message };
    const message = this.items.all.findLast((item) => item.type === 'user_message');
    if (event.allow_retry && message !== undefined) notice.retry = () => this.retryAfter(message.id);
    this.notices.push(notice);
    this.emit('chatkit.error', { error });
  }

  /** The newest item asks the page to do something: it does, and the answer goes on with what came of it. */
  private async runClientTool(): Promise<void> {
    const call = this.items.last;
    if (call?.type !== 'client_tool_call' || call.status !== 'pending' || this.wanted === null) return;
    const tool = this.options().onClientTool;
    const thread = this.wanted;
    let result: unknown;
    try {
      if (tool === undefined) throw new ChatKitError(`The page has no onClientTool for "${call.name}".`, 'no_client_tool');
      result = (await tool({ name: call.name, params: call.arguments })) ?? {};
      // What cannot be sent is the tool's failure, and not the connection's.
      JSON.stringify(result);
    } catch (thrown) {
      this.emit('chatkit.error', { error: asError(thrown) });
      result = { error: asError(thrown).message };
    }
    if (this.wanted !== thread || this.live !== null) return;
    const params = { thread_id: thread, result: result as P.JsonValue };
    await this.run('threads.add_client_tool_output', params, () => this.retryTool(params));
  }

  private retryTool(params: P.ThreadsAddClientToolOutputParams): Promise<void> {
    return this.run('threads.add_client_tool_output', params, () => this.retryTool(params));
  }

  /** Something did not work: the visitor may try again, the page learns why. */
  private fail(thrown: unknown, retry: () => Promise<void>): void {
    const error = asError(thrown);
    const notice: Notice = { level: 'error', cause: causeOf(error) };
    const canRetry = !(error instanceof ChatKitError) || error.isRetryable || error.code === 'thread_busy';
    if (error instanceof ChatKitError && !error.isRetryable) notice.message = error.message;
    if (canRetry) {
      notice.retry = async () => {
        this.dismiss(notice);
        await retry();
      };
    }
    this.notices.push(notice);
    this.report(thrown);
  }

  private report(thrown: unknown): void {
    if (!isAbort(thrown)) this.emit('chatkit.error', { error: asError(thrown) });
  }
}

function causeOf(error: Error): Notice['cause'] {
  if (!(error instanceof ChatKitError)) return undefined;
  if (error.code === 'network') return 'network';
  return error.status === 429 ? 'busy' : undefined;
}
