import { asError, ChatKitError } from '../wire/errors';
import type { Client } from '../wire/client';
import type * as P from '../wire/protocol';
import { isThread } from '../wire/shape';
import type { Emit } from './chat';
import { Notices } from './notices';
import type { Changes } from './signal';

/** The visitor's threads, newest first. */
export class History {
  threads: P.Thread[] = [];
  isOpen = false;
  isLoading = false;
  hasFailed = false;
  /** Of changes that did not work. */
  readonly notices: Notices;
  private after: string | null = null;
  /** What is known of the list is let go when its newest page has come. */
  private isStale = false;
  /** How often the list was asked for: only the newest answer counts. */
  private reads = 0;
  /** An entry of it could not be read. */
  private isBroken = false;

  constructor(
    private readonly client: Client,
    private readonly emit: Emit,
    private readonly changes: Changes,
  ) {
    this.notices = new Notices(emit, changes);
  }

  get hasMore(): boolean {
    return this.after !== null;
  }

  async show(): Promise<void> {
    if (!this.isOpen) {
      this.isOpen = true;
      this.isStale = true;
      this.emit('chatkit.history.open');
    }
    await this.read();
  }

  /** Reads the newest anew where the list is shown; what was read behind them stays. */
  async refresh(): Promise<void> {
    if (this.isOpen) await this.read();
  }

  hide(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.notices.clear();
    this.emit('chatkit.history.close');
    this.changes.mark();
  }

  /** What did not come is asked for again when the visitor says so, and not with each step that they scroll. */
  async more(): Promise<void> {
    if (this.after !== null && !this.isLoading && !this.hasFailed) await this.read(this.after);
  }

  /** The thread with its new title; `null`: it has none, and the visitor reads so. */
  async rename(id: string, title: string): Promise<P.Thread | null> {
    const renamed = await this.change(async () => (await this.client.call('threads.update', { thread_id: id, title })).body);
    if (renamed !== null) this.threads = this.threads.map((thread) => (thread.id === id ? { ...thread, title: renamed.title } : thread));
    return renamed;
  }

  /** `false`: it is still there, and the visitor reads so. */
  async delete(id: string): Promise<boolean> {
    const isGone = (await this.change(() => this.client.call('threads.delete', { thread_id: id }).catch(unlessGone))) !== null;
    if (isGone) this.threads = this.threads.filter((thread) => thread.id !== id);
    return isGone;
  }

  private async change<T>(attempt: () => Promise<T>): Promise<T | null> {
    this.notices.clear();
    this.changes.mark();
    try {
      const changed = await attempt();
      // What is being read may be from before.
      if (this.isLoading) void this.refresh();
      return changed;
    } catch (thrown) {
      this.notices.failToDo(thrown);
      return null;
    } finally {
      this.changes.mark();
    }
  }

  private async read(after?: string): Promise<void> {
    const read = ++this.reads;
    this.isLoading = true;
    this.hasFailed = false;
    this.changes.mark();
    try {
      const { body } = await this.client.call('threads.list', { order: 'desc', limit: 30, ...(after && { after }) });
      if (read !== this.reads) return;
      const threads = this.readable(body.data);
      const behind = this.isStale || after !== undefined || !body.has_more ? [] : this.behind(threads);
      this.isStale = false;
      this.threads = after === undefined ? [...threads, ...behind] : [...this.threads, ...threads];
      // A page of nothing leads nowhere.
      if (behind.length === 0) this.after = body.has_more && body.data.length > 0 ? (body.after ?? null) : null;
    } catch (thrown) {
      if (read !== this.reads) return;
      this.hasFailed = true;
      this.emit('chatkit.error', { error: asError(thrown) });
    } finally {
      if (read === this.reads) this.isLoading = false;
      this.changes.mark();
    }
  }

  /** What is known of the list behind its newest page. */
  private behind(newest: P.Thread[]): P.Thread[] {
    const ids = new Set(newest.map(({ id }) => id));
    const end = this.threads.findIndex(({ id }) => id === newest.at(-1)?.id);
    return end < 0 ? [] : this.threads.slice(end + 1).filter(({ id }) => !ids.has(id));
  }

  /** Without what is no thread, which the page is told once. */
  private readable(entries: P.Thread[]): P.Thread[] {
    const threads = entries.filter(isThread);
    if (threads.length < entries.length && !this.isBroken) {
      this.isBroken = true;
      this.notices.report(new ChatKitError('An entry of the conversations cannot be read.', 'invalid_item'));
    }
    return threads;
  }
}

/** What is deleted already need not be deleted. */
function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof ChatKitError) || thrown.status !== 404) throw thrown;
}
