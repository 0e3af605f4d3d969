import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { imageAllowed, safeImageUrl } from '../text/urls';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import type { WidgetContext } from './context';
import { block, color, styled, type Styles } from './style';

const TEXT: Record<string, string> = { xs: '0.75em', sm: '0.875em', md: '1em', lg: '1.125em', xl: '1.25em' };
const TITLE: Record<string, string> = { sm: '1em', md: '1.125em', lg: '1.25em', xl: '1.5em', '2xl': '1.75em', '3xl': '2em', '4xl': '2.5em', '5xl': '3em' };
const CAPTION: Record<string, string> = { sm: '0.6875em', md: '0.75em', lg: '0.8125em' };
const ICON: Record<string, string> = { xs: '0.75em', sm: '0.875em', md: '1em', lg: '1.25em', xl: '1.5em', '2xl': '1.75em', '3xl': '2em' };
const WEIGHT: Record<string, string> = { normal: '400', medium: '500', semibold: '600', bold: '700' };

type Words = Pick<P.Text, 'color' | 'weight' | 'textAlign' | 'truncate' | 'maxLines'>;

export function text(one: P.Text): unknown {
  const styles = {
    ...words(one), 'font-size': TEXT[one.size ?? 'md'], 'font-style': one.italic ? 'italic' : undefined,
    'text-decoration': one.lineThrough ? 'line-through' : undefined, 'min-height': one.minLines === undefined ? undefined : `${one.minLines * 1.5}em`,
    width: block({ width: one.width }).width,
  };
  if (one.editable === undefined || one.editable === false) return html`<p class=${clamped(one)} ${styled(styles)}>${one.value}</p>`;
  const field = typeof one.editable === 'object' ? one.editable : { name: one.id ?? 'text' };
  return html`<textarea class="editable" rows="1" name=${field.name} aria-label=${field.placeholder ?? field.name} placeholder=${field.placeholder ?? nothing}
    ?required=${field.required} autocomplete=${(field.autoComplete as AutoFill | undefined) ?? nothing} ?autofocus=${field.autoFocus}
    @focus=${(event: Event) => field.autoSelect && (event.currentTarget as HTMLTextAreaElement).select()} .defaultValue=${live(one.value)} ${styled(styles)}></textarea>`;
}

export function title(one: P.Title): unknown {
  return html`<h4 class="title ${clamped(one)}" ${styled({ ...words({ weight: 'semibold', ...one }), 'font-size': TITLE[one.size ?? 'md'] })}>${one.value}</h4>`;
}

export function caption(one: P.Caption): unknown {
  return html`<p class=${clamped(one)} ${styled({ ...words({ color: 'secondary', ...one }), 'font-size': CAPTION[one.size ?? 'md'] })}>${one.value}</p>`;
}

export function markdown(one: P.Markdown): unknown {
  return html`<chatkitd-markdown .source=${one.value} ?open=${one.streaming === true}></chatkitd-markdown>`;
}

export function badge(one: P.Badge): unknown {
  return html`<span class="badge ${one.color ?? 'secondary'} ${one.variant ?? 'soft'} ${one.size ?? 'sm'} ${one.pill ? 'pill' : ''}">${one.label}</span>`;
}

export function iconOf(one: P.Icon): unknown {
  return html`<span class="widget-icon" ${styled({ color: color(one.color), 'font-size': ICON[one.size ?? 'md'] })}>${icon(one.name)}</span>`;
}

/** Loaded only from where the thread allows it: loading a picture tells its server what is shown. */
export function image({ view }: WidgetContext, one: P.Image): unknown {
  const domains = view.session.chat.thread?.allowed_image_domains;
  const url = safeImageUrl(one.src);
  // A thread that names no domains leaves its widgets, which come from the operator's own server, free.
  if (url === null || (domains !== undefined && !imageAllowed(one.src, domains))) {
    return html`<span class="no-image" ${styled(block(one))} role="img" aria-label=${one.alt ?? ''}></span>`;
  }
  const styles = { ...block(one), 'object-fit': one.fit, 'object-position': one.position };
  return html`<img class="widget-image ${one.frame ? 'framed' : ''} ${one.flush ? 'flush' : ''}" src=${url} alt=${one.alt ?? ''} loading="lazy" referrerpolicy="no-referrer" ${styled(styles)} />`;
}

export function label(one: P.Label): unknown {
  const focus = (event: Event) => {
    const root = (event.currentTarget as Element).closest('form, chatkitd-widget');
    root?.querySelector<HTMLElement>(`[name="${CSS.escape(one.fieldName)}"]`)?.focus();
  };
  return html`<label @click=${focus} ${styled({ ...words({ weight: 'medium', ...one }), 'font-size': TEXT[one.size ?? 'sm'] })}>${one.value}</label>`;
}

function words(one: Words): Styles {
  return {
    color: color(one.color), 'font-weight': one.weight === undefined ? undefined : WEIGHT[one.weight], 'text-align': one.textAlign,
    '--lines': one.maxLines === undefined ? undefined : String(one.maxLines),
  };
}

function clamped(one: Words): string {
  return one.maxLines !== undefined ? 'clamped' : one.truncate ? 'truncated' : '';
}
