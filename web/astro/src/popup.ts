import type { OpenAIChatKit } from '@openai/chatkit';
import { ClientSecrets, loadConfig, loadScript, resolveConfig, Sessions, type NewSession } from '../../client/src/index.js';
import { chatOptions, type PopupOptions } from './options.js';

/**
 * `<chatkitd-popup>`: a button that opens a chat, and the chat. The markup comes from the server (`Popup.astro`); this
 * brings it to life. Nothing is loaded, and no session made, before the chat is first opened.
 *
 * Attributes: `data-chat-session-url`, `data-server`, `data-src`, `data-config` (addresses), `data-retry-label`, and
 * `data-options` ({@link PopupOptions} as JSON). It fires `chatkitd.open` and `chatkitd.close`.
 */
export class PopupElement extends HTMLElement {
  private beginning: Promise<void> | null = null;
  private listeners: AbortController | null = null;

  connectedCallback(): void {
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.piece('open').addEventListener('click', () => this.open(), { signal });
    this.piece('close').addEventListener('click', () => this.close(), { signal });
    this.addEventListener('keydown', (event) => this.onKey(event), { signal });
    if (new URLSearchParams(location.search).get('chatbot') === 'open') this.show();
  }

  disconnectedCallback(): void {
    this.listeners?.abort();
  }

  /** Shows the chat and goes there. */
  open(): void {
    this.show();
    this.piece('close').focus();
  }

  /** Hides the chat, which goes on as it is. */
  close(): void {
    if (this.piece('panel').hidden) return;
    this.piece('panel').hidden = true;
    this.piece('open').hidden = false;
    this.piece('open').setAttribute('aria-expanded', 'false');
    this.piece('open').focus();
    this.dispatchEvent(new CustomEvent('chatkitd.close', { bubbles: true }));
  }

  /** Shows the chat; the first time it begins then. */
  private show(): void {
    if (!this.piece('panel').hidden) return;
    this.piece('panel').hidden = false;
    this.piece('open').hidden = true;
    this.piece('open').setAttribute('aria-expanded', 'true');
    this.beginning ??= this.begin().catch((error: unknown) => this.fail(error));
    this.dispatchEvent(new CustomEvent('chatkitd.open', { bubbles: true }));
  }

  private async begin(): Promise<void> {
    const { chatSessionUrl, server, src, config: file } = this.dataset;
    const given = JSON.parse(this.dataset.options ?? '{}') as PopupOptions;
    const config = resolveConfig({ apiEndpoint: chatSessionUrl, server, src }, await loadConfig(file));
    await loadScript(config);
    const session = (): NewSession => ({
      workflowId: given.workflowId ?? config.workflowId,
      ...(given.sendPage ? { locale: document.documentElement.lang || navigator.language, pageUrl: location.href } : {}),
    });
    const secrets = new ClientSecrets(Sessions.at(config.apiEndpoint), { begin: session });
    const chat = document.createElement('openai-chatkit') as OpenAIChatKit;
    chat.setOptions({ ...chatOptions(given, config), api: { getClientSecret: secrets.getClientSecret } });
    this.put(chat, this.piece('close'));
  }

  /** Says why there is no chat, and lets the visitor try again. */
  private fail(error: unknown): void {
    const text = document.createElement('p');
    text.textContent = error instanceof Error ? error.message : String(error);
    const again = document.createElement('button');
    again.type = 'button';
    again.textContent = this.dataset.retryLabel ?? 'Try again';
    again.addEventListener('click', () => {
      if (again.hasAttribute('aria-busy')) return;
      // `disabled` would take the focus away.
      for (const name of ['aria-busy', 'aria-disabled']) again.setAttribute(name, 'true');
      this.beginning = this.begin().catch((error: unknown) => this.fail(error));
    });
    const alert = document.createElement('div');
    alert.setAttribute('role', 'alert');
    alert.append(text, again);
    this.put(alert, again);
  }

  /** Shows this. A focus that goes with what was there goes to `next`: outside of the popup Escape would not close it. */
  private put(content: HTMLElement, next: HTMLElement): void {
    const frame = this.piece('frame');
    const hadFocus = frame.contains(document.activeElement);
    frame.replaceChildren(content);
    if (hadFocus) next.focus();
  }

  private onKey(event: KeyboardEvent): void {
    // Escape in the chat closes a menu of the chat first, and that handles the event. That of an input method throws away a word.
    if (event.key === 'Escape' && !event.isComposing && !event.defaultPrevented && !this.piece('panel').hidden) this.close();
  }

  private piece(name: 'open' | 'close' | 'panel' | 'frame'): HTMLElement {
    const piece = this.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (piece === null) throw new Error(`<chatkitd-popup> has no [data-part="${name}"] in it.`);
    return piece;
  }
}

// A site's client-side navigation may run this module again.
if (customElements.get('chatkitd-popup') === undefined) customElements.define('chatkitd-popup', PopupElement);
