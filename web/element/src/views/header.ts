import type { HeaderIcon } from '@openai/chatkit';
import { html, nothing } from 'lit';
import { isAgain } from './gestures';
import { icon } from './icon';
import { iconName } from './icon-name';
import { titleOf } from './title';
import type { View } from './view';

/** Title, history, new chat, and the page's own buttons. */
export function header(view: View): unknown {
  const { options, session, locale } = view;
  const settings = options.header ?? {};
  if (settings.enabled === false) return nothing;
  const { chat, history } = session;
  const title = settings.title?.text ?? titleOf(chat.thread);
  return html`
    <header class="header" @mousedown=${keepFocus}>
      <div class="side">
        ${pageButton(view, settings.leftAction)}
        ${options.history?.enabled === false
          ? nothing
          : html`<button class="icon" aria-label=${locale.text('history')} aria-expanded=${history.isOpen}
              @click=${() => (history.isOpen ? history.hide() : void history.show())}>${icon('history')}</button>`}
      </div>
      ${settings.title?.enabled === false || title === '' ? html`<span></span>` : html`<h2 class="title" dir="auto" title=${title}>${title}</h2>`}
      <div class="side end">
        ${chat.threadId === null
          ? nothing
          : html`<button class="icon" aria-label=${locale.text('newChat')} @click=${() => newChat(view)}>${icon('compose')}</button>`}
        ${pageButton(view, settings.rightAction)}
      </div>
    </header>
  `;
}

/** Leaves the thread; the composer is where one begins. */
export function newChat(view: View): void {
  view.session.history.hide();
  void view.session.chat.open(null);
  void (view.host as HTMLElement & { focusComposer(): Promise<void> }).focusComposer();
}

/** "New chat" goes with the first click: the second of a double one would take the focus from the composer. A title can be selected. */
function keepFocus(event: MouseEvent): void {
  if (isAgain(event) && !(event.target as Element).matches('.title')) event.preventDefault();
}

/** Plain JavaScript may say `null` where there is none. */
function pageButton({ locale }: View, action: { icon: HeaderIcon; onClick: () => void } | null | undefined): unknown {
  if (action == null) return nothing;
  return html`<button class="icon" aria-label=${iconName(locale, action.icon)} @click=${() => action.onClick()}>
    ${icon(action.icon)}
  </button>`;
}
