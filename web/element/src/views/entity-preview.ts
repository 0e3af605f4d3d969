import type { Entity } from '@openai/chatkit';
import { html, render, type ElementPart } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';
import { place } from '../widgets/popup';
import { callbackError } from '../wire/errors';
import { tabStops } from './focus';
import { takeEscape } from './gestures';
import type { View } from './view';

/** How long the pointer rests before the page is asked, and how long it may take from the entity to its preview. */
const REST = 250;
const WAY = 150;

/** Shows what the page has to show of an entity while that is pointed at or focused (`onRequestPreview`). */
export class Preview {
  private card: HTMLElement | null = null;
  private timer = 0;
  private unlisten: () => void = () => undefined;

  constructor(
    private readonly anchor: HTMLElement,
    private readonly view: () => View,
    private readonly entity: () => Entity,
  ) {
    anchor.addEventListener('pointerenter', () => this.after(REST, () => void this.show()));
    anchor.addEventListener('focus', () => this.after(REST, () => void this.show()));
    anchor.addEventListener('pointerleave', () => this.after(WAY, this.hide));
    anchor.addEventListener('blur', this.onLeave);
  }

  readonly hide = (): void => {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.card === null) return;
    this.unlisten();
    this.anchor.removeAttribute('aria-describedby');
    // To remove what has the focus is to have it left.
    const { card } = this;
    this.card = null;
    card.remove();
  };

  /** The focus may go between the entity and its preview. Where the pointer is on that, it stays until the pointer leaves. */
  private readonly onLeave = ({ relatedTarget }: FocusEvent): void => {
    const isStill = this.card?.contains(relatedTarget as Node | null) === true || this.card?.matches(':hover') === true;
    if (relatedTarget !== this.anchor && !isStill) this.hide();
  };

  private after(milliseconds: number, act: () => void): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(act, milliseconds);
  }

  private async show(): Promise<void> {
    const view = this.view();
    const ask = view.options.entities?.onRequestPreview;
    if (ask === undefined || this.card !== null) return;
    const asked = this.timer;
    try {
      const { preview } = await ask(this.entity());
      if (preview === null || asked !== this.timer || !this.anchor.isConnected) return;
      this.open(view, preview);
    } catch (thrown) {
      view.emit('chatkit.error', { error: callbackError('onRequestPreview', thrown) });
    }
  }

  private open(view: View, widget: unknown): void {
    const card = document.createElement('div');
    Object.assign(card, { className: 'preview', id: 'entity-preview', popover: 'manual', tabIndex: -1 });
    card.addEventListener('pointerenter', () => clearTimeout(this.timer));
    card.addEventListener('pointerleave', () => this.after(WAY, this.hide));
    card.addEventListener('focusout', this.onLeave);
    const item = { id: `preview ${this.entity().id}`, type: 'widget', widget };
    const draw = () => render(html`<chatkitd-widget .item=${item} .view=${view} ?busy=${view.session.chat.isAnswering}></chatkitd-widget>`, card);
    draw();
    this.card = card;
    view.host.shadowRoot!.append(card);
    card.showPopover();
    this.anchor.setAttribute('aria-describedby', card.id);
    this.listen(view, card, draw);
    // The widget and what is in it draw themselves in microtasks: it has its size and its controls then.
    requestAnimationFrame(() => {
      // What can be used is no tip.
      const isUsed = tabStops(card).length > 0;
      Object.assign(card, isUsed ? { role: 'dialog', ariaLabel: this.entity().title } : { role: 'tooltip' });
      place(card, this.anchor, 'top');
    });
  }

  private listen(view: View, { ownerDocument: document }: HTMLElement, draw: () => void): void {
    document.addEventListener('keydown', this.onKey, true);
    // A tag that is deleted is not left by the pointer.
    const unlisten = view.changes.listen(() => (this.anchor.isConnected ? draw() : this.hide()));
    this.unlisten = () => {
      unlisten();
      document.removeEventListener('keydown', this.onKey, true);
    };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const { activeElement } = this.card!.getRootNode() as ShadowRoot;
    if (event.key === 'Tab') return this.onTab(event, activeElement);
    if (event.key !== 'Escape') return;
    // It closes this, and nothing that the page or the chat would close next.
    takeEscape(event);
    if (this.card!.contains(activeElement)) this.home.focus();
    this.hide();
  };

  /** It stands at the end of the chat; to the keyboard it comes right behind its entity. */
  private onTab(event: KeyboardEvent, from: Element | null): void {
    const stops = tabStops(this.card!);
    const isBack = event.shiftKey;
    // From its end on, the browser goes to what follows the entity.
    // A date has steps of its own, which the browser alone knows.
    if (from?.matches('[type=date]') === true) return;
    if (!isBack && from !== null && from === stops.at(-1)) return this.home.focus();
    const isEntered = !isBack && from === this.anchor;
    const isLeft = isBack && (from === this.card || (from !== null && from === stops[0]));
    const next = isEntered ? stops[0] : isLeft ? this.home : undefined;
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  /** Where the keyboard was: a tag in the composer cannot have the focus, and the composer has. */
  private get home(): HTMLElement {
    return this.anchor.closest<HTMLElement>('[data-composer]') ?? this.anchor;
  }
}

class EntityPreview extends AsyncDirective {
  private view!: View;
  private entity!: Entity;
  private preview: Preview | null = null;

  override render(_view: View, _entity: Entity): void {}

  override update(part: ElementPart, [view, entity]: [View, Entity]): void {
    this.view = view;
    this.entity = entity;
    this.preview ??= new Preview(part.element as HTMLElement, () => this.view, () => this.entity);
  }

  override disconnected(): void {
    this.preview?.hide();
  }
}

/** On the element that stands for an entity. */
export const entityPreview = directive(EntityPreview);
