import type { Component } from '../harness/widgets.js';

const text = (value: string): Component => ({ type: 'Text', value });
const dot = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const cell = (value: string, more: Record<string, unknown> = {}) => ({ type: 'Table.Cell', children: [text(value)], ...more });

/** Roots and what holds others, by what is asked for. */
export const cards: Record<string, Component> = {
  statuses: {
    type: 'Basic', id: 'basic', key: 'basic', gap: 2, padding: 1, align: 'stretch', justify: 'start', direction: 'col', theme: 'light',
    children: [
      { type: 'Card', id: 'card', status: { text: 'With an icon', icon: 'document' }, children: [text('One')] },
      { type: 'Card', status: { text: 'With a picture', favicon: dot, frame: true }, children: [text('Two')] },
    ],
  },
  sizes: { type: 'Basic', children: ['sm', 'md', 'lg', 'full'].map((size) => ({ type: 'Card', size, children: [text(size)] })) },
  dressed: {
    type: 'Basic',
    children: [
      { type: 'Card', background: 'surface-secondary', padding: { top: 1, right: 2, bottom: 3, left: 4 }, border: { size: 2, color: 'danger' }, children: [text('Dressed')] },
      { type: 'Card', background: { light: 'rgb(1, 2, 3)', dark: 'rgb(4, 5, 6)' }, padding: { x: 6, y: 2 }, children: [text('In colour')] },
      { type: 'Card', padding: 0, children: [text('Tight')] },
    ],
  },
  themed: {
    type: 'Basic',
    children: [
      { type: 'Card', theme: 'dark', children: [text('Always dark'), { type: 'Badge', label: 'Badge' }] },
      { type: 'ListView', theme: 'light', children: [{ type: 'ListViewItem', children: [text('Always light')] }] },
      { type: 'ListView', theme: 'dark', children: [{ type: 'ListViewItem', children: [text('A dark list')] }] },
      { type: 'Card', theme: 'light', children: [text('A light card')] },
    ],
  },
  collapsed: {
    type: 'Basic',
    children: [
      { type: 'Card', collapsed: true, status: { text: 'Sent' }, children: [text('Dear Ada')], confirm: { label: 'Send', action: { type: 'send' } } },
      { type: 'Card', collapsed: true, children: [{ type: 'Col', children: [{ type: 'Title', value: 'The letter' }] }, text('Dear Bea')] },
      { type: 'Card', collapsed: false, children: [text('Dear Eve')], confirm: { label: 'Send', action: { type: 'send' } }, cancel: { label: 'Cancel', action: { type: 'cancel' } } },
    ],
  },
  flush: {
    type: 'Card', padding: 5,
    children: [{ type: 'Image', src: dot, alt: 'A dot', flush: true, height: 40, id: 'picture', key: 'picture' }, text('Between'), { type: 'Divider', flush: true, id: 'line', key: 'line' }, { type: 'Spacer', id: 's', key: 's' }],
  },
  limited: {
    type: 'ListView', limit: 2, status: { text: 'Results' },
    children: ['One', 'Two', 'Three', 'Four'].map((value) => ({ type: 'ListViewItem', children: [text(value)] })),
  },
  automatic: { type: 'ListView', limit: 'auto', children: Array.from({ length: 7 }, (_, at) => ({ type: 'ListViewItem', children: [text(`Line ${at + 1}`)] })) },
  table: {
    type: 'Card',
    children: [{
      type: 'Table', id: 'table', key: 'table',
      children: [
        { type: 'Table.Row', header: true, id: 'head', key: 'head', children: [cell('Item', { id: 'c', key: 'c', colSize: 'lg' }), cell('Price', { align: 'end', width: 90 })] },
        { type: 'Table.Row', children: [cell('Tea', { vAlign: 'end', padding: { x: 5, y: 3 }, rowSpan: 2 }), cell('3.10', { align: 'center', vAlign: 'center' })] },
        { type: 'Table.Row', children: [cell('3.40', { align: 'start', vAlign: 'start' })] },
        { type: 'Table.Row', children: [cell('Tax is included', { colSpan: 2 })] },
        { type: 'Table.Row', children: (['xs', 'sm', 'md', 'xl'] as const).map((colSize) => cell(colSize, { colSize })) },
      ],
    }],
  },
  words: {
    type: 'Card',
    children: [
      { type: 'Title', id: 'title', key: 'title', value: 'A headline' }, { type: 'Caption', id: 'caption', key: 'caption', value: 'Small print' },
      { type: 'Text', id: 'text', key: 'text', value: '<b>Not bold</b>\nsecond line' },
      { type: 'Markdown', id: 'markdown', key: 'markdown', value: '**Bold**, [a link](https://example.com) and ![far](https://evil.example/x.png)', streaming: false },
      { type: 'Badge', id: 'badge', key: 'badge', label: 'New' }, { type: 'Icon', id: 'icon', key: 'icon', name: 'sparkle' }, { type: 'Icon', name: 'lucide:banana' },
      { type: 'Transition', id: 'one', key: 'one', children: { type: 'Text', value: 'One child' } }, { type: 'Transition', children: [text('Several'), text('children')] },
      { type: 'Col', id: 'col', key: 'col', children: [] }, { type: 'Row', id: 'row', key: 'row' }, { type: 'Box', id: 'box', key: 'box' }, { type: 'Form', id: 'form', key: 'form' },
    ],
  },
};
