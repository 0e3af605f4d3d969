import { html, nothing } from 'lit';
import type { Notice } from '../chat/notices';
import { icon } from './icon';
import type { View } from './view';

const ERRORS = { network: 'errorConnection', busy: 'errorBusy', answer: 'errorAnswer', opening: 'threadFailed', action: 'errorAction' } as const;

/** Something that the server or the element has to say beside the conversation. */
export function notice({ session, locale }: View, one: Notice, dismiss: () => void): unknown {
  const { retry } = one;
  const domains = session.chat.thread?.allowed_image_domains ?? null;
  const isError = one.level === 'error';
  return html`<div class="notice ${one.level}" role=${isError || one.level === 'danger' ? 'alert' : 'status'}>
    ${icon(one.level === 'info' ? 'info' : 'warning')}
    <div class="words">
      ${one.title === undefined ? nothing : html`<strong>${one.title}</strong>`}
      ${isError
        ? html`<p>${one.message ?? locale.text(ERRORS[one.cause ?? 'answer'])}</p>`
        : html`<chatkitd-markdown .source=${one.message ?? ''} .domains=${domains} .locale=${locale}></chatkitd-markdown>`}
      ${retry === undefined ? nothing : html`<button class="text" @click=${() => void retry()}>${locale.text('retry')}</button>`}
    </div>
    <button class="icon" aria-label=${locale.text('dismiss')} @click=${dismiss}>${icon('close')}</button>
  </div>`;
}
