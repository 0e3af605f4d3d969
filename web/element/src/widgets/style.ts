import { AsyncDirective, directive } from 'lit/async-directive.js';
import type { ElementPart } from 'lit';
import type * as P from '../wire/protocol';
import { color, safe } from './color';

/** Custom properties and plain ones of CSS, by name. */
export type Styles = Record<string, string | undefined>;

/**
 * Sets styles one by one on the element. Lit's own `styleMap` writes a `style` attribute first, which a content
 * security policy without `unsafe-inline` refuses.
 */
class Styled extends AsyncDirective {
  private before: Styles = {};

  override render(_styles: Styles): void {}

  override update(part: ElementPart, [styles]: [Styles]): void {
    const { style } = part.element as HTMLElement;
    for (const name of Object.keys(this.before)) if (styles[name] === undefined) style.removeProperty(name);
    for (const [name, value] of Object.entries(styles)) {
      if (value !== undefined && value !== this.before[name]) style.setProperty(name, value);
    }
    this.before = styles;
  }
}

export const styled = directive(Styled);

/** Steps of four pixels for plain numbers of gaps and insets, as the widgets of ChatKit count. */
export function space(value: P.Length | undefined): string | undefined {
  return typeof value === 'number' ? `calc(var(--ck-unit) * ${value})` : safe(value);
}

/** Plain numbers are pixels. */
export function length(value: P.Length | undefined): string | undefined {
  return typeof value === 'number' ? `${value}px` : safe(value);
}

/** A plain number, or CSS: flex factors, ratios, counts. */
export function plain(value: P.Length | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : safe(value);
}

const RADII: Record<P.Radius, string> = {
  none: '0', '2xs': '2px', xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '12px', '2xl': '16px', '3xl': '20px', '4xl': '24px',
  full: '9999px', '100%': '100%',
};

/** Sizes, insets, borders and the like of a block. */
export function block(one: Partial<Omit<P.BoxContainer, 'children'>>): Styles {
  const { size, minSize, maxSize } = one;
  return {
    width: length(one.width ?? size), height: length(one.height ?? size),
    'min-width': length(one.minWidth ?? minSize), 'min-height': length(one.minHeight ?? minSize),
    'max-width': length(one.maxWidth ?? maxSize), 'max-height': length(one.maxHeight ?? maxSize),
    'aspect-ratio': plain(one.aspectRatio), flex: plain(one.flex),
    'border-radius': one.radius === undefined ? undefined : RADII[one.radius],
    background: color(one.background, 'surface'),
    ...inset('padding', one.padding), ...inset('margin', one.margin), ...border(one.border),
  };
}

const SIDES: Record<string, string> = { start: 'flex-start', end: 'flex-end', between: 'space-between', around: 'space-around', evenly: 'space-evenly' };

/** How children stand. */
export function flow(one: Pick<P.BoxContainer, 'align' | 'justify' | 'wrap' | 'gap'>, direction: P.Direction): Styles {
  const side = (value: string | undefined) => (value === undefined ? undefined : (SIDES[value] ?? value));
  return {
    display: 'flex', 'flex-direction': direction === 'row' ? 'row' : 'column',
    'align-items': side(one.align), 'justify-content': side(one.justify), 'flex-wrap': one.wrap, gap: space(one.gap),
  };
}

export function inset(name: 'padding' | 'margin', value: P.Inset | undefined): Styles {
  const edges = sides(value);
  return {
    [`${name}-block-start`]: edges.top, [`${name}-block-end`]: edges.bottom,
    [`${name}-inline-start`]: edges.left, [`${name}-inline-end`]: edges.right,
  };
}

/** The inset of each side. */
export function sides(value: P.Inset | undefined): Record<'top' | 'bottom' | 'left' | 'right', string | undefined> {
  const { top, bottom, left, right, x, y } = typeof value === 'object' && value !== null ? value : written(value);
  return { top: space(top ?? y), bottom: space(bottom ?? y), left: space(left ?? x), right: space(right ?? x) };
}

/** One value for all sides, or up to four as CSS has them. */
function written(value: P.Length | undefined): P.Spacing {
  const values = typeof value === 'string' ? valuesOf(value) : [value];
  if (values.length > 4) return {};
  const [top, right = top, bottom = top, left = right] = values;
  return { top, right, bottom, left };
}

/** The values in a text of CSS. A blank in parentheses separates none. */
function valuesOf(css: string): string[] {
  const values: string[] = [];
  for (const word of css.trim().split(/\s+/)) {
    const last = values.at(-1);
    if (last !== undefined && last.split('(').length > last.split(')').length) values[values.length - 1] = `${last} ${word}`;
    else values.push(word);
  }
  return values;
}

function border(value: P.WholeBorder | undefined): Styles {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || 'size' in value) return { border: edge(value) };
  return {
    'border-block-start': edge(value.top ?? value.y), 'border-block-end': edge(value.bottom ?? value.y),
    'border-inline-start': edge(value.left ?? value.x), 'border-inline-end': edge(value.right ?? value.x),
  };
}

function edge(value: P.BorderEdge | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const { size, style, color: tone } = typeof value === 'object' ? value : { size: value, style: undefined, color: undefined };
  return `${Number(size)}px ${style ?? 'solid'} ${color(tone, 'border') ?? 'var(--ck-border)'}`;
}
