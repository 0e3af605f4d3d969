import { html } from 'lit';
import type * as P from '../wire/protocol';
import { color } from './color';
import { components } from './component';
import { within, type WidgetContext } from './context';
import { clickable } from './cover';
import { submitted } from './form';
import { block, flow, length, space, styled } from './style';

/** A click on a whole box is no part of the published types, but of what widgets are made with. */
type Clickable = { onClickAction?: P.ActionConfig };

/** `Box`, `Row` and `Col`. */
export function box(context: WidgetContext, one: (P.BoxContainer | P.Row | P.Col) & Clickable, direction: P.Direction): unknown {
  const align = one.align ?? (direction === 'row' ? 'center' : undefined);
  const styles = { ...flow({ ...one, align, gap: one.gap ?? (direction === 'row' ? 2 : undefined) }, direction), ...block(one) };
  const inside = components(context, one.children);
  if (one.onClickAction !== undefined) return clickable(context, one.onClickAction, styles, inside, 'box');
  return html`<div class="box" ${styled(styles)}>${inside}</div>`;
}

/** `Form`: its fields are checked, and go along with every action in it. */
export function form(context: WidgetContext, one: P.Form): unknown {
  const { path } = context;
  const submit = (event: SubmitEvent) => {
    const element = submitted(event);
    const { onSubmitAction: action } = one;
    if (element !== null && action !== undefined) context.act(path, { action, binding: 'submit', element });
  };
  const isPending = context.isPending(path);
  const styles = { ...flow({ ...one, gap: one.gap ?? 3 }, one.direction ?? 'col'), ...block(one) };
  return html`<form class="box" novalidate @submit=${submit} ?inert=${isPending} aria-busy=${isPending} ${styled(styles)}>
    ${components(within(context, one, one.onSubmitAction), one.children)}
  </form>`;
}

export function divider(one: P.Divider): unknown {
  const gap = space(one.spacing) ?? '0';
  const styles = { 'border-block-start-width': length(one.size), 'margin-block': gap, 'border-color': color(one.color, 'border') };
  return html`<hr class="divider ${one.flush ? 'flush' : ''}" ${styled(styles)} />`;
}

export function spacer(one: P.Spacer): unknown {
  return html`<div class="spacer" ${styled({ flex: `1 0 ${length(one.minSize) ?? '0px'}` })}></div>`;
}

/** `Transition`: what comes anew fades in. */
export function transition(context: WidgetContext, one: P.Transition): unknown {
  return html`<div class="transition">${components(context, one.children)}</div>`;
}
