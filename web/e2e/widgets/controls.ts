import { looks, tokens, type Look } from './look.js';

const heights = { '3xs': '22px', '2xs': '24px', xs: '26px', sm: '28px', md: '34px', lg: '38px', xl: '42px', '2xl': '46px', '3xl': '50px' };
const variants: [string, Record<string, string>][] = [
  ['outline', { 'border-top-color': 'var(--ck-border-strong)' }], ['soft', { 'background-color': 'var(--ck-sunken)' }],
];
const moreVariants: [string, Record<string, string>][] = [...variants, ['solid', { 'background-color': 'var(--ck-hover)' }], ['ghost', { 'background-color': 'transparent' }]];
const gutters = { '2xs': '4px', xs: '6px', sm: '8px', md: '12px', lg: '14px', xl: '16px' };
const pill: [boolean, Record<string, string>][] = [[true, { 'border-radius': '9999px' }], [false, { 'border-radius': 'var(--ck-radius-sm)' }]];
const off: [boolean, Record<string, string>][] = [[true, { opacity: '0.5', cursor: 'not-allowed' }]];

const button = { type: 'Button', label: 'Press' };
const input = { type: 'Input', name: 'one' };
const textarea = { type: 'Textarea', name: 'two' };
const select = { type: 'Select', name: 'three', options: [{ value: 'a', label: 'A' }] };
const date = { type: 'DatePicker', name: 'four' };

export const controls: Look[] = [
  ...tokens(button, 'size', 'min-height', heights),
  ...looks(button, 'style', [['primary', { 'background-color': 'var(--ck-accent)', color: 'var(--ck-on-accent)' }], ['secondary', { color: 'var(--ck-text)' }]]),
  ...tokens({ ...button, variant: 'outline' }, 'color', 'color', {
    primary: 'var(--ck-accent)', secondary: 'var(--ck-text)', info: 'var(--ck-info)', discovery: 'var(--ck-discovery)', success: 'var(--ck-success)',
    caution: 'var(--ck-caution)', warning: 'var(--ck-warning)', danger: 'var(--ck-danger)',
  }),
  ...looks({ ...button, color: 'danger' }, 'variant', [
    ['solid', { 'background-color': 'var(--ck-danger)', color: 'var(--ck-surface)' }], ['soft', { 'background-color': 'color-mix(in oklab, var(--ck-danger) 9%, var(--ck-surface))' }],
    ['outline', { 'background-color': 'transparent', 'border-top-style': 'solid' }], ['ghost', { 'background-color': 'transparent', 'border-top-color': 'transparent' }],
  ]),
  ...looks(button, 'pill', pill),
  ...looks(button, 'block', [[true, { width: '100%' }]]),
  ...looks(button, 'disabled', off),
  ...looks({ type: 'Button', iconStart: 'star' }, 'uniform', [[true, { width: '34px', height: '34px' }]]),
  ...tokens({ type: 'Button', iconStart: 'star', label: 'Star' }, 'iconSize', 'font-size', { sm: '13.125px', md: '15px', lg: '18.75px', xl: '22.5px', '2xl': '26.25px' }, '.sign'),
  ...[input, textarea].flatMap((base) => looks(base, 'variant', variants, '[name]')),
  ...[select, date].flatMap((base) => looks(base, 'variant', moreVariants, '[name]')),
  ...[input, textarea, select, date].flatMap((base) => [...tokens(base, 'size', 'min-height', heights, '[name]'), ...looks(base, 'disabled', off, '[name]')]),
  ...[input, select, date].flatMap((base) => looks(base, 'pill', pill, '[name]')),
  ...[input, textarea].flatMap((base) => tokens(base, 'gutterSize', 'padding-left', gutters, '[name]')),
  ...[select, date].flatMap((base) => looks(base, 'block', [[true, { width: '100%' }]], '[name]')),
  ...looks({ ...textarea, autoResize: true, size: 'lg' }, 'maxRows', [[4, { 'field-sizing': 'content' }]], '[name]'),
  ...looks({ type: 'Checkbox', name: 'six', label: 'A' }, 'disabled', off, 'label'),
  ...looks({ type: 'RadioGroup', name: 'seven', options: [{ label: 'A', value: 'a' }] }, 'disabled', off, 'label'),
  ...tokens({ type: 'RadioGroup', name: 'five', options: [{ label: 'A', value: 'a' }] }, 'direction', 'flex-direction', { row: 'row', col: 'column' }, '[role=radiogroup]'),
];
