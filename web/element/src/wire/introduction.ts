/**
 * The first request of a visitor, whose answer says who they are from now on. It goes alone: two at once would make
 * two visitors of one.
 */
export class Introduction {
  private isDone = false;
  private underWay: Promise<void> | null = null;

  /** Waits while another request introduces the visitor. `null` when that is done; else what ends this request's turn. */
  async begin(): Promise<((wasSeen: boolean) => void) | null> {
    while (!this.isDone && this.underWay !== null) await this.underWay;
    if (this.isDone) return null;
    const { promise, resolve } = withResolvers();
    this.underWay = promise;
    return (wasSeen) => {
      this.isDone = wasSeen;
      this.underWay = null;
      resolve();
    };
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
