import type { Source } from '../wire/protocol';

/** A mark in a text that leads to a source. */
export interface Mark {
  /** Behind how many characters (code points) of the source text it stands. */
  at: number;
  /** What is written on it. */
  label: string;
  source: Source;
}

/** A mark's place in a text, counted as JavaScript does. */
export interface Place {
  at: number;
  number: number;
}

/** The signs around a mark's number in a text: of the private use area, and taken out of what others wrote. */
const [OPEN, CLOSE] = ['\uE100', '\uE101'];
const SIGN = /\uE100(\d+)\uE101/;
const SIGNS = new RegExp(SIGN, 'g');
const FOREIGN = /[\uE100\uE101]/g;

/** Marks as they stand in a text in which each CRLF of the source is a line feed. */
export function withoutReturns(marks: readonly Mark[], source: string): readonly Mark[] {
  if (marks.length === 0 || !source.includes('\r\n')) return marks;
  let returns = 0;
  const before = [...source].map((character, at, all) => (character === '\r' && all[at + 1] === '\n' ? returns++ : returns));
  return marks.map((mark) => ({ ...mark, at: mark.at - (before[mark.at] ?? returns) }));
}

/** Whether a mark stands in the first characters of a text. At their end it does: it is for the words before it. */
function isWithin({ at }: Mark, characters: number): boolean {
  return characters > 0 && at <= characters;
}

/** The marks in the first characters of a text. */
export function marksWithin(marks: readonly Mark[], characters: number): Mark[] {
  return marks.filter((mark) => isWithin(mark, characters));
}

/** The places of the other ones in the text that follows these characters, in their order. */
export function placesIn(text: string, marks: readonly Mark[], characters: number): Place[] {
  const places = marks.flatMap((mark, number) => (isWithin(mark, characters) ? [] : [{ at: mark.at - characters, number }]));
  if (places.length === 0) return places;
  const ends = [0];
  for (const character of text) ends.push(ends.at(-1)! + character.length);
  return places.map(({ at, number }) => ({ at: ends[at] ?? text.length, number })).sort((a, b) => a.at - b.at || a.number - b.number);
}

/** What stands in a text until the mark is put there. */
export function signOf(number: number): string {
  return OPEN + number + CLOSE;
}

/** A text in which nobody else wrote such signs. */
export function withoutForeignSigns(source: string): string {
  return source.replace(FOREIGN, '\uFFFD');
}

/** For texts that carry no marks, such as labels. */
export function withoutSigns(text: string): string {
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
