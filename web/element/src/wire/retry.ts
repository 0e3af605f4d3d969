import { ChatKitError } from './errors';

const TRIES = 4;
/** In milliseconds: before the second try; each further wait is twice as long. */
const FIRST_WAIT = 500;
/** The longest that a server may ask to wait; for longer the visitor is told. */
const LONGEST_ASKED = 30_000;

/** Whether something that failed like this may be done once more by itself. */
type MayRepeat = (error: ChatKitError) => boolean;

/** For what comes to the same however often it is done. */
export const anyway: MayRepeat = (error) => error.isRetryable;
/** For what is done anew each time. */
export const ifNotDone: MayRepeat = (error) => error.nothingWasDone;

/** Tries a few times, longer apart each time, or as the server asks. */
export async function retrying<T>(attempt: () => Promise<T>, mayRepeat: MayRepeat, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof ChatKitError) || !mayRepeat(thrown) || tries === TRIES) throw thrown;
      const asked = (thrown.details.retryAfter ?? 0) * 1000;
      if (asked > LONGEST_ASKED) throw thrown;
      // Not all visitors at the same moment.
      await pause(Math.max(asked, FIRST_WAIT * 2 ** (tries - 1)) * (1 + Math.random() / 4), signal);
    }
  }
}

/** Waits, unless somebody stops it. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  return unlessAborted(time, signal).finally(() => clearTimeout(timer));
}

/** Waits until the browser is back in the network, and no longer than this. */
export async function pauseOrOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const online = new Promise<void>((resolve) => addEventListener('online', () => resolve(), { once: true, signal: over.signal }));
  try {
    await Promise.race([online, pause(milliseconds, AbortSignal.any([signal, over.signal]))]);
  } finally {
    over.abort();
  }
}

/** What `work` comes to, or at once the reason why it was stopped. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (signal == null) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    // First of all, so that how it ends is never left unhandled.
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}
