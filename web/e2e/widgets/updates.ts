import type { Component } from '../harness/widgets.js';

const input = { type: 'Input', name: 'name', placeholder: 'Name' };
const list = { type: 'ListView', limit: 1, children: ['One', 'Two'].map((value) => ({ type: 'ListViewItem', children: [{ type: 'Text', value }] })) };

/** A widget that changes while somebody writes in it. */
export const written: Component = {
  type: 'Card',
  children: [
    { type: 'Text', id: 'count', value: 'Zero' }, input,
    { type: 'Checkbox', name: 'agree', label: 'I agree' }, { type: 'Select', name: 'size', placeholder: 'Size', options: [{ value: 's', label: 'Small' }, { value: 'l', label: 'Large' }] },
    { type: 'Text', id: 'stream', value: 'Once', streaming: true }, { type: 'Markdown', id: 'story', value: 'It *was*', streaming: true }, { type: 'Text', value: 'Mine', editable: { name: 'note' } },
    { type: 'Basic', children: [list] },
  ],
};

const update = (change: Record<string, unknown>) => ({ type: 'thread.item.updated', item_id: 'shown', update: change });
const { children } = written as unknown as { children: Component[] };
const before = [{ type: 'Badge', label: 'New' }, { type: 'Text', value: 'Something new' }, { type: 'Input', name: 'other', placeholder: 'Other' }];

/** What changes it. */
export const updates = {
  component: [update({ type: 'widget.component.updated', component_id: 'count', component: { type: 'Text', id: 'count', value: 'One' } })],
  stream: [
    ...[' upon', ' a', ' time'].map((delta) => update({ type: 'widget.streaming_text.value_delta', component_id: 'stream', delta, done: delta === ' time' })),
    update({ type: 'widget.streaming_text.value_delta', component_id: 'story', delta: ' **long**', done: false }), update({ type: 'widget.streaming_text.value_delta', component_id: 'story', delta: ' ago.', done: true }),
  ],
  root: [update({ type: 'widget.root.updated', widget: { ...written, children: [...before, ...children, { type: 'Divider' }] } })],
  replace: [{ type: 'thread.item.replaced', item: { id: 'shown', type: 'widget', widget: { ...written, children: [...before, ...children] } } }],
};
