import { html, nothing } from 'lit';
import type * as P from '../../wire/protocol';
import type { View } from '../view';
import { assistantMessage } from './assistant-message';
import { generatedImage } from './generated-image';
import { structuredInput } from './structured-input';
import { taskItem } from './task';
import { userMessage } from './user-message';
import { workflow } from './workflow';

/** How an item stands. */
export interface Standing {
  /** It is still being written. */
  open: boolean;
  /** An answer is being given: nothing can be sent. */
  busy: boolean;
}

/** One entry of the conversation. A kind that this version does not know shows nothing. */
export function item(view: View, one: P.ThreadItem, standing: Standing): unknown {
  switch (one.type) {
    case 'user_message':
      return userMessage(view, one);
    case 'assistant_message':
      return assistantMessage(view, one, standing);
    case 'widget':
      return html`<chatkitd-widget .item=${one} .view=${view} ?busy=${standing.busy}></chatkitd-widget>`;
    case 'generated_image':
      return generatedImage(view, one, standing);
    case 'structured_input':
      return structuredInput(view, one, standing);
    case 'workflow':
      return workflow(view, one, standing);
    case 'task':
      return taskItem(view, one, standing);
    default:
      return nothing;
  }
}
