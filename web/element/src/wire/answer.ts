import type { Client, NumberedEvent, RunStream } from './client';
import { ChatKitError } from './errors';
import { pauseOrOnline } from './retry';

/** How often in a row a broken connection is taken up again; with the waits below, for half a minute. */
const RESUMES = 8;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;

/** What reading an answer to its end needs to know. */
export interface Reading {
  run: string | null;
  /** Where it begins; `null`: the run is to be asked for from its first event. */
  stream: RunStream | null;
  signal: AbortSignal;
  /** Whether more must come: a proxy may end a broken answer as if it were whole. */
  isUnfinished: () => boolean;
  onBreak: (after: number) => void;
}

/** The events of an answer to its end, each once, over lost connections where the server can go on. */
export async function* wholeAnswer(client: Client, reading: Reading): AsyncGenerator<NumberedEvent> {
  const { run } = reading;
  let stream = reading.stream;
  let last = 0;
  for (let broken = 0; ; ) {
    try {
      stream ??= await client.resume(run!, last, reading.signal);
      let heard = false;
      for await (const event of stream.events) {
        heard = true;
        // A server that goes on after a break may repeat itself.
        if (event.number !== 0 && event.number <= last) continue;
        last = Math.max(last, event.number);
        broken = 0;
        yield event;
      }
      if (stream.isAtEnd || (heard && !reading.isUnfinished())) return;
      throw new ChatKitError('The answer broke off.', 'incomplete');
    } catch (thrown) {
      if (!isBreak(thrown) || reading.signal.aborted) throw thrown;
      if (run === null || !client.knowsRuns || ++broken > RESUMES) throw thrown;
      reading.onBreak(last);
      const asked = (thrown.details.retryAfter ?? 0) * 1000;
      await pauseOrOnline(Math.max(asked, Math.min(FIRST_WAIT * 2 ** broken, LONGEST_WAIT)), reading.signal);
    }
    stream = null;
  }
}

/** Whether the answer may still go on elsewhere. */
function isBreak(thrown: unknown): thrown is ChatKitError {
  return thrown instanceof ChatKitError && (thrown.isRetryable || thrown.code === 'incomplete');
}
