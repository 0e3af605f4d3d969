import type { Component } from '../harness/widgets.js';

const save = { type: 'save', payload: { id: 3, todo: { kept: true } } };
const sizes = [{ value: 's', label: 'Small' }, { value: 'l', label: 'Large', description: 'Sold out', disabled: true }, { value: 'm', label: 'Medium' }];
const towns = ['Aachen', 'Berlin', 'Bonn', 'Bremen', 'Dresden', 'Erfurt', 'Essen', 'Hamburg', 'Jena', 'Kassel', 'Kiel', 'Leipzig', 'Mainz', 'Potsdam', 'Trier', 'Ulm'];

const fieldsOf = (size: string): Component[] => [
  { type: 'Input', name: `input ${size}`, size, defaultValue: 'Gypsy' }, { type: 'Select', name: `choice ${size}`, size, options: sizes, defaultValue: 's' },
  { type: 'Select', name: `search ${size}`, size, options: sizes, searchable: true }, { type: 'DatePicker', name: `day ${size}`, size },
];

/** Widgets with fields, by what is asked for. */
export const forms: Record<string, Component> = {
  everything: {
    type: 'Card', size: 'full',
    children: [{
      type: 'Form', id: 'form', key: 'form', onSubmitAction: save,
      children: [
        { type: 'Label', id: 'l', key: 'l', value: 'What to do', fieldName: 'todo.title' },
        { type: 'Input', id: 'i', key: 'i', name: 'todo.title', defaultValue: 'Buy milk' },
        { type: 'Text', id: 'x', key: 'x', value: 'Twice', streaming: false, editable: { name: 'note', placeholder: 'Note' } },
        { type: 'Textarea', id: 't', key: 't', name: 'todo.more', defaultValue: 'Two\nlines' },
        { type: 'Select', name: 'size', options: sizes, defaultValue: 'm' },
        { type: 'Select', name: 'town', searchable: true, placeholder: 'Town', options: towns.map((label) => ({ value: label.toLowerCase(), label })), clearable: true },
        { type: 'DatePicker', name: 'day', defaultValue: '2026-03-14T00:00:00Z' },
        { type: 'Checkbox', name: 'urgent', label: 'Urgent', defaultChecked: true },
        { type: 'RadioGroup', name: 'colour', ariaLabel: 'Colour', options: [{ label: 'Red', value: 'red' }, { label: 'Blue', value: 'blue' }, { label: 'None', value: 'none', disabled: true }], defaultValue: 'blue' },
        { type: 'RadioGroup', name: 'off', disabled: true, options: [{ label: 'Never', value: 'never' }] },
        { type: 'Input', name: 'gone', disabled: true, defaultValue: 'not sent' },
        { type: 'Input', name: 'tags', defaultValue: 'one' },
        { type: 'Input', name: 'tags', defaultValue: 'two' },
        { type: 'Row', children: [{ type: 'Button', label: 'Save', submit: true }, { type: 'Button', label: 'Preview', onClickAction: { type: 'preview' } }] },
      ],
    }],
  },
  collision: {
    type: 'Card',
    children: [{ type: 'Form', onSubmitAction: { type: 'save', payload: { id: 3 } }, children: [{ type: 'Input', name: 'id', defaultValue: 'mine' }, { type: 'Input', name: '__proto__.polluted', defaultValue: 'yes' }, { type: 'Button', label: 'Save', submit: true }] }],
  },
  checked: {
    type: 'Card',
    children: [{
      type: 'Form', onSubmitAction: { type: 'save' },
      children: [
        { type: 'Label', value: 'Name', fieldName: 'name' },
        { type: 'Input', name: 'name', required: true },
        { type: 'Input', name: 'mail', inputType: 'email', placeholder: 'Mail' },
        { type: 'Input', name: 'site', inputType: 'url', placeholder: 'Site' },
        { type: 'Input', name: 'count', inputType: 'number', placeholder: 'Count' },
        { type: 'Input', name: 'code', inputType: 'text', pattern: '[A-Z]{3}', placeholder: 'Code' },
        { type: 'Input', name: 'phone', inputType: 'tel', placeholder: 'Phone' },
        { type: 'Input', name: 'secret', inputType: 'password', placeholder: 'Secret' },
        { type: 'Textarea', name: 'bio', pattern: '[^x]*', placeholder: 'Bio', required: true },
        { type: 'Text', value: '', editable: { name: 'word', placeholder: 'Word', pattern: '\\w+', required: true } },
        { type: 'DatePicker', name: 'day', min: '2026-03-10T00:00:00Z', max: '2026-03-20T00:00:00Z', defaultValue: '2026-03-14T00:00:00Z', placeholder: 'Day' },
        { type: 'Checkbox', name: 'agree', label: 'I agree', required: true },
        { type: 'RadioGroup', name: 'pay', required: true, options: [{ label: 'Cash', value: 'cash' }] },
        { type: 'Button', label: 'Save', submit: true },
        { type: 'Button', label: 'Draft', onClickAction: { type: 'draft' } },
      ],
    }],
  },
  patterns: {
    type: 'Card',
    children: [{
      type: 'Form', onSubmitAction: { type: 'save' },
      children: [
        { type: 'Input', name: 'line', pattern: '[\\w-]+', placeholder: 'Line' },
        { type: 'Textarea', name: 'lines', pattern: '[a-z/]+', placeholder: 'Lines' },
        { type: 'Text', value: '', editable: { name: 'word', placeholder: 'Word', pattern: '(' } },
        { type: 'Button', label: 'Save', submit: true, onClickAction: { type: 'unused' } },
      ],
    }],
  },
  card: {
    type: 'Card', asForm: true,
    children: [{ type: 'Input', name: 'name', required: true, placeholder: 'Name' }],
    confirm: { label: 'Send', action: { type: 'send', payload: { draft: 1 } } },
    cancel: { label: 'Cancel', action: { type: 'cancel' } },
  },
  bare: { type: 'Card', children: [{ type: 'Form', children: [{ type: 'Input', name: 'name', required: true, placeholder: 'Name' }, { type: 'Button', label: 'Go', submit: true, onClickAction: { type: 'go' } }] }] },
  choices: {
    type: 'Card',
    children: [
      { type: 'Label', value: 'Size', fieldName: 'size' },
      { type: 'Select', name: 'size', options: sizes, clearable: true, placeholder: 'Any' },
      { type: 'Label', value: 'Town', fieldName: 'town' },
      { type: 'Select', name: 'town', options: towns.map((label) => ({ value: label.toLowerCase(), label, description: `${label.length} letters` })), placeholder: 'Where', clearable: true },
    ],
  },
  dates: {
    type: 'Card',
    children: [{ type: 'Box', height: 350 }, ...(['top', 'bottom', 'left', 'right'] as const).map((side, at) => ({
      type: 'Row', padding: { x: 40 }, children: [{ type: 'DatePicker', name: side, side, align: ['start', 'center', 'end'][at % 3], clearable: true, placeholder: `On the ${side}`, defaultValue: '2026-03-14T10:00:00Z', min: '2026-03-02T00:00:00Z', max: '2026-05-20T00:00:00Z' }],
    }))],
  },
  scrolled: {
    type: 'Card',
    children: [
      { type: 'Box', height: 400 }, { type: 'DatePicker', name: 'day', placeholder: 'Day' },
      { type: 'Select', name: 'town', options: sizes, searchable: true, placeholder: 'Where' }, { type: 'Box', height: 900 },
    ],
  },
  small: { type: 'Card', children: ['3xs', 'sm', 'md'].flatMap(fieldsOf) },
  payment: { type: 'Card', children: [{ type: 'RadioGroup', name: 'pay', options: [{ label: 'Cash', value: 'cash' }, { label: 'Card', value: 'card' }], defaultValue: 'cash' }] },
  focus: {
    type: 'Card',
    children: [
      { type: 'Input', name: 'plain', placeholder: 'Plain', allowAutofillExtensions: false },
      { type: 'Input', name: 'first', placeholder: 'First', defaultValue: 'all of it', autoFocus: true, autoSelect: true, allowAutofillExtensions: true },
      { type: 'Textarea', name: 'more', placeholder: 'More', defaultValue: 'all of this', rows: 2, autoResize: true, maxRows: 5, autoSelect: true, allowAutofillExtensions: false },
      { type: 'Text', value: 'all of that', editable: { name: 'that', placeholder: 'That', autoSelect: true, autoComplete: 'name', allowAutofillExtensions: false } },
    ],
  },
  late: { type: 'Card', children: [{ type: 'Textarea', name: 'area', placeholder: 'Area', autoFocus: true }] },
  editing: { type: 'Card', children: [{ type: 'Text', value: 'Edit me', minLines: 2, maxLines: 4, size: 'lg', editable: { name: 'edited', autoFocus: true } }, { type: 'Text', id: 'any', value: 'Me, too', editable: true }, { type: 'Text', value: 'Not me', editable: false }] },
};
