import type { Component } from '../harness/widgets.js';

const text = (value: string, more: Record<string, unknown> = {}): Component => ({ type: 'Text', value, ...more });
const row = (...children: Component[]): Component => ({ type: 'Row', wrap: 'wrap', children });
const rows = [{ month: 'Jan', tea: 31, coffee: 54 }, { month: 'Feb', tea: 42, coffee: 48 }, { month: 'Mar', tea: 58, coffee: 61 }, { month: 'Apr', tea: 39, coffee: 66 }, { month: 'May', tea: 64, coffee: 59 }];
const person = (name: string, about: string): Component => ({
  type: 'ListViewItem', onClickAction: { type: 'open' },
  children: [{ type: 'Box', background: 'blue-100', radius: 'full', size: 36, align: 'center', justify: 'center', children: [{ type: 'Icon', name: 'user', color: 'blue-800' }] }, { type: 'Col', gap: 0, children: [text(name, { weight: 'medium' }), { type: 'Caption', value: about }] }, { type: 'Spacer' }, { type: 'Button', label: 'Call', size: 'sm', iconStart: 'phone', onClickAction: { type: 'call' } }],
});

/** Widgets as products have them: what somebody looks at to see whether all of it is good to look at. */
export const gallery: Record<string, Component> = {
  cards: {
    type: 'Basic', gap: 4,
    children: [
      { type: 'Card', size: 'md', status: { text: 'Flight found', icon: 'compass' }, confirm: { label: 'Book', action: { type: 'book' } }, cancel: { label: 'Later', action: { type: 'later' } }, children: [
        { type: 'Row', children: [{ type: 'Col', gap: 0, children: [{ type: 'Title', value: 'BER', size: '2xl' }, { type: 'Caption', value: 'Berlin, 08:40' }] }, { type: 'Spacer' }, { type: 'Icon', name: 'maps', size: 'xl', color: 'secondary' }, { type: 'Spacer' }, { type: 'Col', gap: 0, align: 'end', children: [{ type: 'Title', value: 'LIS', size: '2xl' }, { type: 'Caption', value: 'Lisbon, 11:25' }] }] },
        { type: 'Divider', flush: true }, row({ type: 'Badge', label: 'Direct', color: 'success' }, { type: 'Badge', label: '2 seats left', color: 'warning' }, { type: 'Badge', label: 'Window', color: 'info', variant: 'outline', pill: true }),
        text('A long description that does not fit into two lines of the card, and is therefore cut off where the second one ends, with an ellipsis.', { maxLines: 2, color: 'secondary', size: 'sm' }),
      ] },
      { type: 'Card', size: 'md', collapsed: true, status: { text: 'Message sent', icon: 'check-circle' }, children: [text('Dear Ada')] },
    ],
  },
  lists: { type: 'ListView', limit: 2, status: { text: 'People', icon: 'search' }, children: [person('Ada Lovelace', 'Wrote the first program'), person('Grace Hopper', 'Wrote the first compiler'), person('Mary Shelley', 'Wrote something else')] },
  table: {
    type: 'Card', size: 'md',
    children: [{ type: 'Title', value: 'Your bill' }, { type: 'Table', children: [['Item', 'Price'], ['Tea', '3.10'], ['Cake', '4.80'], ['Tip', '1.00']].map(([item, price], at) => ({ type: 'Table.Row', header: at === 0, children: [{ type: 'Table.Cell', children: [text(item!)] }, { type: 'Table.Cell', align: 'end', children: [text(price!)] }] })) }],
  },
  form: {
    type: 'Card', size: 'md', asForm: true, status: { text: 'A table for you', icon: 'calendar' }, confirm: { label: 'Reserve', action: { type: 'reserve' } }, cancel: { label: 'Cancel', action: { type: 'cancel' } },
    children: [
      { type: 'Col', gap: 1, children: [{ type: 'Label', value: 'Name', fieldName: 'name' }, { type: 'Input', name: 'name', required: true, placeholder: 'Ada Lovelace' }] },
      { type: 'Row', align: 'start', children: [
        { type: 'Col', gap: 1, flex: 1, children: [{ type: 'Label', value: 'Day', fieldName: 'day' }, { type: 'DatePicker', name: 'day', placeholder: 'Choose', clearable: true, block: true }] },
        { type: 'Col', gap: 1, flex: 1, children: [{ type: 'Label', value: 'Seats', fieldName: 'seats' }, { type: 'Select', name: 'seats', block: true, clearable: true, defaultValue: '2', options: [{ value: '2', label: 'Two' }, { value: '4', label: 'Four', description: 'By the window' }] }] },
      ] },
      { type: 'RadioGroup', name: 'place', ariaLabel: 'Place', defaultValue: 'in', options: [{ label: 'Inside', value: 'in' }, { label: 'Outside', value: 'out' }, { label: 'Roof', value: 'roof', disabled: true }] },
      { type: 'Textarea', name: 'wishes', rows: 2, placeholder: 'Wishes' },
      { type: 'Checkbox', name: 'remind', label: 'Remind me', defaultChecked: true },
    ],
  },
  buttons: {
    type: 'Card', size: 'full',
    children: [
      row(...['primary', 'secondary', 'info', 'discovery', 'success', 'caution', 'warning', 'danger'].map((color) => ({ type: 'Button', label: color, color, variant: 'solid' }))),
      ...['soft', 'outline', 'ghost'].map((variant) => row(...['primary', 'info', 'discovery', 'success', 'warning', 'danger'].map((color) => ({ type: 'Button', label: color, color, variant })))),
      row(...['3xs', '2xs', 'xs', 'sm', 'md', 'lg', 'xl', '2xl', '3xl'].map((size) => ({ type: 'Button', label: size, size, style: 'primary' }))),
      row({ type: 'Button', iconStart: 'star', uniform: true }, { type: 'Button', label: 'Next', iconEnd: 'chevron-right', pill: false }, { type: 'Button', label: 'Off', disabled: true }, { type: 'Button', label: 'Whole width', block: true, style: 'primary', iconStart: 'sparkle' }),
    ],
  },
  charts: {
    type: 'Basic', gap: 4,
    children: [
      { type: 'Card', size: 'md', children: [{ type: 'Title', value: 'Cups a month' }, { type: 'Chart', showYAxis: true, data: rows, xAxis: 'month', series: [{ type: 'bar', dataKey: 'tea', label: 'Tea', stack: 'cups' }, { type: 'bar', dataKey: 'coffee', label: 'Coffee', stack: 'cups' }] }] },
      { type: 'Card', size: 'md', children: [{ type: 'Chart', showYAxis: true, data: rows, xAxis: 'month', series: [{ type: 'area', dataKey: 'tea', label: 'Tea', color: 'green', curveType: 'monotone' }, { type: 'line', dataKey: 'coffee', label: 'Coffee', color: 'orange', curveType: 'monotone' }] }] },
    ],
  },
};
