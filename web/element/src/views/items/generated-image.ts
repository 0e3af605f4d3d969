import { html, nothing } from 'lit';
import type * as P from '../../wire/protocol';
import { safeImageUrl } from '../../text/urls';
import { icon } from '../icon';
import type { View } from '../view';
import type { Standing } from './item';

/** A picture that the assistant makes or made. Its place is kept from the start, so that nothing jumps. */
export function generatedImage({ locale }: View, one: P.GeneratedImageItem, { open }: Standing): unknown {
  const url = safeImageUrl(one.image?.url);
  if (url === null && !open) throw new TypeError('the picture has no address that may be loaded');
  return html`<figure class="generated ${open ? 'open' : ''}">
    ${url === null ? html`<div class="blank" role="status">${locale.text('loading')}</div>` : html`<img src=${url} alt=${locale.text('generatedImage')} />`}
    ${open || url === null
      ? nothing
      : html`<a class="icon" href=${url} download="image" aria-label=${locale.text('downloadImage')}>${icon('download')}</a>`}
  </figure>`;
}
