import type { Widgets } from '@openai/chatkit';
import type { View } from '../views/view';
import { callbackError, ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';
import type { Deed } from './context';
import { formValues, withValues, type Value } from './payload';

/** Does what an action asks for, at the server or on the page, and waits until it is done. */
export async function perform(view: View, item: P.WidgetItem, { action, element, value }: Deed): Promise<void> {
  const { payload, taken } = withValues(action.payload, valuesAt(element, value));
  if (taken.length > 0) view.emit('chatkit.error', { error: collision(action, taken) });
  const sent: P.Action = { type: action.type };
  if (payload !== undefined) sent.payload = payload;
  if (action.handler === 'client') return askPage(view, item, sent);
  const { chat } = view.session;
  // The preview of an entity is the page's own: the server knows no such item.
  const sender = chat.items.get(item.id)?.id;
  await chat.act(sent, sender, { streaming: action.streaming !== false });
}

/** What the form holds that this is in, and the field's own value. */
function valuesAt(element: Element, value: Value | undefined): Value[] {
  const form = element.closest('form');
  const values = form === null ? [] : formValues(form);
  return value === undefined || values.some(([name]) => name === value[0]) ? values : [...values, value];
}

function collision(action: P.ActionConfig, taken: string[]): ChatKitError {
  const names = taken.map((name) => `"${name}"`).join(', ');
  return new ChatKitError(`The payload of the action "${action.type}" has no place for ${names}: the value of the field was left out.`, 'payload_collision');
}

async function askPage(view: View, item: P.WidgetItem, action: P.Action): Promise<void> {
  const { onAction } = view.options.widgets ?? {};
  if (onAction === undefined) throw new ChatKitError(`The page has no widgets.onAction for "${action.type}".`, 'no_widget_handler');
  const widget = item.widget as unknown as Widgets.Card;
  try {
    await onAction({ type: action.type, payload: action.payload as Record<string, unknown> | undefined }, { id: item.id, widget });
  } catch (thrown) {
    throw callbackError('widgets.onAction', thrown);
  }
}
