import type * as P from '../wire/protocol';

/** The title of a thread; `''` where it has none, or nothing but blanks. */
export function titleOf(thread: P.Thread | null): string {
  const title: unknown = thread?.title;
  return typeof title === 'string' ? title.trim() : '';
}
