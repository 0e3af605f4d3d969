import { html, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { keyed } from 'lit/directives/keyed.js';
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
import type { View } from './view';

/** The conversation. */
export function thread(view: View): unknown {
  const { locale, session: { chat } } = view;
  return html`
    <h2 class="unseen" id="heading">${view.options.frameTitle ?? locale.text('chat')}</h2>
    ${keyed(chat, keyed(`${chat.visits} ${chat.load === 'loading'}`, conversation(view)))}
  `;
}

/** What there is of one thread. Another has nothing of it: not its place, and no item, though two may go by one id. */
function conversation(view: View): unknown {
  const { locale, follower: scroll, session: { chat } } = view;
  return html`
    <div class="thread" ${ref(scroll.attach)} @scroll=${scroll.onScroll} tabindex="0" role="group" aria-labelledby="heading" aria-busy=${chat.isAnswering}>
      <div class="items">
        ${chat.hasOlder
          ? html`<button class="text older" ?disabled=${chat.isLoadingOlder} @click=${() => void chat.loadOlder()}>${locale.text('loadOlder')}</button>`
          : nothing}
        ${chat.load === 'loading' ? html`<p class="quiet" role="status">${locale.text('loading')}</p>` : nothing}
        ${sections(view)}
        ${chat.unconfirmed === null ? nothing : asMessage(view, chat.unconfirmed)}
        ${progress(view)} ${repeat(chat.notices.all, (one) => one, (one) => notice(view, one, () => chat.dismiss(one)))}
      </div>
      ${scroll.isAway
        ? html`<button class="icon down" aria-label=${locale.text('scrollDown')} @click=${scroll.toEnd}>${icon('chevron-down')}</button>`
        : nothing}
    </div>
  `;
}

/** How many stretches make a section: thousands of items are a few sections, and few stretches are in those in sight. */
const STRETCHES = 16;

/** A stretch, and the item that follows its last one, which may be in another stretch: the end of an answer shows by it. */
interface Placed {
  stretch: Stretch;
  following: P.ThreadItem | undefined;
}

/** The items, in sections of stretches: in every frame the browser looks at each part on the level that it draws. */
function sections(view: View): unknown {
  let following: P.ThreadItem | undefined;
  const all: { key: number; placed: Placed[] }[] = [];
  for (const stretch of view.session.chat.items.stretches.toReversed()) {
    // Keys are counted on in both directions: nothing changes its section when older items come.
    const key = Math.floor(stretch.key / STRETCHES);
    if (all[0]?.key !== key) all.unshift({ key, placed: [] });
    all[0]!.placed.unshift({ stretch, following });
    following = stretch.items.find(isShown) ?? following;
  }
  return repeat(all, ({ key }) => key, ({ placed }) => section(view, placed));
}

function section(view: View, placed: Placed[]): unknown {
  const draw = () => {
    const size = placed.reduce((sum, { stretch }) => sum + stretch.items.length, 0);
    const within = repeat(placed, ({ stretch }) => stretch.key, (one) => stretch(view, one));
    return html`<div class="section" ${styled({ '--items': String(size) })}>${within}</div>`;
  };
  return guard([...circumstances(view), ...placed.flatMap(({ stretch, following }) => [stretch, following?.type])], draw);
}

function stretch(view: View, { stretch: { items }, following }: Placed): unknown {
  const draw = () => {
    const shown = items.filter(isShown);
    if (shown.length === 0) return nothing;
    const entries = repeat(shown, (one) => one.id, (one, at) => entry(view, one, isEndOfAnswer(one, shown[at + 1] ?? following, view.session.chat.isAnswering)));
    return html`<div class="stretch" ${styled({ '--items': String(shown.length) })}>${entries}</div>`;
  };
  return guard([...circumstances(view), items, following?.type], draw);
}

/** What may change the look of every item. */
function circumstances({ session: { chat }, locale, options }: View): unknown[] {
  const { allowed_image_domains: domains, status } = chat.thread ?? {};
  return [chat.isAnswering, locale, options, domains?.join(), status?.type];
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

/** Items that the page knows of that they cannot be drawn: they are tried anew whenever something about them changes. */
const told = new WeakSet<P.ThreadItem>();

/** An item that cannot be drawn does not keep the others from being seen. */
function drawn(view: View, one: P.ThreadItem, standing: Standing): unknown {
  try {
    return item(view, one, standing);
  } catch (cause) {
    if (!told.has(one)) view.emit('chatkit.error', { error: new ChatKitError(`The item ${one.id} cannot be shown.`, 'invalid_item', { cause }) });
    told.add(one);
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
