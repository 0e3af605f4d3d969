import { html, nothing } from 'lit';
import type * as P from '../../wire/protocol';
import { icon } from '../icon';
import { sourceLink } from '../sources';
import type { View } from '../view';
import type { Standing } from './item';

/** A step that stands by itself. */
export function taskItem(view: View, one: P.TaskItem, { open }: Standing): unknown {
  return html`<div class="workflow">${task(view, one.task, open)}</div>`;
}

/** One step of what the assistant did. `open`: it is still being written. Other servers leave out more than ours. */
export function task(view: View, one: P.Task, open: boolean): unknown {
  const { locale } = view;
  switch (one.type) {
    case 'thought':
      return html`${line(one, one.title)}${words(view, one.content ?? '', open, 'thought')}`;
    case 'web_search':
      return html`${line(one, one.title ?? one.title_query, 'search')} ${chips(one.queries)} ${links(view, one.sources)}`;
    case 'file':
      return html`${line(one, one.title, 'document')} ${links(view, one.sources)}`;
    case 'image':
      return line(one, one.title ?? locale.text('generatedImage'), 'images');
    case 'custom':
      return html`${line(one, one.title, one.icon)} ${one.content === undefined ? nothing : words(view, one.content, open, '')}`;
    default:
      return nothing;
  }
}

function words({ session, locale }: View, text: string, open: boolean, shape: string): unknown {
  const domains = session.chat.thread?.allowed_image_domains ?? null;
  return html`<chatkitd-markdown class=${shape} .source=${text} ?open=${open} .domains=${domains} .locale=${locale}></chatkitd-markdown>`;
}

function line(one: P.Task, title: string | undefined, sign?: string): unknown {
  if (title === undefined) return nothing;
  const state = ('status_indicator' in one && one.status_indicator) || 'none';
  const mark = state === 'complete' ? icon('check') : sign === undefined ? nothing : icon(sign);
  return html`<p class="step ${state}" aria-busy=${state === 'loading'}>${mark}<span>${title}</span></p>`;
}

function chips(queries: string[] = []): unknown {
  return queries.length === 0 ? nothing : html`<ul class="chips">${queries.map((query) => html`<li>${query}</li>`)}</ul>`;
}

function links(view: View, all: P.Source[] = []): unknown {
  return all.length === 0 ? nothing : html`<ul class="links">${all.map((source) => html`<li>${sourceLink(view, source)}</li>`)}</ul>`;
}
