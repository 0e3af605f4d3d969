/** Tells the other chats of this visitor, in other tabs and on this page, that a thread has changed; and hears it from them. */
export class Tabs {
  private readonly channel: BroadcastChannel;

  /** `server`: chats that talk to another one are not told. */
  constructor(server: string, onChange: (threadId: string) => void) {
    this.channel = new BroadcastChannel(`chatkit:${server}`);
    this.channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') onChange(data);
    };
  }

  tell(threadId: string): void {
    this.channel.postMessage(threadId);
  }

  close(): void {
    this.channel.close();
  }
}
