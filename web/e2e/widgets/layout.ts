import { looks, tokens, type Look } from './look.js';

const word = { type: 'Text', value: 'in it' };

/** How children stand and are spread. */
function placed(type: string): Look[] {
  const base = { type, children: [word] };
  return [
    ...tokens(base, 'align', 'align-items', { start: 'flex-start', center: 'center', end: 'flex-end', baseline: 'baseline', stretch: 'stretch' }),
    ...tokens(base, 'justify', 'justify-content', { start: 'flex-start', center: 'center', end: 'flex-end', between: 'space-between', around: 'space-around', evenly: 'space-evenly', stretch: 'stretch' }),
  ];
}

/** What all containers have. */
function container(type: string): Look[] {
  const base = { type, children: [word] };
  const sized = { ...base, width: 120, height: 40 };
  return [
    ...placed(type),
    ...tokens(base, 'wrap', 'flex-wrap', { nowrap: 'nowrap', wrap: 'wrap', 'wrap-reverse': 'wrap-reverse' }),
    ...looks(base, 'flex', [[2, { flex: '2' }], ['0 0 auto', { flex: '0 0 auto' }]]),
    ...looks(base, 'gap', [[3, { gap: '12px' }], ['5px', { gap: '5px' }]]),
    ...looks(base, 'height', [[70, { height: '70px' }], ['3em', { height: '48px' }]]),
    ...looks(base, 'width', [[90, { width: '90px' }], ['50%', { width: '50%' }]]),
    ...looks(base, 'size', [[60, { width: '60px', height: '60px' }]]),
    ...looks(base, 'minHeight', [[55, { 'min-height': '55px' }]]),
    ...looks(base, 'minWidth', [[200, { 'min-width': '200px' }]]),
    ...looks(base, 'minSize', [['70px', { 'min-width': '70px', 'min-height': '70px' }]]),
    ...looks(base, 'maxHeight', [[30, { 'max-height': '30px' }]]),
    ...looks(base, 'maxWidth', [['40%', { 'max-width': '40%' }]]),
    ...looks(base, 'maxSize', [[80, { 'max-width': '80px', 'max-height': '80px' }]]),
    ...looks(base, 'padding', [
      [2, { padding: '8px' }], ['7px', { padding: '7px' }],
      [{ top: 1, right: 2, bottom: 3, left: '9px' }, { padding: '4px 8px 12px 9px' }], [{ x: 5, y: 1 }, { padding: '4px 20px' }],
      ['12px 24px', { padding: '12px 24px' }], [' 1px  2px 3px', { padding: '1px 2px 3px' }], ['1px 2px 3px 4px', { padding: '1px 2px 3px 4px' }],
      ['calc(1px + min(2px, (1px + 5px))) 4px', { padding: '3px 4px' }], ['1px 2px 3px 4px 5px', { padding: '0px' }],
    ]),
    ...looks(sized, 'margin', [[1, { margin: '4px' }], [{ left: 'auto', top: 2 }, { 'margin-left': 'auto', 'margin-top': '8px' }], ['3px auto', { 'margin-top': '3px', 'margin-left': 'auto' }]]),
    ...looks(base, 'border', [
      [1, { border: '1px solid var(--ck-border)' }], [{ size: 2, color: 'strong', style: 'dashed' }, { border: '2px dashed var(--ck-border-strong)' }],
      [{ top: 3, bottom: { size: 1, color: 'danger' } }, { 'border-top': '3px solid var(--ck-border)', 'border-bottom': '1px solid var(--ck-danger)', 'border-left-width': '0px' }],
      [{ x: 2, y: { size: 4, style: 'double' } }, { 'border-left-width': '2px', 'border-right-width': '2px', 'border-top': '4px double var(--ck-border)' }],
      [{ left: 5, right: { size: 1, style: 'dotted' } }, { 'border-left-width': '5px', 'border-right': '1px dotted var(--ck-border)' }],
      ...['solid', 'dashed', 'dotted', 'double', 'groove', 'ridge', 'inset', 'outset'].map((style): [unknown, Record<string, string>] => [{ size: 4, style }, { 'border-top-style': style }]),
      [{ size: 1, color: 'default' }, { 'border-top-color': 'var(--ck-border)' }], [{ size: 1, color: { light: 'red', dark: 'blue' } }, { 'border-top-color': 'light-dark(red, blue)' }],
    ]),
    ...tokens(base, 'radius', 'border-radius', { none: '0px', '2xs': '2px', xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '12px', '2xl': '16px', '3xl': '20px', '4xl': '24px', full: '9999px', '100%': '100%' }),
    ...tokens(base, 'background', 'background-color', {
      surface: 'var(--ck-surface)', 'surface-secondary': 'var(--ck-sunken)', 'surface-tertiary': 'var(--ck-hover)', 'surface-elevated': 'var(--ck-raised)',
      'rgb(1, 2, 3)': 'rgb(1, 2, 3)', '#abcdef': '#abcdef',
    }),
    ...looks(base, 'background', [[{ light: 'rgb(9, 9, 9)', dark: 'rgb(8, 8, 8)' }, { 'background-color': 'light-dark(rgb(9, 9, 9), rgb(8, 8, 8))' }]]),
    ...looks({ ...base, width: 90 }, 'aspectRatio', [[1.5, { height: '60px' }], ['3 / 1', { height: '30px' }]]),
  ];
}

export const boxes: Look[] = ['Box', 'Row', 'Col', 'Form'].flatMap(container);

export const layout: Look[] = [
  ...placed('Basic'),
  ...tokens({ type: 'Basic', children: [word] }, 'direction', 'flex-direction', { row: 'row', col: 'column' }),
  ...tokens({ type: 'Basic', children: [word] }, 'theme', 'color-scheme', { dark: 'dark', light: 'light' }),
  ...tokens({ type: 'Box', children: [word] }, 'direction', 'flex-direction', { row: 'row', col: 'column' }),
  ...tokens({ type: 'Form', children: [word] }, 'direction', 'flex-direction', { row: 'row', col: 'column' }),
  { component: { type: 'Row', children: [word] }, css: { 'flex-direction': 'row', 'align-items': 'center' } },
  { component: { type: 'Col', children: [word] }, css: { 'flex-direction': 'column' } },
  ...tokens({ type: 'ListViewItem', children: [word] }, 'align', 'align-items', { start: 'flex-start', center: 'center', end: 'flex-end', baseline: 'baseline', stretch: 'stretch' }),
  ...looks({ type: 'ListViewItem', children: [word] }, 'gap', [[5, { gap: '20px' }]]),
  ...looks({ type: 'Divider' }, 'size', [[3, { 'border-top-width': '3px' }], ['0.5em', { 'border-top-width': '8px' }]]),
  ...looks({ type: 'Divider' }, 'spacing', [[2, { 'margin-top': '8px', 'margin-bottom': '8px' }]]),
  ...looks({ type: 'Divider' }, 'color', [['strong', { 'border-top-color': 'var(--ck-border-strong)' }], ['default', { 'border-top-color': 'var(--ck-border)' }], [{ light: 'red', dark: 'blue' }, { 'border-top-color': 'light-dark(red, blue)' }]]),
  ...looks({ type: 'Row', width: 300, children: [word, { type: 'Spacer', minSize: 100 }, word] }, 'gap', [[0, { 'flex-basis': '100px', 'flex-grow': '1' }]], ':nth-child(2)'),
];
