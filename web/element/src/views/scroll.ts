import type { View } from './view';

/** How near to the end counts as being there. */
const NEAR = 80;
/** The space that is left above a question. */
const MARGIN = 12;

/**
 * Keeps the newest in sight for whoever reads it, and leaves alone whoever reads something older. While an answer is
 * written, only `thread.autoScroll` follows it past the top of its question.
 */
export class Follower {
  isAway = false;
  private questions: HTMLCollectionOf<Element> | null = null;
  private questionsSeen = 0;
  private scroller: HTMLElement | null = null;
  private resizes: ResizeObserver | null = null;

  constructor(private readonly view: () => View) {}

  readonly attach = (element: Element | undefined): void => {
    if (element === this.scroller) return;
    this.resizes?.disconnect();
    this.scroller = (element as HTMLElement | undefined) ?? null;
    if (this.scroller === null) return;
    this.isAway = false;
    this.questions = this.scroller.getElementsByClassName('user_message');
    this.questionsSeen = 0;
    this.resizes = new ResizeObserver(() => this.follow());
    this.resizes.observe(this.scroller);
    this.resizes.observe(this.scroller.firstElementChild!);
    this.toEnd();
  };

  readonly onScroll = (): void => {
    const { scroller } = this;
    if (scroller === null) return;
    const away = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > NEAR;
    if (away === this.isAway) return;
    this.isAway = away;
    this.view().changes.mark();
  };

  readonly toEnd = (): void => {
    const { scroller } = this;
    if (scroller !== null) scroller.scrollTop = scroller.scrollHeight;
  };

  /** Runs something that puts items in front, so that what is read stays where it is. */
  async keepingPlace(change: () => Promise<void>): Promise<void> {
    const { scroller } = this;
    const before = scroller === null ? 0 : scroller.scrollHeight - scroller.scrollTop;
    await change();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    if (scroller !== null) scroller.scrollTop = scroller.scrollHeight - before;
  }

  private follow(): void {
    const { scroller, questions } = this;
    if (scroller === null || questions === null) return;
    // Whoever says something wants to see what comes of it, wherever they were.
    if (questions.length > this.questionsSeen) this.isAway = false;
    this.questionsSeen = questions.length;
    if (this.isAway) return;
    const { options, session } = this.view();
    const question = questions.item(questions.length - 1);
    if (question === null || !session.chat.isAnswering || options.thread?.autoScroll === true) return this.toEnd();
    const top = question.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
    scroller.scrollTop = Math.min(top - MARGIN, scroller.scrollHeight);
    // It may have grown past the end without being scrolled.
    this.onScroll();
  }
}

const followers = new WeakMap<object, { follower: Follower; view: View }>();

/** The one of this element. */
export function follower(view: View): Follower {
  const known = followers.get(view.host);
  if (known !== undefined) {
    known.view = view;
    return known.follower;
  }
  const fresh: { view: View; follower: Follower } = { view, follower: new Follower(() => fresh.view) };
  followers.set(view.host, fresh);
  return fresh.follower;
}
