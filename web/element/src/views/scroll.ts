import type { View } from './view';

/** How near to the end counts as being there. */
const NEAR = 80;
/** The same for whoever goes up while an answer is written: parts of a pixel. */
const END = 2;
/** The space that is left above a question. */
const MARGIN = 12;
/** How many heights of what is seen lie ready above it: a fast reader shall not meet the end. */
const AHEAD = 4;

/**
 * Keeps the newest in sight for whoever reads it, and in its place what somebody else reads, who may go back to the
 * first item. While an answer is written, only `thread.autoScroll` follows it past the top of its question.
 */
export class Follower {
  isAway = false;
  /** The visitor's newest message that was there the last time. */
  private newest: Element | null = null;
  private scroller: HTMLElement | null = null;
  private resizes: ResizeObserver | null = null;
  private top = 0;
  /** The item at the upper edge, and how far below the edge it begins. */
  private held: { item: Element; offset: number } | null = null;
  /** The answer to the newest question has been watched: its last words may come with its end. */
  private isWatched = false;

  constructor(private readonly view: () => View) {}

  readonly attach = (element: Element | undefined): void => {
    if (element === this.scroller) return;
    this.resizes?.disconnect();
    this.scroller = (element as HTMLElement | undefined) ?? null;
    if (this.scroller === null) return;
    this.newest = null;
    this.resizes = new ResizeObserver(this.onResize);
    this.resizes.observe(this.scroller);
    this.resizes.observe(this.scroller.firstElementChild!);
    this.toEnd();
  };

  readonly onScroll = (): void => {
    const { scroller } = this;
    if (scroller === null) return;
    this.keep(scroller);
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    // What is written faster than it is followed moves nobody away: they go up by themselves, and be it by a little.
    const goesUp = scroller.scrollTop < this.top;
    const isNear = left <= (goesUp && this.view().session.chat.isAnswering ? END : NEAR);
    this.settle(scroller, !isNear && (this.isAway || goesUp));
    this.loadAhead(scroller);
  };

  readonly toEnd = (): void => {
    const { scroller } = this;
    if (scroller === null) return;
    this.isWatched = false;
    scroller.scrollTop = scroller.scrollHeight;
    // Items that are laid out only when they come in sight may move the end on: it is followed.
    this.settle(scroller, false);
  };

  private readonly onResize = (): void => {
    const { scroller, held } = this;
    if (scroller === null) return;
    const question = newestQuestion(scroller);
    // Whoever says something wants to see what comes of it, wherever they were. What is loaded above was said before.
    const isSaid = question !== null && question !== this.newest && (held === null || isBelow(question, held.item));
    this.newest = question;
    if (!this.isAway || isSaid) this.follow(scroller, question);
    else this.keep(scroller);
    this.loadAhead(scroller);
  };

  /** What is read stays where it is, whatever has come before it. What was scrolled since it was noted was scrolled. */
  private keep(scroller: HTMLElement): void {
    const { held } = this;
    if (held === null || !held.item.isConnected) return;
    const moved = offsetOf(held.item, scroller) - held.offset + scroller.scrollTop - this.top;
    scroller.scrollTop += moved;
    this.top += moved;
  }

  private follow(scroller: HTMLElement, question: Element | null): void {
    const { options, session: { chat } } = this.view();
    this.isWatched ||= chat.isAnswering;
    // A notice that comes with the end is to be seen.
    const isPinned = this.isWatched && (chat.isAnswering || chat.notices.all.length === 0);
    if (question === null || !isPinned || options.thread?.autoScroll === true) return this.toEnd();
    const pinned = offsetOf(question, scroller) + scroller.scrollTop - MARGIN;
    scroller.scrollTop = Math.max(scroller.scrollTop, Math.min(pinned, scroller.scrollHeight));
    // It may have grown past the end without being scrolled.
    this.settle(scroller, scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > NEAR);
  }

  /** Notes where the reader is. */
  private settle(scroller: HTMLElement, isAway: boolean): void {
    this.top = scroller.scrollTop;
    this.held = isAway ? this.atEdge(scroller) : null;
    if (isAway === this.isAway) return;
    this.isAway = isAway;
    this.view().changes.mark();
  }

  private loadAhead(scroller: HTMLElement): void {
    const { chat } = this.view().session;
    if (chat.hasOlder && scroller.scrollTop < AHEAD * scroller.clientHeight) void chat.loadOlder();
  }

  private atEdge(scroller: HTMLElement): { item: Element; offset: number } | null {
    // Level by level: to ask for the place of what is within a part that is out of sight is to have it laid out.
    const section = firstBelowEdge(scroller.querySelectorAll('.section'), scroller);
    const stretch = section && firstBelowEdge(section.children, scroller);
    const item = stretch && firstBelowEdge(stretch.children, scroller);
    return item === undefined ? null : { item, offset: offsetOf(item, scroller) };
  }
}

/** The visitor's newest message. Looked for from the end: a thread has thousands, and each word is a reason to look. */
function newestQuestion(scroller: HTMLElement): Element | null {
  for (let part = scroller.firstElementChild!.lastElementChild; part !== null; part = part.previousElementSibling) {
    if (part.matches('.user_message')) return part;
    const within = part.querySelectorAll('.user_message');
    if (within.length > 0) return within[within.length - 1]!;
  }
  return null;
}

/** The first of these, which stand below one another, that reaches below the upper edge. Thousands are searched by halves. */
function firstBelowEdge(all: ArrayLike<Element>, scroller: HTMLElement): Element | undefined {
  const edge = scroller.getBoundingClientRect().top;
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]!.getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  return all[low];
}

function isBelow(element: Element, other: Element): boolean {
  return (other.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

function offsetOf(element: Element, scroller: HTMLElement): number {
  return element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}
