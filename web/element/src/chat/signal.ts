/** Tells those who listen that something changed, at most once a frame: an answer may come in at 200 words a second. */
export class Changes {
  private readonly listeners = new Set<() => void>();
  private due = false;

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What is shown is out of date. */
  readonly mark = (): void => {
    if (this.due) return;
    this.due = true;
    let told = false;
    const tell = () => {
      if (told) return;
      told = true;
      this.due = false;
      for (const listener of this.listeners) listener();
    };
    requestAnimationFrame(tell);
    // A page in the background has no frames.
    setTimeout(tell, 100);
  };
}
