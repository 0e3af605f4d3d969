import { html, nothing } from 'lit';
import { composer } from './composer';
import { disclaimer } from './disclaimer';
import { header } from './header';
import { history } from './history';
import { startScreen } from './start-screen';
import { thread } from './thread';
import type { View } from './view';

/** The whole chat. */
export function frame(view: View): unknown {
  const { chat, history: list } = view.session;
  const isNew = chat.load === 'new' && chat.unconfirmed === null && !chat.isAnswering && chat.notices.all.length === 0;
  return html`
    <div class="frame" part="frame">
      ${list.isOpen ? history(view) : nothing}
      <div class="chat" ?inert=${list.isOpen}>
        ${header(view)}
        <div class="stage">
          ${isNew ? startScreen(view) : thread(view)}
          <div class="foot">${composer(view)} ${disclaimer(view)}</div>
        </div>
      </div>
      <div class="unseen" aria-live="polite">${view.announcer.text}</div>
    </div>
  `;
}
