import type { ElementPart } from 'lit';
import { Directive, directive } from 'lit/directive.js';
import { focusedElement } from '../text/clipboard';

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
  const active = focusedElement(field.ownerDocument);
  if (active === null || !mayBeWritten(active)) field.focus({ preventScroll: true });
}

/** Whether somebody is writing there. Frames and elements that hide what is in them do not tell. */
function mayBeWritten(active: HTMLElement): boolean {
  if (active.matches('input, textarea')) return (active as HTMLInputElement).value !== '';
  if (active.matches('[contenteditable]')) return active.textContent !== '';
  return active.matches('iframe') || (active.localName.includes('-') && active.shadowRoot === null);
}
