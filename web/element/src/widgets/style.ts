import { AsyncDirective, directive } from 'lit/async-directive.js';
import type { ElementPart } from 'lit';
import type * as P from '../wire/protocol';

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

/** Colours: CSS, one for each scheme, or a token of the theme. */
export function color(value: P.Color | undefined): string | undefined {
  if (typeof value === 'object') return `light-dark(${safe(value.light) ?? 'inherit'}, ${safe(value.dark) ?? 'inherit'})`;
  return value === undefined ? undefined : (TOKENS[value] ?? palette(value) ?? safe(value));
}

const TOKENS: Record<string, string> = {
  default: 'var(--ck-text)', primary: 'var(--ck-text)', emphasis: 'var(--ck-text)', prose: 'var(--ck-text)',
  secondary: 'var(--ck-muted)', tertiary: 'var(--ck-muted)', subtle: 'var(--ck-border)', strong: 'var(--ck-border-strong)',
  success: 'var(--ck-success)', warning: 'var(--ck-warning)', caution: 'var(--ck-caution)', danger: 'var(--ck-danger)',
  info: 'var(--ck-info)', discovery: 'var(--ck-discovery)', surface: 'var(--ck-surface)', 'surface-secondary': 'var(--ck-sunken)',
  'surface-tertiary': 'var(--ck-hover)', 'surface-elevated': 'var(--ck-raised)', white: '#fff', black: '#000',
};

const HUES: Record<string, number> = { red: 25, orange: 55, yellow: 95, green: 150, blue: 255, purple: 300, pink: 350, gray: 0 };

/** `blue-500`, `alpha-10` and the like. */
function palette(name: string): string | undefined {
  const [, hue, step] = /^(red|orange|yellow|green|blue|purple|pink|gray|alpha)-(\d{2,4})$/.exec(name) ?? [];
  if (hue === undefined || step === undefined) return undefined;
  const part = Math.min(1, Number(step) / 1000);
  if (hue === 'alpha') return `color-mix(in oklab, var(--ck-text) ${Math.min(100, Number(step))}%, transparent)`;
  return `oklch(${(0.97 - part * 0.72).toFixed(3)} ${hue === 'gray' ? 0 : (0.05 + 0.32 * part * (1 - part)).toFixed(3)} ${HUES[hue]})`;
}

/** A value of CSS that stays within its property, loads nothing and is of sane length. */
function safe(value: string | undefined): string | undefined {
  return value === undefined || value.length > 100 || /url\(|image-set\(|[;{}\\]/i.test(value) ? undefined : value;
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
    'aspect-ratio': one.aspectRatio === undefined ? undefined : String(one.aspectRatio),
    flex: one.flex === undefined ? undefined : String(one.flex),
    'border-radius': one.radius === undefined ? undefined : RADII[one.radius],
    background: color(one.background),
    ...inset('padding', one.padding), ...inset('margin', one.margin), ...border(one.border),
  };
}

/** How children stand. */
export function flow(one: Pick<P.BoxContainer, 'align' | 'justify' | 'wrap' | 'gap'>, direction: P.Direction): Styles {
  const sides = { start: 'flex-start', end: 'flex-end', between: 'space-between', around: 'space-around', evenly: 'space-evenly' } as Record<string, string>;
  return {
    display: 'flex', 'flex-direction': direction === 'row' ? 'row' : 'column',
    'align-items': one.align === undefined ? undefined : (sides[one.align] ?? one.align),
    'justify-content': one.justify === undefined ? undefined : (sides[one.justify] ?? one.justify),
    'flex-wrap': one.wrap, gap: space(one.gap),
  };
}

export function inset(name: 'padding' | 'margin', value: P.Inset | undefined): Styles {
  if (typeof value !== 'object') return { [name]: space(value) };
  return {
    [`${name}-block-start`]: space(value.top ?? value.y), [`${name}-block-end`]: space(value.bottom ?? value.y),
    [`${name}-inline-start`]: space(value.left ?? value.x), [`${name}-inline-end`]: space(value.right ?? value.x),
  };
}

function border(value: P.WholeBorder | undefined): Styles {
  if (value === undefined) return {};
  if (typeof value === 'number' || 'size' in value) return { border: edge(value) };
  return {
    'border-block-start': edge(value.top ?? value.y), 'border-block-end': edge(value.bottom ?? value.y),
    'border-inline-start': edge(value.left ?? value.x), 'border-inline-end': edge(value.right ?? value.x),
  };
}

function edge(value: P.BorderEdge | undefined): string | undefined {
  if (value === undefined) return undefined;
  const { size, style, color: tone } = typeof value === 'number' ? { size: value, style: undefined, color: undefined } : value;
  return `${Number(size)}px ${style ?? 'solid'} ${color(tone) ?? 'var(--ck-border)'}`;
}
