import { html, nothing } from 'lit';
import { safeImageUrl } from '../text/urls';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import { components } from './component';
import { formValues, type WidgetContext } from './context';
import { block, flow, inset, space, styled } from './style';

/** What a widget is at its outside. */
export function root(context: WidgetContext, one: P.WidgetRoot): unknown {
  switch (one.type) {
    case 'Card':
      return card(context, one);
    case 'ListView':
      return listView(context, one);
    case 'Basic':
      return basic(context, one);
    default:
      return nothing;
  }
}

/** What the front end's types allow beyond the Python package's. */
type Basic = P.BasicRoot & Pick<P.BoxContainer, 'align' | 'justify' | 'gap' | 'padding' | 'direction'> & { theme?: P.Theme };

function basic(context: WidgetContext, one: Basic): unknown {
  const children = one.children === undefined ? [] : Array.isArray(one.children) ? one.children : [one.children];
  const styles = { ...flow(one, one.direction ?? 'col'), ...inset('padding', one.padding) };
  return html`<div class="basic" data-theme=${one.theme ?? nothing} ${styled(styles)}>${components(context, children as P.WidgetComponent[])}</div>`;
}

function card(context: WidgetContext, one: P.Card): unknown {
  const inside = html`
    ${one.status === undefined ? nothing : status(one.status)}
    ${one.collapsed
      ? nothing
      : html`<div class="body" ${styled({ ...inset('padding', one.padding ?? 4) })}>${components(context, one.children)}</div>`}
    ${one.collapsed || (one.confirm === undefined && one.cancel === undefined)
      ? nothing
      : html`<div class="buttons">${cardButton(context, one, one.cancel, false)} ${cardButton(context, one, one.confirm, true)}</div>`}
  `;
  const shape = `card ${one.size ?? 'sm'}`;
  const styles = block({ background: one.background, border: (one as { border?: P.WholeBorder }).border });
  if (!one.asForm) return html`<div class=${shape} data-theme=${one.theme ?? nothing} ${styled(styles)}>${inside}</div>`;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (one.confirm === undefined || context.isBlocked(one.confirm.action)) return;
    context.act(one.confirm.action, one, formValues(event.currentTarget as HTMLFormElement));
  };
  return html`<form class=${shape} data-theme=${one.theme ?? nothing} @submit=${submit} ${styled(styles)}>${inside}</form>`;
}

function cardButton(context: WidgetContext, card: P.Card, one: P.CardAction | undefined, confirms: boolean): unknown {
  if (one === undefined) return nothing;
  const submits = confirms && card.asForm === true;
  return html`<button class="control md pill ${confirms ? 'primary solid' : 'secondary soft'}" type=${submits ? 'submit' : 'button'}
    ?disabled=${context.isBlocked(one.action)} @click=${submits ? nothing : () => context.act(one.action, card, {})}>${one.label}</button>`;
}

function listView(context: WidgetContext, one: P.ListView): unknown {
  const limit = typeof one.limit === 'number' ? one.limit : one.limit === 'auto' ? 5 : one.children.length;
  const rest = one.children.slice(limit);
  const { locale } = context.view;
  return html`<div class="card md list" data-theme=${one.theme ?? nothing}>
    ${one.status === undefined ? nothing : status(one.status)}
    <div role="list">${components(context, one.children.slice(0, limit))}</div>
    ${rest.length === 0
      ? nothing
      : html`<details>
          <summary><span class="fold">${locale.text('showLess')}</span><span class="unfold">${locale.text('showMore')}</span></summary>
          <div role="list">${components(context, rest)}</div>
        </details>`}
  </div>`;
}

/** A line of a list; a button where it does something. */
export function listItem(context: WidgetContext, one: P.ListViewItem): unknown {
  const styles = { ...flow({ align: one.align ?? 'center' }, 'row'), gap: space(one.gap ?? 3) };
  const inside = components(context, one.children);
  const { onClickAction: action } = one;
  if (action === undefined) return html`<div class="line" role="listitem" ${styled(styles)}>${inside}</div>`;
  const click = () => context.isBlocked(action) || context.act(action, one, {});
  const key = (event: KeyboardEvent) => {
    if (event.target === event.currentTarget && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      click();
    }
  };
  return html`<div role="listitem"><div class="line clickable" role="button" tabindex="0" aria-disabled=${context.isBlocked(action)} aria-busy=${context.pending === one}
    @click=${click} @keydown=${key} ${styled(styles)}>${inside}</div></div>`;
}

function status(one: P.WidgetStatus): unknown {
  const favicon = safeImageUrl(one.favicon);
  return html`<p class="status">
    ${favicon === null ? (one.icon === undefined ? nothing : icon(one.icon)) : html`<img class=${one.frame ? 'framed' : ''} src=${favicon} alt="" width="16" height="16" />`}
    <span>${one.text}</span>
  </p>`;
}
