/** How long what is being written may wait to be shown, in milliseconds: three frames. */
const UNHURRIED = 45;

/** Tells those who listen that something changed, at most once a frame: an answer may come in at 200 words a second. */
export class Changes {
  private readonly listeners = new Set<() => void>();
  private due = false;
  private isUrgent = false;
  private told = 0;

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What is shown is out of date. */
  readonly mark = (): void => {
    this.isUrgent = true;
    this.schedule();
  };

  /** The same for words of an answer: nobody reads 60 states a second, and each one is drawn. */
  readonly markWords = (): void => this.schedule();

  /** The next time that something is shown. */
  shown(): Promise<void> {
    return new Promise((resolve) => {
      const unlisten = this.listen(() => {
        unlisten();
        resolve();
      });
    });
  }

  private schedule(): void {
    if (this.due) return;
    this.due = true;
    const tell = () => {
      if (!this.due) return;
      this.due = false;
      this.isUrgent = false;
      this.told = performance.now();
      clearTimeout(late);
      for (const listener of this.listeners) listener();
    };
    const onFrame = () => {
      if (this.isUrgent || performance.now() - this.told >= UNHURRIED) tell();
      else requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
    // A page in the background has no frames.
    const late = setTimeout(tell, 100);
  }
}
