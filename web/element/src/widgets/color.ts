import type * as P from '../wire/protocol';

/** What a colour is for: a token such as `default` or `secondary` means something else in each. */
export type Role = 'text' | 'surface' | 'border' | 'series';

const STATES: Record<string, string> = {
  success: 'var(--ck-success)', warning: 'var(--ck-warning)', caution: 'var(--ck-caution)', danger: 'var(--ck-danger)',
  info: 'var(--ck-info)', discovery: 'var(--ck-discovery)', white: '#fff', black: '#000',
};

const TOKENS: Record<Role, Record<string, string>> = {
  text: {
    default: 'var(--ck-text)', prose: 'var(--ck-text)', primary: 'var(--ck-text)', emphasis: 'var(--ck-text)',
    secondary: 'var(--ck-muted)', tertiary: 'color-mix(in oklab, var(--ck-muted) 88%, var(--ck-surface))',
  },
  surface: {
    surface: 'var(--ck-surface)', 'surface-secondary': 'var(--ck-sunken)', 'surface-tertiary': 'var(--ck-hover)',
    'surface-elevated': 'var(--ck-raised)', 'surface-elevated-secondary': 'color-mix(in oklab, var(--ck-raised), var(--ck-hover))',
  },
  border: { default: 'var(--ck-border)', subtle: 'color-mix(in oklab, var(--ck-border) 55%, var(--ck-surface))', strong: 'var(--ck-border-strong)' },
  series: {
    blue: 'light-dark(#2f7de1, #6cb2ff)', purple: 'light-dark(#7b52cc, #c3a1ff)', green: 'light-dark(#198754, #5fd38d)',
    orange: 'light-dark(#d9730d, #f59e54)', yellow: 'light-dark(#c29200, #f2d04b)', red: 'light-dark(#d33a32, #ff8f87)', pink: 'light-dark(#c8388f, #f58bc8)',
  },
};

/** The colours of series that name none, in this order and over again. */
const SERIES = ['blue', 'purple', 'orange', 'green', 'pink', 'yellow', 'red'];

/** A colour of CSS for what a widget says: a token, a step of a hue, CSS, or one colour for each scheme. */
export function color(value: P.Color | undefined, role: Role): string | undefined {
  if (typeof value === 'object' && value !== null) {
    return `light-dark(${color(value.light, role) ?? 'currentColor'}, ${color(value.dark, role) ?? 'currentColor'})`;
  }
  if (typeof value !== 'string') return undefined;
  return own(TOKENS[role], value) ?? own(STATES, value) ?? step(value) ?? safe(value);
}

export function seriesColor({ color: given }: P.Series, at: number): string {
  return color(given, 'series') ?? TOKENS.series[SERIES[at % SERIES.length]!]!;
}

/** A value of CSS that loads nothing and is of sane length. */
export function safe(value: unknown): string | undefined {
  return typeof value !== 'string' || value.length > 100 || /url\(|image-set\(|image\(|src\(|[;{}\\]/i.test(value) ? undefined : value;
}

function own(tokens: Record<string, string>, name: string): string | undefined {
  return Object.hasOwn(tokens, name) ? tokens[name] : undefined;
}

const HUES: Record<string, number> = { red: 25, orange: 55, yellow: 95, green: 150, blue: 255, purple: 300, pink: 350, gray: 0 };

/** `blue-500`, `gray-50`, `alpha-10` and the like: from light (0) to dark (1000); of `alpha`, percents of the text's colour. */
function step(name: string): string | undefined {
  const [, hue, number] = /^(red|orange|yellow|green|blue|purple|pink|gray|alpha)-(\d{1,4})$/.exec(name) ?? [];
  if (hue === undefined || number === undefined) return undefined;
  if (hue === 'alpha') return `color-mix(in oklab, currentColor ${Math.min(100, Number(number))}%, transparent)`;
  const part = Math.min(1, Number(number) / 1000);
  const chroma = hue === 'gray' ? 0 : 0.03 + 0.56 * part * (1 - part);
  return `oklch(${(0.985 - part * 0.75).toFixed(3)} ${Math.min(0.19, chroma).toFixed(3)} ${HUES[hue]})`;
}
