import { looks, tokens, type Look } from './look.js';

const states = { success: 'var(--ck-success)', warning: 'var(--ck-warning)', danger: 'var(--ck-danger)' };
const long = 'Many words that go on and on, far beyond the end of any line that a widget of a sane width could ever have, and then some more of them.';

/** What the texts have in common. */
function words(type: string): Look[] {
  const base = { type, value: 'Words', fieldName: 'x' };
  return [
    ...tokens(base, 'color', 'color', { prose: 'var(--ck-text)', primary: 'var(--ck-text)', emphasis: 'var(--ck-text)', secondary: 'var(--ck-muted)', ...states, 'rgb(1, 2, 3)': 'rgb(1, 2, 3)' }),
    ...looks(base, 'color', [[{ light: 'red', dark: 'blue' }, { color: 'light-dark(red, blue)' }]]),
    ...tokens(base, 'weight', 'font-weight', { normal: '400', medium: '500', semibold: '600', bold: '700' }),
    ...tokens(base, 'textAlign', 'text-align', { start: 'start', center: 'center', end: 'end' }),
  ];
}

function cut(type: string): Look[] {
  const base = { type, value: long };
  return [
    ...looks(base, 'truncate', [[true, { 'white-space': 'nowrap', 'text-overflow': 'ellipsis', overflow: 'hidden' }]]),
    ...looks(base, 'maxLines', [[2, { '-webkit-line-clamp': '2', overflow: 'hidden' }]]),
  ];
}

const image = { type: 'Image', src: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', alt: 'A dot' };

export const content: Look[] = [
  ...['Text', 'Title', 'Caption', 'Label'].flatMap(words),
  ...['Text', 'Title', 'Caption'].flatMap(cut),
  ...tokens({ type: 'Text', value: 'x' }, 'size', 'font-size', { xs: '12px', sm: '14px', md: '16px', lg: '18px', xl: '20px' }),
  ...tokens({ type: 'Label', value: 'x', fieldName: 'x' }, 'size', 'font-size', { xs: '12px', sm: '14px', md: '16px', lg: '18px', xl: '20px' }),
  ...tokens({ type: 'Title', value: 'x' }, 'size', 'font-size', { sm: '16px', md: '18px', lg: '20px', xl: '24px', '2xl': '28px', '3xl': '32px', '4xl': '40px', '5xl': '48px' }),
  ...tokens({ type: 'Caption', value: 'x' }, 'size', 'font-size', { sm: '11px', md: '12px', lg: '13px' }),
  ...tokens({ type: 'Icon', name: 'sparkle' }, 'size', 'font-size', { xs: '12px', sm: '14px', md: '16px', lg: '20px', xl: '24px', '2xl': '28px', '3xl': '32px' }),
  ...tokens({ type: 'Icon', name: 'sparkle' }, 'color', 'color', { secondary: 'var(--ck-muted)', ...states }),
  ...looks({ type: 'Text', value: 'x' }, 'italic', [[true, { 'font-style': 'italic' }]]),
  ...looks({ type: 'Text', value: 'x' }, 'lineThrough', [[true, { 'text-decoration-line': 'line-through' }]]),
  ...looks({ type: 'Text', value: 'x' }, 'width', [[77, { width: '77px' }], ['25%', { width: '25%' }]]),
  ...looks({ type: 'Text', value: 'x' }, 'minLines', [[3, { 'min-height': '72px' }]]),
  ...tokens({ type: 'Badge', label: 'x', variant: 'outline' }, 'color', 'color', { secondary: 'var(--ck-muted)', ...states, info: 'var(--ck-info)', discovery: 'var(--ck-discovery)' }),
  ...looks({ type: 'Badge', label: 'x', color: 'danger' }, 'variant', [
    ['solid', { 'background-color': 'var(--ck-danger)', color: 'var(--ck-surface)' }], ['outline', { 'background-color': 'transparent' }],
    ['soft', { 'background-color': 'color-mix(in oklab, var(--ck-danger) 10%, var(--ck-surface))' }],
  ]),
  ...tokens({ type: 'Badge', label: 'x' }, 'size', 'font-size', { sm: '12px', md: '13px', lg: '14px' }),
  ...looks({ type: 'Badge', label: 'x' }, 'pill', [[true, { 'border-radius': '9999px' }]]),
  ...tokens(image, 'fit', 'object-fit', { cover: 'cover', contain: 'contain', fill: 'fill', 'scale-down': 'scale-down', none: 'none' }),
  ...tokens(image, 'position', 'object-position', {
    'top left': '0% 0%', top: '50% 0%', 'top right': '100% 0%', left: '0% 50%', center: '50% 50%', right: '100% 50%', 'bottom left': '0% 100%', bottom: '50% 100%', 'bottom right': '100% 100%',
  }),
  ...tokens(image, 'radius', 'border-radius', { none: '0px', '2xs': '2px', xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '12px', '2xl': '16px', '3xl': '20px', '4xl': '24px', full: '9999px', '100%': '100%' }),
  ...looks(image, 'frame', [[true, { border: '1px solid var(--ck-border)' }]]),
  ...looks(image, 'size', [[40, { width: '40px', height: '40px' }]]),
  ...looks(image, 'width', [[44, { width: '44px' }]]),
  ...looks(image, 'height', [[33, { height: '33px' }]]),
  ...looks(image, 'minWidth', [[50, { 'min-width': '50px' }]]),
  ...looks(image, 'minHeight', [[51, { 'min-height': '51px' }]]),
  ...looks(image, 'minSize', [[52, { 'min-width': '52px', 'min-height': '52px' }]]),
  ...looks(image, 'maxWidth', [[20, { 'max-width': '20px' }]]),
  ...looks(image, 'maxHeight', [[21, { 'max-height': '21px' }]]),
  ...looks(image, 'maxSize', [[22, { 'max-width': '22px', 'max-height': '22px' }]]),
  ...looks(image, 'margin', [[2, { margin: '8px' }], [{ x: 1, y: 3 }, { margin: '12px 4px' }]]),
  ...looks(image, 'background', [['surface-secondary', { 'background-color': 'var(--ck-sunken)' }]]),
  ...looks({ ...image, width: 60 }, 'aspectRatio', [[1.5, { height: '40px' }]]),
  ...looks(image, 'flex', [['0 0 auto', { flex: '0 0 auto' }]]),
];
