import type { ElementPart, LitElement, ReactiveController } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';
import { takeEscape } from './gestures';

const FOCUSABLE = 'button:not([disabled]), input:not([disabled]), textarea, select, a[href], [tabindex="0"]';

/** What Tab comes to in it, in this order. */
export function tabStops(within: HTMLElement): HTMLElement[] {
  const isStop = (one: HTMLElement) => one.tabIndex >= 0 && canHaveFocus(one) && one.getClientRects().length > 0 && !isPassedOver(one);
  return [...within.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(isStop);
}

/** Of radio buttons, Tab comes to the chosen one alone. */
function isPassedOver(one: HTMLElement): boolean {
  if (!one.matches('[type=radio]:not(:checked)')) return false;
  const { name } = one as HTMLInputElement;
  return (one.getRootNode() as ShadowRoot).querySelector(`[type=radio][name="${CSS.escape(name)}"]:checked`) !== null;
}

/** Takes the focus into a dialog when it opens, and gives it back afterwards. Escape closes. What lies below is inert. */
class DialogFocus extends AsyncDirective {
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
    this.dialog.addEventListener('keydown', this.onKey);
    // It is not in the page yet.
    queueMicrotask(this.enter);
  }

  override disconnected(): void {
    this.dialog?.removeEventListener('keydown', this.onKey);
    this.dialog = null;
    // What lay below is inert until all of the picture is drawn.
    queueMicrotask(() => this.before?.focus());
  }

  private readonly enter = (): void => {
    if (!this.dialog?.isConnected) return;
    this.before = (this.dialog.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    this.dialog.querySelector<HTMLElement>(FOCUSABLE)?.focus();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    // The Escape of an input method throws away a word, and closes nothing.
    if (event.key !== 'Escape' || event.isComposing) return;
    takeEscape(event);
    this.close();
  };
}

export const dialogFocus = directive(DialogFocus);

/**
 * Keeps the focus in the chat when what had it goes away, such as a prompt that was chosen: whoever works with the
 * keyboard would begin again at the top of the page.
 */
export class FocusKeeper implements ReactiveController {
  private focused: HTMLElement | null = null;

  constructor(private readonly host: LitElement) {}

  hostConnected(): void {
    const root = this.host.renderRoot;
    root.addEventListener('focusin', this.onFocus);
    root.addEventListener('focusout', this.onBlur);
  }

  /** In the next frame, when the parts that draw themselves have done so. */
  hostUpdated(): void {
    if (this.focused !== null) requestAnimationFrame(this.check);
  }

  private readonly onFocus = (event: Event): void => {
    this.focused = event.target as HTMLElement;
  };

  /** Browsers do not agree whether what is removed loses the focus with an event; whoever goes on still stands there. */
  private readonly onBlur = (event: Event): void => {
    const left = event.target as HTMLElement;
    queueMicrotask(() => {
      if (left === this.focused && canHaveFocus(left)) this.focused = null;
    });
  };

  private readonly check = (): void => {
    const { focused } = this;
    const { activeElement, body } = this.host.ownerDocument;
    if (focused === null || activeElement !== body) return;
    if (canHaveFocus(focused)) focused.focus();
    else if (!focused.isConnected) this.next()?.focus({ preventScroll: true });
  };

  private next(): HTMLElement | null {
    const { renderRoot: root } = this.host;
    const history = root.querySelector('.history');
    if (history !== null) return history.querySelector<HTMLElement>(FOCUSABLE);
    // On a phone the composer would bring up the keyboard.
    const composer = matchMedia('(pointer: coarse)').matches ? null : root.querySelector<HTMLElement>('[data-composer]');
    return composer ?? root.querySelector<HTMLElement>('.thread');
  }
}

function canHaveFocus(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled') && element.closest('[inert]') === null;
}
