import type { Entity } from '@openai/chatkit';
import { html, render, type ElementPart } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';
import { callbackError } from '../wire/errors';
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
    document.removeEventListener('keydown', this.onKey, true);
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
      this.place(view, preview);
    } catch (thrown) {
      view.emit('chatkit.error', { error: callbackError('onRequestPreview', thrown) });
    }
  }

  /** In the top layer, where no scrolling list cuts it off. */
  private place(view: View, widget: unknown): void {
    const card = document.createElement('div');
    Object.assign(card, { className: 'preview', role: 'tooltip', id: 'entity-preview', popover: 'manual', tabIndex: -1 });
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
    document.addEventListener('keydown', this.onKey, true);
    // A tag that is deleted is not left by the pointer.
    this.unlisten = view.changes.listen(() => (this.anchor.isConnected ? draw() : this.hide()));
    // The widget draws itself in the next microtask, and has its size then.
    queueMicrotask(() => this.moveToAnchor(card));
  }

  private moveToAnchor(card: HTMLElement): void {
    const anchor = this.anchor.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    const above = anchor.top - height - 4;
    card.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - width - 8))}px`;
    card.style.top = `${above > 0 ? above : anchor.bottom + 4}px`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.isComposing) return;
    // It closes this, and nothing that the page or the chat would close next.
    takeEscape(event);
    this.hide();
  };
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
