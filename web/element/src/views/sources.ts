import type { Entity } from '@openai/chatkit';
import { html, nothing } from 'lit';
import { safeUrl } from '../text/urls';
import type { EntitySource, Source } from '../wire/protocol';
import { entityPreview } from './entity-preview';
import { icon } from './icon';
import type { View } from './view';

/** What is written on a source's mark. */
export function sourceLabel(source: Source): string {
  if (source.type === 'url') return source.attribution ?? hostOf(source.url) ?? source.title;
  if (source.type === 'entity') return source.inline_label ?? source.title;
  return source.filename ?? source.title;
}

/** The sources of an answer, each once. */
export function sources(view: View, all: Source[]): unknown {
  const unique = [...new Map(all.map((source) => [keyOf(source), source])).values()];
  if (unique.length === 0) return nothing;
  return html`<details class="sources">
    <summary>${view.locale.text('sources')} · ${unique.length}</summary>
    <ul>${unique.map((source) => html`<li>${sourceLink(view, source)}</li>`)}</ul>
  </details>`;
}

/** One source, to be opened. */
export function sourceLink(view: View, source: Source): unknown {
  const words = html`<span class="name">${source.title}</span>
    ${source.description === undefined ? nothing : html`<span class="about">${source.description}</span>`}`;
  if (source.type === 'url') {
    const href = safeUrl(source.url);
    const mark = html`${icon('globe')}${words}<span class="about">${hostOf(source.url) ?? ''}</span>`;
    return href === null ? html`<span class="source">${mark}</span>` : html`<a class="source" href=${href} target="_blank" rel="noopener noreferrer nofollow">${mark}</a>`;
  }
  if (source.type === 'file') return html`<span class="source">${icon('document')}${words}</span>`;
  return entitySource(view, source, words);
}

function entitySource(view: View, source: EntitySource, words: unknown): unknown {
  const mark = html`${icon(source.icon ?? 'cube')}${words}`;
  if (!source.interactive) return html`<span class="source">${mark}</span>`;
  const entity = entityOf(source);
  const click = () => view.options.entities?.onClick?.(entity);
  return html`<button class="source" ${entityPreview(view, entity)} @click=${click}>${mark}</button>`;
}

/** The entity that a source is, as the page knows it. */
function entityOf({ id, title, icon, interactive, group, data }: EntitySource): Entity {
  return { id, title, icon, interactive, group, data: data as Record<string, string> };
}

function keyOf(source: Source): string {
  if (source.type === 'url') return `url ${source.url}`;
  return source.type === 'file' ? `file ${source.filename}` : `entity ${source.id}`;
}

function hostOf(url: string): string | undefined {
  const safe = safeUrl(url);
  return safe === null ? undefined : new URL(safe).hostname.replace(/^www\./, '') || undefined;
}
