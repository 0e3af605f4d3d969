import { html } from 'lit';
import type * as P from '../wire/protocol';
import type { WidgetContext } from './context';
import { styled, type Styles } from './style';

/**
 * A block that can be clicked as a whole. The button lies over what it is named by, and below the controls in it: one
 * within the other would be neither valid nor audible.
 */
export function clickable(context: WidgetContext, action: P.ActionConfig, styles: Styles, inside: unknown, shape: string): unknown {
  const { path } = context;
  const id = context.id(`${path} face`);
  const isPending = context.isPending(path);
  const click = (event: Event) => context.act(path, { action, binding: 'click', element: event.currentTarget as Element });
  return html`<div class="${shape} clickable">
    <button type="button" class="cover" aria-labelledby=${id} aria-disabled=${context.isBlocked(action)} aria-busy=${isPending} @click=${click}></button>
    <div class="face" id=${id} ${styled(styles)}>${inside}</div>
    ${isPending ? html`<span class="spinner"></span>` : ''}
  </div>`;
}
