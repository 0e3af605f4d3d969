import { ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';

/** Something to tell the visitor below the last item. */
export interface Notice {
  level: P.NoticeLevel | 'error';
  title?: string;
  /** Markdown for notices; plain text for errors. `undefined`: the element has its own words, by `cause`. */
  message?: string;
  /** Why there is no answer, where that is known. */
  cause?: 'network' | 'busy';
  /** What a button below it does. */
  retry?: () => Promise<void>;
  /** The same where it only reads: it is done by itself once there is a network again. */
  reread?: () => Promise<void>;
}

/** What the visitor reads of something that did not work. */
export function failure(error: Error): Notice {
  const notice: Notice = { level: 'error' };
  if (!(error instanceof ChatKitError)) return notice;
  if (error.code === 'network') notice.cause = 'network';
  else if (error.status === 429) notice.cause = 'busy';
  // What the server refuses it says in words for people; why it fails, the page is told and not the visitor.
  if (!error.isRetryable) notice.message = error.details.words;
  return notice;
}
