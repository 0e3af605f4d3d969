import { html, nothing } from 'lit';
import { entityOf } from '../../chat/composer';
import type * as P from '../../wire/protocol';
import { icon } from '../icon';
import { entityPreview } from '../entity-preview';
import { safeImageUrl } from '../../text/urls';
import type { View } from '../view';

type Said = Pick<P.UserMessageItem, 'content' | 'attachments' | 'quoted_text'>;

/** What the visitor said. */
export function userMessage(view: View, message: Said): unknown {
  // Other servers leave out the list where there are none.
  const attachments = message.attachments ?? [];
  return html`
    <h3 class="unseen">${view.locale.text('youSaid')}</h3>
    ${attachments.length === 0
      ? nothing
      : html`<ul class="attachments">${attachments.map((one) => html`<li>${attachment(one)}</li>`)}</ul>`}
    ${message.quoted_text === undefined ? nothing : html`<blockquote class="quote" dir="auto">${message.quoted_text}</blockquote>`}
    ${message.content.length === 0 ? nothing : html`<p class="bubble" dir="auto">${message.content.map((part) => segment(view, part))}</p>`}
  `;
}

/** The same before the server has confirmed it. */
export function asMessage(view: View, input: P.UserMessageInput): unknown {
  const said = { content: input.content, attachments: [], quoted_text: input.quoted_text };
  return html`<article class="item user_message unconfirmed">${userMessage(view, said)}</article>`;
}

function segment(view: View, part: P.UserMessageContent): unknown {
  if (part.type === 'input_text') return part.text;
  if (!part.interactive) return html`<span class="tag">${part.text}</span>`;
  const entity = entityOf(part);
  const click = () => view.options.entities?.onClick?.(entity);
  return html`<button class="tag" ${entityPreview(view, entity)} @click=${click}>${part.text}</button>`;
}

function attachment(one: P.Attachment): unknown {
  const picture = one.type === 'image' ? safeImageUrl(one.preview_url) : null;
  if (picture !== null) {
    return html`<img class="thumbnail" src=${picture} alt=${one.name} loading="lazy" width="160" height="160" />`;
  }
  return html`<span class="file">${icon('document')}<span>${one.name}</span></span>`;
}
