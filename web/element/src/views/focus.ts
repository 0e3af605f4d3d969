import type { ElementPart } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';

const FOCUSABLE = 'button:not([disabled]), input:not([disabled]), textarea, select, a[href], [tabindex="0"]';

/** Keeps the focus within a dialog while it is open, and gives it back afterwards. Escape closes. */
class TrapFocus extends AsyncDirective {
  private before: HTMLElement | null = null;
  private dialog: HTMLElement | null = null;
  private close: () => void = () => undefined;

  override render(close: () => void): void {
    this.close = close;
  }

  override update(part: ElementPart, [close]: [() => void]): void {
    this.close = close;
    if (this.dialog !== null) return;
    this.dialog = part.element as HTMLElement;
    this.before = (this.dialog.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    this.dialog.addEventListener('keydown', this.onKey);
    queueMicrotask(() => this.dialog?.querySelector<HTMLElement>(FOCUSABLE)?.focus());
  }

  override disconnected(): void {
    this.dialog?.removeEventListener('keydown', this.onKey);
    this.dialog = null;
    this.before?.focus();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.close();
      return;
    }
    if (event.key !== 'Tab' || this.dialog === null) return;
    const all = [...this.dialog.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => one.offsetParent !== null);
    const now = (this.dialog.getRootNode() as ShadowRoot).activeElement;
    const [first, last] = [all[0], all.at(-1)];
    if (event.shiftKey ? now === first : now === last) {
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
  };
}

export const trapFocus = directive(TrapFocus);
