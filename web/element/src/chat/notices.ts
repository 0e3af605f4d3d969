import { asError, ChatKitError, isAbort } from '../wire/errors';
import type * as P from '../wire/protocol';
import type { Emit } from './chat';
import type { Changes } from './signal';

/** What did not work: the visitor reads other words of each. */
export type Failed = 'answer' | 'opening' | 'action';

/** Something to tell the visitor below the last item, or above the list of conversations. */
export interface Notice {
  level: P.NoticeLevel | 'error';
  title?: string;
  /** Markdown for notices; plain text for errors. `undefined`: the element has its own words, by `cause`. */
  message?: string;
  /** Why something did not work, where that is known; else what. */
  cause?: 'network' | 'busy' | Failed;
  /** What a button below it does. */
  retry?: () => Promise<void>;
  /** What that is about: the message that it sends again, or the id of the item that was used. */
  about?: unknown;
  /** The same where it only reads: it is done by itself once there is a network again. */
  reread?: () => Promise<void>;
}

/** What is known of something that did not work. */
type Circumstances = Pick<Notice, 'about'> & { what?: Failed };

/** What stands there until somebody takes it away. */
export class Notices {
  all: Notice[] = [];

  constructor(
    private readonly emit: Emit,
    private readonly changes: Changes,
  ) {}

  push(notice: Notice): void {
    this.all.push(notice);
  }

  remove(notice: Notice): void {
    this.all = this.all.filter((other) => other !== notice);
    this.changes.mark();
  }

  clear(): void {
    this.all = [];
  }

  /** Whether one of them offers to send this again. */
  offers(about: unknown): boolean {
    return this.all.some((notice) => notice.retry !== undefined && notice.about === about);
  }

  /** Nothing offers to do this again any more. */
  withdraw(about: string): void {
    for (const notice of this.all) if (notice.about === about) notice.retry = undefined;
  }

  /** Something did not work: the visitor may try again, the page learns why. */
  fail(thrown: unknown, retry: () => Promise<void>, { what = 'answer', about }: Circumstances = {}): Notice {
    const error = asError(thrown);
    const notice = { ...failure(error, what), about };
    if (!(error instanceof ChatKitError) || error.mayTryAgain) {
      notice.retry = async () => {
        this.remove(notice);
        await retry().catch((again: unknown) => this.fail(again, retry, { what, about }));
      };
    }
    this.push(notice);
    this.report(thrown);
    return notice;
  }

  /** The same for what changes nothing when it is tried again. */
  failToRead(thrown: unknown, read: () => Promise<void>, circumstances?: Circumstances): void {
    const notice = this.fail(thrown, read, circumstances);
    if (notice.cause === 'network') notice.reread = notice.retry;
  }

  /** The same for what the visitor does once more where they did it. However often that fails, it is said once. */
  failToDo(thrown: unknown): void {
    const notice = failure(asError(thrown), 'action');
    this.all = this.all.filter(({ cause, message, retry }) => retry !== undefined || cause !== notice.cause || message !== notice.message);
    this.push(notice);
    this.report(thrown);
    this.changes.mark();
  }

  /** The answer failed at the server. `anew` has it given once more. */
  takeError({ message, code, allow_retry }: Extract<P.ThreadEvent, { type: 'error' }>, anew: Notice['retry']): void {
    this.push({ level: 'error', message, retry: allow_retry ? anew : undefined });
    this.report(new ChatKitError(message ?? 'The answer failed.', code ?? 'stream.error'));
  }

  /** Something that the page learns, and the visitor does not. */
  report(thrown: unknown): void {
    if (!isAbort(thrown)) this.emit('chatkit.error', { error: asError(thrown) });
  }
}

/** What the visitor reads of something that did not work. */
function failure(error: Error, what: Failed): Notice {
  const notice: Notice = { level: 'error', cause: what };
  if (!(error instanceof ChatKitError)) return notice;
  if (error.code === 'network') notice.cause = 'network';
  else if (error.status === 429) notice.cause = 'busy';
  notice.message = error.wordsToVisitor;
  return notice;
}
