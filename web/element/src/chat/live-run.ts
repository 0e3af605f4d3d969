import type { Client, NumberedEvent } from '../wire/client';
import { ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';

/** How long a stop may take, in milliseconds. */
const STOP_WITHIN = 5_000;

/** The answer that is being given. */
export interface LiveRun {
  id: string | null;
  /** Whether the server has begun to answer. */
  hasBegun: boolean;
  abort: AbortController;
  allowCancel: boolean;
  stopping: boolean;
  progress: { icon?: string; text: string } | null;
  /** The number of its last event that has been taken. */
  last: number;
  /** Whether its last event may be the end: nothing of it was being said or prepared. */
  isSettled: boolean;
  /** Whether it told of items that were known before, and may have told old news: they are read once more in the end. */
  isStale: boolean;
  /** Whether it has ended with an error. */
  isOver: boolean;
  /** Whether an event could not be read. The page is told once. */
  isBroken: boolean;
  /** Whether it did not come to its end here. */
  hasFailed: boolean;
  /** Its end, or that it is not watched any more. */
  over: Promise<void>;
  /** Brings that about. */
  end: () => void;
  /** What the visitor says with it; `undefined`: nothing, or it is only watched. */
  said: unknown;
  /** Whether this chat does what the answer asks of the page; else another tab does. */
  isOwn: boolean;
}

/** What going on with an answer needs to know of it. */
export interface Rest extends Pick<LiveRun, 'isOwn' | 'said'> {
  /** The number of the last event whose notices and effects have been seen. */
  heard: number;
}

/** What is known already when an answer is taken up again. */
export interface Known extends Pick<Rest, 'heard'> {
  /** Items that are there. */
  items: ReadonlySet<string>;
}

export const NOTHING_KNOWN: Known = { items: new Set(), heard: 0 };

export function newRun(id: string | null, isOwn: boolean, said: unknown): LiveRun {
  let end!: () => void;
  const over = new Promise<void>((resolve) => (end = resolve));
  return {
    id, isOwn, said, hasBegun: id !== null, over, end, abort: new AbortController(), allowCancel: true, stopping: false, progress: null, last: 0,
    isSettled: false, isOver: false, isBroken: false, isStale: false, hasFailed: false,
  };
}

/** Whether an answer may well end after this event; `undefined`: it says nothing about that. */
export function settles(event: P.ThreadEvent): boolean | undefined {
  switch (event.type) {
    case 'thread.item.done':
      return event.item.type !== 'user_message';
    case 'thread.item.replaced':
    case 'thread.item.removed':
      return true;
    case 'thread.item.added':
    case 'thread.item.updated':
    case 'progress_update':
      return false;
    default:
      return undefined;
  }
}

/** Whether an event tells of an item what is known, or what was once: the run is stale where that cannot be told apart. */
export function isKnown(run: LiveRun, event: P.ThreadEvent, { items }: Known): boolean {
  switch (event.type) {
    case 'thread.item.added':
      return items.has(event.item.id);
    case 'thread.item.updated':
      return items.has(event.item_id);
    case 'thread.item.done':
    case 'thread.item.replaced':
      if (event.item.type === 'user_message' || !items.has(event.item.id)) return false;
      run.isStale = true;
      // A visitor may have used it since. Others may have been read before they were done.
      return event.type === 'thread.item.done' && event.item.type === 'widget';
    default:
      return false;
  }
}

/** Stops a run. What was said so far stays. */
export async function stop(run: LiveRun, client: Client): Promise<void> {
  if (!client.knowsRuns) return run.abort.abort();
  // The server says what becomes of every item; a connection that is gone does not.
  const late = setTimeout(() => run.abort.abort(), STOP_WITHIN);
  run.abort.signal.addEventListener('abort', () => clearTimeout(late), { once: true });
  // An answer that has not begun is stopped as soon as it has.
  if (run.hasBegun) await cancel(run, client);
}

/** Has the server stop it. Where a run has no name, it ends with its connection. */
export async function cancel({ id, abort }: LiveRun, client: Client): Promise<void> {
  if (id === null) return abort.abort();
  await client.cancel(id).catch(() => abort.abort());
}

/** What the page is told, once, of a run with an event that makes no sense. */
export function unreadable(run: LiveRun, { number }: NumberedEvent, cause: unknown): ChatKitError {
  run.isBroken = true;
  const which = number === 0 ? 'An event' : `Event ${number}`;
  return new ChatKitError(`${which} of the answer cannot be read.`, 'invalid_event', { cause });
}
