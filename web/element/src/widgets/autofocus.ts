import type { ElementPart } from 'lit';
import { Directive, directive } from 'lit/directive.js';

/**
 * Takes the focus when the field appears. Browsers do so only for the first such field of a page, and a visitor who
 * is writing somewhere is not to be interrupted.
 */
class Autofocus extends Directive {
  private isNew = true;

  override render(_wanted: boolean): void {}

  override update(part: ElementPart, [wanted]: [boolean]): void {
    if (this.isNew && wanted) queueMicrotask(() => take(part.element as HTMLElement));
    this.isNew = false;
  }
}

export const autofocus = directive(Autofocus);

function take(field: HTMLElement): void {
  const active = (field.getRootNode() as ShadowRoot).activeElement ?? document.activeElement;
  const written = active?.matches('input, textarea') ? (active as HTMLInputElement).value : active?.matches('[contenteditable]') ? active.textContent : '';
  if (written === '') field.focus({ preventScroll: true });
}
