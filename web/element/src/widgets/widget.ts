import { html, LitElement, nothing } from 'lit';
import type { View } from '../views/view';
import { asError } from '../wire/errors';
import type * as P from '../wire/protocol';
import { perform } from './action';
import { bounded, labels, STEP } from './bounds';
import { component } from './component';
import type { Binding, Deed, WidgetContext } from './context';

/** The action that is under way: where it was bound, and what shows it. */
interface Pending {
  path: string;
  shown: 'self' | 'container';
}

let ids = 0;

/** A widget of the conversation: components, and what happens when somebody uses them. */
export class WidgetElement extends LitElement {
  static override properties = {
    item: {}, view: {}, busy: { type: Boolean }, pending: { state: true }, opened: { state: true }, room: { state: true },
  };

  declare item: P.WidgetItem;
  declare view: View;
  /** An answer is being given: what can be used looks otherwise then. */
  declare busy: boolean;
  private declare pending: Pending | null;
  private declare opened: ReadonlySet<string>;
  /** How many components may be drawn. */
  private declare room: number;
  /** Choices that were made while nothing could be sent, by their fields, and the conversation that was shown then. */
  private readonly waiting = new Map<string, { deed: Deed; threadId: string | null }>();
  private readonly ids = new Map<string, string>();
  private readonly reported = new Set<string>();

  constructor() {
    super();
    this.busy = false;
    this.pending = null;
    this.opened = new Set();
    this.room = STEP;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): unknown {
    if (typeof this.item.widget !== 'object' || this.item.widget === null) {
      this.report('widget.broken', {});
      return nothing;
    }
    const { widget, hasMore } = bounded(this.item.widget, this.room);
    if (hasMore) this.report('widget.too_large', { shown: this.room });
    const isContainer = this.pending?.shown === 'container';
    const more = () => (this.room += STEP);
    return html`<div class="widget" ?inert=${isContainer} aria-busy=${isContainer}>
      ${component(this.context(widget), widget)}
      ${hasMore ? html`<button type="button" class="text more" @click=${more}>${this.view.locale.text('showMore')}</button>` : nothing}
    </div>`;
  }

  private context(widget: P.WidgetRoot): WidgetContext {
    const labelled = labels(widget);
    const { items } = this.view.session.chat;
    return {
      view: this.view,
      path: '',
      form: widget,
      scope: '',
      onSubmit: undefined,
      isLabelled: (form, name) => labelled.get(form)?.has(name) ?? false,
      id: (what) => this.idOf(what),
      isNewest: items.last?.id === this.item.id,
      isPending: (path) => this.pending?.shown === 'self' && this.pending.path === path,
      isBlocked: (action) => this.isBlocked(action),
      act: (path, deed) => void this.act(path, deed),
      isOpen: (path) => this.opened.has(path),
      toggle: (path) => this.toggle(path),
      report: (name, data) => this.report(name, data),
    };
  }

  /** An answer keeps actions from the server that are answered with a stream, as the server would; no others. */
  private isBlocked(action: P.ActionConfig | undefined): boolean {
    const { isAnswering } = this.view.session.chat;
    return this.pending !== null || (isAnswering && action !== undefined && action.handler !== 'client' && action.streaming !== false);
  }

  protected override updated(): void {
    for (const [path, { deed, threadId }] of this.waiting) {
      // In another one, or on another visit, nobody knows of it.
      const isHere = this.isConnected && threadId === this.view.session.chat.threadId;
      if (isHere && this.isBlocked(deed.action)) return;
      this.waiting.delete(path);
      if (isHere) void this.act(path, deed);
    }
  }

  private async act(path: string, deed: Deed): Promise<void> {
    if (this.isBlocked(deed.action)) {
      // A button that is pressed in vain can be pressed again. A choice was made, and is seen to be.
      if (deed.binding === 'change') this.waiting.set(path, { deed, threadId: this.view.session.chat.threadId });
      return;
    }
    const shown = shownAt(deed.action.loadingBehavior, deed.binding);
    const focused = (this.getRootNode() as ShadowRoot).activeElement;
    if (shown !== 'none') this.pending = { path, shown };
    try {
      await perform(this.view, this.item, deed);
    } catch (error) {
      this.view.emit('chatkit.error', { error: asError(error) });
    } finally {
      if (shown !== 'none') this.pending = null;
      // The next of those that wait.
      this.requestUpdate();
    }
    await this.updateComplete;
    this.giveBack(focused);
  }

  /** What is inert for a while loses the focus. */
  private giveBack(focused: Element | null): void {
    const root = this.getRootNode() as ShadowRoot;
    const { activeElement, body } = this.ownerDocument;
    const isLost = root.activeElement === null && (activeElement === body || activeElement === null);
    if (isLost && focused !== null && this.contains(focused)) (focused as HTMLElement).focus({ preventScroll: true });
  }

  private toggle(path: string): void {
    const opened = new Set(this.opened);
    if (!opened.delete(path)) opened.add(path);
    this.opened = opened;
  }

  private idOf(what: string): string {
    const id = this.ids.get(what) ?? `chatkitd-${++ids}`;
    this.ids.set(what, id);
    return id;
  }

  private report(name: string, data: Record<string, unknown>): void {
    const said = JSON.stringify([name, data]);
    if (this.reported.has(said)) return;
    this.reported.add(said);
    this.view.emit('chatkit.log', { name, data: { item: this.item.id, ...data } });
  }
}

/** `auto`: a button shows its own click, a choice shows nothing, a form and a card's buttons take the whole widget. */
function shownAt(behavior: P.LoadingBehavior | undefined, binding: Binding): 'self' | 'container' | 'none' {
  if (behavior === 'self' || behavior === 'container' || behavior === 'none') return behavior;
  return ({ click: 'self', change: 'none', submit: 'container' } as const)[binding];
}
