import type { ChatKitOptions } from '@openai/chatkit';
import type { Session } from '../chat/session';
import type { Changes } from '../chat/signal';
import type { Emit } from '../chat/chat';
import type { Locale } from '../locale/locale';

/** What every part of the picture is drawn from. */
export interface View {
  options: ChatKitOptions;
  session: Session;
  locale: Locale;
  emit: Emit;
  changes: Changes;
  /** The element, for focus and for dialogs. */
  host: HTMLElement;
}
