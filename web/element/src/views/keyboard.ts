import type { LitElement, ReactiveController } from 'lit';

/** What is smaller is a browser's own bar that comes and goes. */
const SMALLEST_KEYBOARD = 120;
/** How much of the chat stays, in pixels, however large the keyboard is. */
const LEAST_CHAT = 160;

/** Keeps the composer above an on-screen keyboard that lies over the page, as it does on iOS. */
export class OnScreenKeyboard implements ReactiveController {
  /** The window that the chat is in. When it has left that, its document is another one already. */
  private window: Window | null = null;

  constructor(private readonly host: LitElement) {}

  hostConnected(): void {
    this.window = this.host.ownerDocument.defaultView;
    for (const name of ['resize', 'scroll']) this.window?.visualViewport?.addEventListener(name, this.fit);
  }

  hostDisconnected(): void {
    for (const name of ['resize', 'scroll']) this.window?.visualViewport?.removeEventListener(name, this.fit);
  }

  private readonly fit = (): void => {
    this.host.style.setProperty('--ck-keyboard', `${this.covered(this.window!)}px`);
  };

  /** How much of the chat lies below the keyboard. A page that is zoomed in has no other height. */
  private covered({ innerHeight, visualViewport, document }: Window): number {
    const { height, offsetTop, scale } = visualViewport!;
    const keyboard = innerHeight - height;
    if (scale > 1.01 || keyboard < SMALLEST_KEYBOARD || document.activeElement !== this.host) return 0;
    const chat = this.host.getBoundingClientRect();
    const below = chat.bottom - (offsetTop + height);
    return Math.round(Math.max(0, Math.min(below, keyboard, chat.height - LEAST_CHAT)));
  }
}
