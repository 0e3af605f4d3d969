import { html, nothing } from 'lit';
import type * as P from '../../wire/protocol';
import type { Mark } from '../../text/marks';
import { sources, sourceLabel } from '../sources';
import type { View } from '../view';
import type { Standing } from './item';

/** What the assistant said. */
export function assistantMessage(view: View, message: P.AssistantMessageItem, { open }: Standing): unknown {
  const domains = view.session.chat.thread?.allowed_image_domains ?? null;
  const cited = message.content.flatMap((part) => part.annotations ?? []);
  return html`
    <h3 class="unseen">${view.locale.text('assistantSaid')}</h3>
    ${message.content.map((part) =>
      part.text === ''
        ? nothing
        : html`<chatkitd-markdown
            .source=${part.text} ?open=${open} .domains=${domains} .marks=${marks(part.annotations ?? [])} .locale=${view.locale}
          ></chatkitd-markdown>`,
    )}
    ${open || cited.length === 0 ? nothing : sources(view, cited.map((annotation) => annotation.source))}
  `;
}

/** Where the text carries a mark, and what is written on it. */
function marks(annotations: P.Annotation[]): Mark[] {
  return annotations.flatMap(({ index, source }) => (index === undefined ? [] : [{ at: index, label: sourceLabel(source), source }]));
}
