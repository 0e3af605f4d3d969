import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type * as P from '../wire/protocol';
import { childrenOf } from './bounds';
import { component, components, keyed } from './component';
import { below, type WidgetContext } from './context';
import { clickable } from './cover';
import { status, themed } from './root';
import { flow, styled } from './style';

/** How many lines a list with `limit: auto` shows at first. */
const AUTO = 5;

/** `ListView`: lines one below the other; the rest of a long one on demand. */
export function listView(context: WidgetContext, one: P.ListView): unknown {
  const { path, view } = context;
  const all = keyed(childrenOf(one));
  const limit = typeof one.limit === 'number' ? Math.max(0, one.limit) : one.limit === 'auto' ? AUTO : all.length;
  const isOpen = context.isOpen(path);
  const line = ([key, child]: [string, unknown]) => html`<li>${component(below(context, key), child as P.WidgetComponent)}</li>`;
  return html`<div class="card md list" ${styled(themed(context, one.theme))}>
    ${one.status === undefined ? nothing : status(context, one.status)}
    <ul role="list">${repeat(isOpen ? all : all.slice(0, limit), ([key]) => key, line)}</ul>
    ${all.length <= limit
      ? nothing
      : html`<button type="button" class="fold more" aria-expanded=${isOpen} @click=${() => context.toggle(path)}>${view.locale.text(isOpen ? 'showLess' : 'showMore')}</button>`}
  </div>`;
}

/** A line of a list; a button where it does something. */
export function listItem(context: WidgetContext, one: P.ListViewItem): unknown {
  const styles = flow({ align: one.align ?? 'center', gap: one.gap ?? 3 }, 'row');
  const inside = components(context, one.children);
  if (one.onClickAction !== undefined) return clickable(context, one.onClickAction, styles, inside, 'line');
  return html`<div class="line" ${styled(styles)}>${inside}</div>`;
}
