/** Tells the other chats of this visitor, in other tabs and on this page, that a thread has changed; and hears it from them. */
export class Tabs {
  private readonly channel: BroadcastChannel;
  private isClosed = false;

  /** `server`: chats that talk to another one are not told. */
  constructor(server: string, onChange: (threadId: string) => void) {
    this.channel = new BroadcastChannel(`chatkit:${server}`);
    this.channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') onChange(data);
    };
  }

  tell(threadId: string): void {
    if (!this.isClosed) return this.channel.postMessage(threadId);
    // The chat has gone, and what it had begun has changed the thread all the same.
    const channel = new BroadcastChannel(this.channel.name);
    channel.postMessage(threadId);
    channel.close();
  }

  close(): void {
    this.isClosed = true;
    this.channel.close();
  }
}

/**
 * Whether this chat is the one that does what a run asks of the page: the first that says so, until `signal`. Where the
 * browser has no locks (a page without TLS), everybody is.
 */
export async function claim(run: string, signal: AbortSignal): Promise<boolean> {
  if (navigator.locks === undefined) return true;
  const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return new Promise((resolve) => {
    const take = (lock: Lock | null): Promise<void> | undefined => {
      resolve(lock !== null);
      return lock === null || signal.aborted ? undefined : over;
    };
    // Refused where a page may have no locks, such as in a sandbox.
    navigator.locks.request(`chatkit:${run}`, { ifAvailable: true }, take).catch(() => resolve(true));
  });
}
