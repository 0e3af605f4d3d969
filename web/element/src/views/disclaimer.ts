import { html, nothing } from 'lit';
import type { View } from './view';

/** The operator's own words below the composer. */
export function disclaimer({ options, locale }: View): unknown {
  const { text, highContrast } = options.disclaimer ?? {};
  if (text === undefined) return nothing;
  return html`<div class="disclaimer ${highContrast ? 'contrast' : ''}">
    <chatkitd-markdown .source=${text} .locale=${locale}></chatkitd-markdown>
  </div>`;
}
