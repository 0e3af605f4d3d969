import { html, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import { ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';
import { asMessage } from './items/user-message';
import { item, type Standing } from './items/item';
import { answerActions } from './items/answer-actions';
import { notice } from './notice';
import { icon } from './icon';
import { follower } from './scroll';
import type { View } from './view';

/** The conversation. */
export function thread(view: View): unknown {
  const { chat } = view.session;
  const { locale } = view;
  const items = chat.items.all.filter(isShown);
  const scroll = follower(view);
  return html`
    <h2 class="unseen" id="heading">${view.options.frameTitle ?? locale.text('chat')}</h2>
    <div class="thread" ${ref(scroll.attach)} @scroll=${scroll.onScroll} tabindex="0" role="group" aria-labelledby="heading" aria-busy=${chat.isAnswering}>
      <div class="items">
        ${chat.hasOlder
          ? html`<button class="text older" @click=${() => void scroll.keepingPlace(() => chat.loadOlder())}>
              ${locale.text('loadOlder')}</button>`
          : nothing}
        ${chat.load === 'loading' ? html`<p class="quiet" role="status">${locale.text('loading')}</p>` : nothing}
        ${repeat(items, (one) => one.id, (one, at) => entry(view, one, isEndOfAnswer(items, at, chat.isAnswering)))}
        ${chat.unconfirmed === null ? nothing : asMessage(view, chat.unconfirmed)}
        ${progress(view)} ${chat.notices.map((one) => notice(view, one))}
      </div>
      ${scroll.isAway
        ? html`<button class="icon down" aria-label=${locale.text('scrollDown')} @click=${scroll.toEnd}>${icon('chevron-down')}</button>`
        : nothing}
    </div>
  `;
}

function entry(view: View, one: P.ThreadItem, endsAnswer: boolean): unknown {
  const { chat } = view.session;
  const open = chat.items.isOpen(one.id);
  const busy = chat.isAnswering;
  const draw = () => html`<article class="item ${one.type}" data-item=${one.id}>
    ${drawn(view, one, { open, busy })} ${endsAnswer ? answerActions(view, one) : nothing}
  </article>`;
  return guard([one, open, busy, endsAnswer, view.locale, view.options], draw);
}

/** An item that cannot be drawn does not keep the others from being seen. */
function drawn(view: View, one: P.ThreadItem, standing: Standing): unknown {
  try {
    return item(view, one, standing);
  } catch (cause) {
    view.emit('chatkit.error', { error: new ChatKitError(`The item ${one.id} cannot be shown.`, 'invalid_item', { cause }) });
    return html`<p class="quiet">${view.locale.text('widgetUnknown')}</p>`;
  }
}

/** The last item of what the assistant said in one go carries the buttons. */
function isEndOfAnswer(items: P.ThreadItem[], at: number, answering: boolean): boolean {
  if (items[at]?.type === 'user_message') return false;
  const next = items[at + 1];
  return next === undefined ? !answering : next.type === 'user_message';
}

/** The others say nothing to the visitor, or are of a kind that this version does not know. */
const SHOWN = new Set(['user_message', 'assistant_message', 'widget', 'generated_image', 'structured_input', 'workflow', 'task']);

function isShown(one: P.ThreadItem): boolean {
  return SHOWN.has(one.type);
}

function progress(view: View): unknown {
  const { chat } = view.session;
  if (!chat.isAnswering) return nothing;
  const shown = chat.progress;
  const isWriting = chat.items.last !== undefined && chat.items.isOpen(chat.items.last.id);
  if (shown === null) return isWriting ? nothing : html`<div class="progress dots" aria-hidden="true"><i></i><i></i><i></i></div>`;
  return html`<p class="progress" role="status">${shown.icon === undefined ? nothing : icon(shown.icon)} ${shown.text}</p>`;
}
