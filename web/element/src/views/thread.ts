import { html, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Stretch } from '../chat/items';
import { ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';
import { asMessage } from './items/user-message';
import { item, type Standing } from './items/item';
import { answerActions } from './items/answer-actions';
import { notice } from './notice';
import { styled } from '../widgets/style';
import { icon } from './icon';
import { follower } from './scroll';
import type { View } from './view';

/** The conversation. */
export function thread(view: View): unknown {
  const { chat } = view.session;
  const { locale } = view;
  const scroll = follower(view);
  return html`
    <h2 class="unseen" id="heading">${view.options.frameTitle ?? locale.text('chat')}</h2>
    <div class="thread" ${ref(scroll.attach)} @scroll=${scroll.onScroll} tabindex="0" role="group" aria-labelledby="heading" aria-busy=${chat.isAnswering}>
      <div class="items">
        ${chat.hasOlder
          ? html`<button class="text older" ?disabled=${chat.isLoadingOlder} @click=${() => void chat.loadOlder()}>${locale.text('loadOlder')}</button>`
          : nothing}
        ${chat.load === 'loading' ? html`<p class="quiet" role="status">${locale.text('loading')}</p>` : nothing}
        ${stretches(view)}
        ${chat.unconfirmed === null ? nothing : asMessage(view, chat.unconfirmed)}
        ${progress(view)} ${chat.notices.all.map((one) => notice(view, one))}
      </div>
      ${scroll.isAway
        ? html`<button class="icon down" aria-label=${locale.text('scrollDown')} @click=${scroll.toEnd}>${icon('chevron-down')}</button>`
        : nothing}
    </div>
  `;
}

function stretches(view: View): unknown {
  const { chat } = view.session;
  const all = chat.items.stretches;
  // The end of an answer shows by what follows it, which may be in another stretch.
  const following: (P.ThreadItem | undefined)[] = [];
  all.reduceRight<P.ThreadItem | undefined>((next, { items }, at) => {
    following[at] = next;
    return items.find(isShown) ?? next;
  }, undefined);
  return repeat(all, ({ key }) => key, (one, at) => stretch(view, one, following[at]));
}

function stretch(view: View, { items }: Stretch, following: P.ThreadItem | undefined): unknown {
  const { chat } = view.session;
  const { allowed_image_domains: domains, status } = chat.thread ?? {};
  const draw = () => {
    const shown = items.filter(isShown);
    if (shown.length === 0) return nothing;
    const entries = repeat(shown, (one) => one.id, (one, at) => entry(view, one, isEndOfAnswer(one, shown[at + 1] ?? following, chat.isAnswering)));
    return html`<div class="stretch" ${styled({ '--items': String(shown.length) })}>${entries}</div>`;
  };
  return guard([items, following?.type, chat.isAnswering, view.locale, view.options, domains?.join(), status?.type], draw);
}

function entry(view: View, one: P.ThreadItem, endsAnswer: boolean): unknown {
  const { chat } = view.session;
  const open = chat.items.isOpen(one.id);
  const busy = chat.isAnswering;
  const { allowed_image_domains: domains, status } = chat.thread ?? {};
  const draw = () => html`<article class="item ${one.type}" data-item=${one.id}>
    ${drawn(view, one, { open, busy })} ${endsAnswer ? answerActions(view, one) : nothing}
  </article>`;
  return guard([one, open, busy && hasControls(one), endsAnswer, view.locale, view.options, domains?.join(), status?.type], draw);
}

/** Whether it can be used, which it cannot while an answer is being given. */
function hasControls({ type }: P.ThreadItem): boolean {
  return type === 'widget' || type === 'structured_input';
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
function isEndOfAnswer(one: P.ThreadItem, next: P.ThreadItem | undefined, answering: boolean): boolean {
  if (one.type === 'user_message') return false;
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
