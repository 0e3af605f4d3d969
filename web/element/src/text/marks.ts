import type { Source } from '../wire/protocol';

/** A mark in a text that leads to a source. */
export interface Mark {
  /** Behind how many characters of the source text it stands. */
  at: number;
  /** What is written on it. */
  label: string;
  source: Source;
}
