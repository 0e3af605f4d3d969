import type { HeaderIcon } from '@openai/chatkit';
import { html, nothing } from 'lit';
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
    <header class="header">
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

function pageButton({ locale }: View, action: { icon: HeaderIcon; onClick: () => void } | undefined): unknown {
  if (action === undefined) return nothing;
  return html`<button class="icon" aria-label=${iconName(locale, action.icon)} @click=${() => action.onClick()}>
    ${icon(action.icon)}
  </button>`;
}
