import type { Source } from '../wire/protocol';

/** A mark in a text that leads to a source. */
export interface Mark {
  /** Behind how many characters (code points) of the source text it stands. */
  at: number;
  /** What is written on it. */
  label: string;
  source: Source;
}

/** A mark's place in a text. */
interface Place {
  at: number;
  number: number;
}

/** The signs around a mark's number in a text: of the private use area, and taken out of what others wrote. */
const [OPEN, CLOSE] = ['\uE100', '\uE101'];
const SIGN = /\uE100(\d+)\uE101/;
const SIGNS = new RegExp(SIGN, 'g');
const FOREIGN = /[\uE100\uE101]/g;

/** The marks before this place. */
export function marksBefore(marks: readonly Mark[], end: number): Mark[] {
  return marks.filter(({ at }) => at < end);
}

/** The places of the marks from this one on, counted from it. */
export function marksAt(marks: readonly Mark[], start: number): Place[] {
  return marks.flatMap(({ at }, number) => (at < start ? [] : [{ at: at - start, number }]));
}

/** The text with a sign at each mark's place. */
export function withMarks(source: string, places: Place[]): string {
  const clean = source.replace(FOREIGN, '\uFFFD');
  if (places.length === 0) return clean;
  const characters = [...clean];
  const sorted = places.map(({ at, number }) => ({ at: Math.min(at, characters.length), number })).sort((a, b) => b.at - a.at || b.number - a.number);
  for (const { at, number } of sorted) characters.splice(at, 0, OPEN + number + CLOSE);
  return characters.join('');
}

/** For texts that carry no marks, such as code. */
export function withoutMarks(text: string): string {
  return text.replace(SIGNS, '');
}

/** Puts what `make` returns in the place of each sign. */
export function replaceMarks(root: Node, make: (number: number) => Node | null): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (let node of texts) {
    for (let found = SIGN.exec(node.data); found !== null; found = SIGN.exec(node.data)) {
      const rest = node.splitText(found.index + found[0].length);
      node.deleteData(found.index, found[0].length);
      const mark = make(Number(found[1]));
      if (mark !== null) rest.before(mark);
      node = rest;
    }
  }
}
