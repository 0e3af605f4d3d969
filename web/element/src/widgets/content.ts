import { html } from 'lit';
import { imageAllowed, safeImageUrl } from '../text/urls';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import { color } from './color';
import type { WidgetContext } from './context';
import { editable } from './fields';
import { block, length, plain, styled, type Styles } from './style';

/** Sizes of texts. */
export const TEXT: Record<P.TextSize, string> = { xs: '0.75em', sm: '0.875em', md: '1em', lg: '1.125em', xl: '1.25em' };
const TITLE: Record<P.TitleSize, string> = { sm: '1em', md: '1.125em', lg: '1.25em', xl: '1.5em', '2xl': '1.75em', '3xl': '2em', '4xl': '2.5em', '5xl': '3em' };
const CAPTION: Record<P.Size, string> = { sm: '0.6875em', md: '0.75em', lg: '0.8125em' };
const ICON: Record<P.IconSize, string> = { xs: '0.75em', sm: '0.875em', md: '1em', lg: '1.25em', xl: '1.5em', '2xl': '1.75em', '3xl': '2em' };
const WEIGHT: Record<P.FontWeight, string> = { normal: '400', medium: '500', semibold: '600', bold: '700' };

type Words = Pick<P.Text, 'color' | 'weight' | 'textAlign' | 'truncate' | 'maxLines'>;

export function text(context: WidgetContext, one: P.Text): unknown {
  const styles = {
    ...words(one), 'font-size': TEXT[one.size ?? 'md'], 'font-style': one.italic ? 'italic' : undefined,
    'text-decoration': one.lineThrough ? 'line-through' : undefined, width: length(one.width),
    'min-block-size': one.minLines === undefined ? undefined : `${plain(one.minLines)}lh`,
  };
  if (one.editable !== undefined && one.editable !== false) return editable(context, one, styles);
  return html`<p class=${clamped(one)} aria-busy=${one.streaming === true} ${styled(styles)}>${said(one.value)}</p>`;
}

export function title(one: P.Title): unknown {
  const styles = { ...words({ ...one, weight: one.weight ?? 'semibold' }), 'font-size': TITLE[one.size ?? 'md'] };
  return html`<h4 class="title ${clamped(one)}" ${styled(styles)}>${said(one.value)}</h4>`;
}

export function caption(one: P.Caption): unknown {
  const styles = { ...words({ ...one, color: one.color ?? 'secondary' }), 'font-size': CAPTION[one.size ?? 'md'] };
  return html`<p class=${clamped(one)} ${styled(styles)}>${said(one.value)}</p>`;
}

export function markdown({ view }: WidgetContext, one: P.Markdown): unknown {
  const { thread } = view.session.chat;
  return html`<chatkitd-markdown .source=${said(one.value)} ?open=${one.streaming === true} .domains=${thread?.allowed_image_domains ?? null}
    .locale=${view.locale}></chatkitd-markdown>`;
}

export function badge(one: P.Badge): unknown {
  return html`<span class="badge tone-${one.color ?? 'secondary'} ${one.variant ?? 'soft'} ${one.size ?? 'sm'} ${one.pill ? 'pill' : ''}">${said(one.label)}</span>`;
}

export function iconOf(one: P.Icon): unknown {
  return html`<span class="widget-icon" ${styled({ color: color(one.color, 'text'), 'font-size': ICON[one.size ?? 'md'] })}>${icon(one.name)}</span>`;
}

/** Loaded only from where the thread allows it: loading a picture tells its server what is shown. */
export function image({ view }: WidgetContext, one: P.Image): unknown {
  const url = pictureUrl(view.session.chat.thread, one.src);
  const shape = `${one.frame ? 'framed' : ''} ${one.flush ? 'flush' : ''}`;
  if (url === null) return html`<span class="no-image ${shape}" ${styled(block(one))} role="img" aria-label=${one.alt ?? ''}></span>`;
  const styles = { ...block(one), 'object-fit': one.fit, 'object-position': one.position };
  return html`<img class="widget-image ${shape}" src=${url} alt=${one.alt ?? ''} loading="lazy" referrerpolicy="no-referrer" ${styled(styles)} />`;
}

/** A thread that names no domains leaves its widgets, which come from the operator's own server, free. */
export function pictureUrl(thread: P.Thread | null, source: string | undefined): string | null {
  const domains = thread?.allowed_image_domains;
  const url = typeof source === 'string' ? safeImageUrl(source) : null;
  return url !== null && (domains === undefined || imageAllowed(url, domains)) ? url : null;
}

export function words(one: Words): Styles {
  return {
    color: color(one.color, 'text'), 'font-weight': one.weight === undefined ? undefined : WEIGHT[one.weight], 'text-align': one.textAlign,
    '--lines': one.maxLines === undefined ? undefined : String(one.maxLines),
  };
}

function clamped(one: Words): string {
  return one.maxLines !== undefined ? 'clamped' : one.truncate ? 'truncated' : '';
}

/** Texts are texts, whatever the wire says. */
function said(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
