import { html, nothing } from 'lit';
import { schemeTokens } from '../theme/theme';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import { childrenOf } from './bounds';
import { components } from './component';
import { pictureUrl } from './content';
import { within, type Binding, type WidgetContext } from './context';
import { submitted } from './form';
import { block, flow, inset, sides, styled, type Styles } from './style';

/** `Basic`: no frame. */
export function basic(context: WidgetContext, one: P.BasicRoot): unknown {
  const styles = { ...flow(one, one.direction ?? 'col'), ...inset('padding', one.padding), ...themed(context, one.theme) };
  return html`<div class="basic" ${styled(styles)}>${components(context, one.children)}</div>`;
}

/** `Card`: a frame, a status above, buttons below; a form, if it says so. */
export function card(context: WidgetContext, one: P.Card): unknown {
  const shape = `card ${one.size ?? 'md'}`;
  const styles = { ...block({ background: one.background, border: one.border }), ...themed(context, one.theme) };
  if (!one.asForm) return html`<div class=${shape} ${styled(styles)}>${face(context, one)}</div>`;
  const submit = (event: SubmitEvent) => {
    const element = submitted(event);
    if (element !== null && one.confirm !== undefined) context.act(`${context.path} confirm`, { action: one.confirm.action, binding: 'submit', element });
  };
  const inside = face(within(context, one, one.confirm?.action), one);
  return html`<form class=${shape} novalidate @submit=${submit} ${styled(styles)}>${inside}</form>`;
}

function face(context: WidgetContext, one: P.Card): unknown {
  const { path } = context;
  const isShut = one.collapsed === true && !context.isOpen(path);
  const hasButtons = one.collapsed !== true && (one.confirm !== undefined || one.cancel !== undefined);
  const edges = sides(one.padding ?? 4);
  const padding = { ...inset('padding', one.padding ?? 4), '--edge-top': edges.top, '--edge-bottom': edges.bottom, '--edge-start': edges.left, '--edge-end': edges.right };
  return html`
    ${one.collapsed === true ? fold(context, one) : one.status === undefined ? nothing : status(context, one.status)}
    ${isShut ? nothing : html`<div class="body" ${styled(padding)}>${components(context, one.children)}</div>`}
    ${hasButtons ? html`<div class="buttons">${cardButton(context, one, one.cancel, false)} ${cardButton(context, one, one.confirm, true)}</div>` : nothing}
  `;
}

function cardButton(context: WidgetContext, card: P.Card, one: P.CardAction | undefined, confirms: boolean): unknown {
  if (one === undefined) return nothing;
  const submits = confirms && card.asForm === true;
  const path = `${context.path} ${confirms ? 'confirm' : 'cancel'}`;
  const binding: Binding = 'submit';
  const click = (event: Event) => context.act(path, { action: one.action, binding, element: event.currentTarget as Element });
  const isPending = context.isPending(path);
  return html`<button class="control pill ${confirms ? 'tone-primary solid' : 'tone-secondary outline'}" type=${submits ? 'submit' : 'button'}
    aria-disabled=${context.isBlocked(one.action)} aria-busy=${isPending} @click=${submits ? nothing : click}>
    ${isPending ? html`<span class="spinner"></span>` : nothing}<span>${one.label}</span></button>`;
}

/** The line that is left of a card whose work is done. It can be looked into again. */
function fold(context: WidgetContext, one: P.Card): unknown {
  const { path } = context;
  const isOpen = context.isOpen(path);
  const line = one.status === undefined ? html`<span>${headline(one) ?? context.view.locale.text('showMore')}</span>` : statusWords(context, one.status);
  return html`<button type="button" class="status fold ${isOpen ? 'open' : ''}" aria-expanded=${isOpen} @click=${() => context.toggle(path)}>
    ${line}${icon('chevron-right')}</button>`;
}

/** The first words of a card. */
function headline(node: unknown): string | undefined {
  for (const child of childrenOf(node)) {
    const { type, value } = child as { type?: string; value?: unknown };
    const found = ['Title', 'Text', 'Caption'].includes(type ?? '') && typeof value === 'string' ? value : headline(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The line above a card or a list. */
export function status(context: WidgetContext, one: P.WidgetStatus): unknown {
  return html`<p class="status">${statusWords(context, one)}</p>`;
}

function statusWords({ view }: WidgetContext, one: P.WidgetStatus): unknown {
  const favicon = pictureUrl(view.session.chat.thread, one.favicon);
  const sign = one.icon === undefined ? nothing : icon(one.icon);
  const picture = html`<img class=${one.frame ? 'framed' : ''} src=${favicon ?? ''} alt="" width="16" height="16" referrerpolicy="no-referrer" />`;
  return html`${favicon === null ? sign : picture}<span>${one.text}</span>`;
}

/** A scheme of its own, whatever the page has. */
export function themed({ view }: WidgetContext, theme: P.Theme | undefined): Styles {
  if (theme !== 'light' && theme !== 'dark') return {};
  return { 'color-scheme': theme, color: 'var(--ck-text)', ...schemeTokens(view.options.theme, theme) };
}

