import { html, nothing } from 'lit';
import { icon } from '../views/icon';
import { iconName } from '../views/icon-name';
import type * as P from '../wire/protocol';
import type { WidgetContext } from './context';
import { isValid } from './form';
import { styled, type Styles } from './style';

/** Heights of buttons and fields in pixels, and the size of their text. */
const HEIGHTS: Record<P.ControlSize, number> = { '3xs': 22, '2xs': 24, xs: 26, sm: 28, md: 34, lg: 38, xl: 42, '2xl': 46, '3xl': 50 };
const TEXTS: Record<P.ControlSize, string> = {
  '3xs': '0.75em', '2xs': '0.75em', xs: '0.8125em', sm: '0.875em', md: '0.9375em', lg: '1em', xl: '1em', '2xl': '1.0625em', '3xl': '1.125em',
};
const ICONS: Record<P.ButtonIconSize, string> = { sm: '0.875em', md: '1em', lg: '1.25em', xl: '1.5em', '2xl': '1.75em' };

/** How high a control is and how large its text, which has room in it also where the browser's is larger. */
export function controlSize(size: P.ControlSize = 'md'): Styles {
  return { '--height': `max(${HEIGHTS[size] ?? HEIGHTS.md}px, 1.4em + 2px)`, 'font-size': TEXTS[size] ?? TEXTS.md };
}

export function button(context: WidgetContext, one: P.Button): unknown {
  const { onClickAction: action } = one;
  const sign = one.iconStart ?? one.iconEnd;
  const style = one.style ?? (one.submit ? 'primary' : 'secondary');
  const look = [
    `tone-${one.color ?? style}`, one.variant ?? (style === 'primary' ? 'solid' : 'soft'),
    one.pill === false ? '' : 'pill', one.block ? 'block' : '', one.uniform ? 'uniform' : '',
  ];
  const isPending = context.isPending(context.path);
  const submits = one.submit === true && context.onSubmit !== undefined;
  const click = (event: Event) => {
    const element = event.currentTarget as HTMLButtonElement;
    // What a submit button does by itself counts where its form has no action.
    if (submits || action === undefined || (one.submit && element.form !== null && !isValid(element.form))) return;
    context.act(context.path, { action, binding: 'click', element });
  };
  const size = one.iconSize === undefined ? undefined : ICONS[one.iconSize];
  return html`<button class="control ${look.join(' ')}" type=${submits ? 'submit' : 'button'} ?disabled=${one.disabled}
    aria-disabled=${context.isBlocked(submits ? context.onSubmit : action)} aria-busy=${isPending} aria-label=${one.label ?? (sign === undefined ? nothing : iconName(context.view.locale, sign))}
    @click=${click} ${styled({ ...controlSize(one.size), '--icon': size })}>
    ${isPending ? html`<span class="spinner"></span>` : one.iconStart === undefined ? nothing : icon(one.iconStart)}
    ${one.label === undefined ? nothing : html`<span>${one.label}</span>`}
    ${one.iconEnd === undefined ? nothing : icon(one.iconEnd)}
  </button>`;
}
