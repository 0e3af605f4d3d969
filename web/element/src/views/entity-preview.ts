import type { Entity } from '@openai/chatkit';
import { html, render, type ElementPart } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';
import type { View } from './view';

/** How long the pointer rests before the page is asked. */
const REST = 250;

/** Shows what the page has to show of an entity while it is pointed at or focused (`onRequestPreview`). */
class EntityPreview extends AsyncDirective {
  private view!: View;
  private entity!: Entity;
  private anchor: HTMLElement | null = null;
  private card: HTMLElement | null = null;
  private timer = 0;

  override render(_view: View, _entity: Entity): void {}

  override update(part: ElementPart, [view, entity]: [View, Entity]): void {
    this.view = view;
    this.entity = entity;
    if (this.anchor !== null) return;
    this.anchor = part.element as HTMLElement;
    for (const name of ['pointerenter', 'focus']) this.anchor.addEventListener(name, this.rest);
    for (const name of ['pointerleave', 'blur']) this.anchor.addEventListener(name, this.hide);
  }

  override disconnected(): void {
    this.hide();
    this.anchor = null;
  }

  private readonly rest = (): void => {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.show(), REST);
  };

  private async show(): Promise<void> {
    const ask = this.view.options.entities?.onRequestPreview;
    if (ask === undefined) return;
    const asked = this.timer;
    try {
      const { preview } = await ask(this.entity);
      if (preview === null || asked !== this.timer || this.anchor === null) return;
      this.card = document.createElement('div');
      this.card.className = 'preview';
      this.card.setAttribute('role', 'tooltip');
      const item = { id: `preview ${this.entity.id}`, type: 'widget', widget: preview };
      render(html`<chatkitd-widget .item=${item} .view=${this.view}></chatkitd-widget>`, this.card);
      this.anchor.append(this.card);
    } catch (error) {
      this.view.emit('chatkit.error', { error });
    }
  }

  private readonly hide = (): void => {
    clearTimeout(this.timer);
    this.timer = 0;
    this.card?.remove();
    this.card = null;
  };
}

export const entityPreview = directive(EntityPreview);
