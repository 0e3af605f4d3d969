import { html } from 'lit';
import type * as P from '../wire/protocol';
import { formValues, type WidgetContext } from './context';
import { components } from './component';
import { block, flow, inset, length, space, styled } from './style';

/** `Box`, `Row` and `Col`. */
export function box(context: WidgetContext, one: P.BoxContainer | P.Row | P.Col, direction: P.Direction): unknown {
  const align = one.align ?? (direction === 'row' ? 'center' : undefined);
  return html`<div class="box" ${styled({ gap: direction === 'row' ? space(2) : undefined, ...flow({ ...one, align }, direction), ...block(one) })}>
    ${components(context, one.children)}
  </div>`;
}

/** `Form`: its fields are checked by the browser and go along with the action. */
export function form(context: WidgetContext, one: P.Form): unknown {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (one.onSubmitAction === undefined || context.isBlocked(one.onSubmitAction)) return;
    context.act(one.onSubmitAction, one, formValues(event.currentTarget as HTMLFormElement));
  };
  return html`<form class="box" @submit=${submit} ${styled({ ...flow({ gap: 3, ...one }, one.direction ?? 'col'), ...block(one) })}>
    ${components(context, one.children)}
  </form>`;
}

export function divider(one: P.Divider): unknown {
  const size = length(one.size) ?? '1px';
  const gap = one.spacing === undefined ? '0' : space(one.spacing);
  const { color: tone } = one;
  return html`<hr class="divider ${one.flush ? 'flush' : ''}" ${styled({ 'border-block-start-width': size, 'margin-block': gap, 'border-color': tone === undefined ? undefined : block({ background: tone }).background })} />`;
}

export function spacer(one: P.Spacer): unknown {
  return html`<div ${styled({ flex: '1 1 auto', 'min-width': length(one.minSize), 'min-height': length(one.minSize) })}></div>`;
}

/** `Transition`: what comes anew fades in. */
export function transition(context: WidgetContext, one: P.Transition): unknown {
  const children = one.children === undefined ? [] : Array.isArray(one.children) ? one.children : [one.children];
  return html`<div class="transition" ${styled(inset('padding', undefined))}>${components(context, children)}</div>`;
}
