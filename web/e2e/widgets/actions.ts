import type { Component } from '../harness/widgets.js';

const text = (value: string): Component => ({ type: 'Text', value });
const button = (label: string, action: Record<string, unknown>, more: Record<string, unknown> = {}): Component => ({ type: 'Button', label, onClickAction: action, ...more });

/** The widgets that are clicked, by what is asked for. */
export const clicked: Record<string, Component> = {
  buttons: {
    type: 'Card', key: 'buttons',
    children: [
      text('Nothing yet'),
      button('Add', { type: 'add', payload: { sku: 7, deep: { kept: [1, null] } }, handler: 'server', streaming: true }, { key: 'add', id: 'add' }),
      button('List', { type: 'quiet', payload: [1, 'two'] }),
      button('Bare', { type: 'quiet' }),
      button('Toggle', { type: 'toggle', streaming: false }),
      button('Nothing', { type: 'nothing', streaming: false, loadingBehavior: 'self' }),
      button('Off', { type: 'quiet' }, { disabled: true }),
      { type: 'Button', iconStart: 'star', iconEnd: 'chevron-right', onClickAction: { type: 'quiet' } },
    ],
  },
  loading: {
    type: 'Card',
    children: [
      text('Busy'),
      ...['auto', 'self', 'container', 'none'].map((loadingBehavior) => button(loadingBehavior, { type: 'endless', loadingBehavior })),
      button('broken', { type: 'broken', loadingBehavior: 'container' }),
      button('refused', { type: 'nobody', streaming: false }),
      { type: 'Select', name: 'pick', placeholder: 'Pick', options: [{ value: 'a', label: 'A' }], onChangeAction: { type: 'endless', loadingBehavior: 'self' } },
    ],
    confirm: { label: 'Confirm', action: { type: 'endless' } },
    cancel: { label: 'Cancel', action: { type: 'endless', loadingBehavior: 'self' } },
  },
  client: {
    type: 'Card',
    children: [button('Here', { type: 'here', handler: 'client', payload: { at: 'home' } }), button('Also', { type: 'also', handler: 'client' })],
  },
  changes: {
    type: 'Card',
    children: [
      { type: 'Select', name: 'order.size', key: 'k', id: 'size', placeholder: 'Size', defaultValue: 's', options: [{ value: 's', label: 'Small' }, { value: 'l', label: 'Large' }], onChangeAction: { type: 'quiet', payload: { order: { id: 4 } } } },
      { type: 'Checkbox', name: 'gift', id: 'gift', key: 'gift', label: 'A gift', onChangeAction: { type: 'quiet' } },
      { type: 'RadioGroup', name: 'pay', id: 'pay', key: 'pay', options: [{ label: 'Cash', value: 'cash' }, { label: 'Card', value: 'card' }], onChangeAction: { type: 'quiet' } },
      { type: 'DatePicker', name: 'day', id: 'day', key: 'day', onChangeAction: { type: 'quiet' } },
    ],
  },
  nested: {
    type: 'ListView',
    children: [{
      type: 'ListViewItem', onClickAction: { type: 'quiet', payload: 'outer' },
      children: [text('Around'), { type: 'Box', padding: 4, onClickAction: { type: 'quiet', payload: 'inner' }, children: [text('Within'), button('Deepest', { type: 'quiet', payload: 'deepest' })] }],
    }],
  },
  lines: {
    type: 'ListView', id: 'list', key: 'list',
    children: [
      { type: 'ListViewItem', id: 'one', key: 'one', gap: 2, align: 'start', onClickAction: { type: 'quiet', payload: { line: 1 } }, children: [text('First line'), button('Inner', { type: 'quiet', payload: { inner: true } })] },
      { type: 'ListViewItem', children: [{ type: 'Box', onClickAction: { type: 'quiet', payload: { box: true } }, children: [text('A box')] }] },
    ],
  },
};

const oranges = { type: 'thread.item.replaced', item: { id: 'shown', type: 'widget', widget: { type: 'Card', children: [text('One orange')] } } };

/** What the server answers clicks with. */
export const answers = {
  actions: { add: [oranges, { say: 'Added.' }], quiet: [], endless: [{ hang: true }], slow: [{ pause: '700ms' }, { say: 'Done.' }], broken: [{ crash: 'the shelf fell down' }] },
  sync_actions: { toggle: { type: 'widget', widget: { type: 'Card', children: [text('Toggled')] } }, nothing: null },
};

/** What a page shows of an entity. */
export const preview: Component = {
  type: 'Basic',
  children: [text('Ada, born 1815'), button('Open', { type: 'open', handler: 'client', payload: { id: 'ada' } }), button('Follow', { type: 'quiet' })],
};
