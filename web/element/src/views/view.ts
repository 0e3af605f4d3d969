import type { ChatKitOptions } from '@openai/chatkit';
import type { Session } from '../chat/session';
import type { Changes } from '../chat/signal';
import type { Emit } from '../chat/chat';
import type { Locale } from '../locale/locale';
import type { Announcer } from './announcement';
import type { Follower } from './scroll';
import type { Suggestions } from './suggestions';

/** What every part of the picture is drawn from. */
export interface View {
  options: ChatKitOptions;
  session: Session;
  locale: Locale;
  emit: Emit;
  changes: Changes;
  /** The element, for focus and for dialogs. */
  host: HTMLElement;
  /** The view as it is by then, for what outlasts a drawing, as the three below do. */
  latest: () => View;
  announcer: Announcer;
  follower: Follower;
  suggestions: Suggestions;
}
