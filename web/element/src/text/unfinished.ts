/**
 * What is still being written looks like something else at first: a rule like a heading, what is bold like stars. The
 * reader shall not see it change its mind.
 */

/** A last line that says nothing yet: it may become a list, a heading, a rule, a fence. */
const BARE_SIGN = /(^|\n)[ \t>]*(?:[-=*+_]{1,2}|#{1,6}|\d{1,3}[.)]|`{1,2}|~{1,2}|[-*+] \[.?\]?)[ \t]*$/;
/** The same below another line, where a number alone is the beginning of a list. */
const NUMBER_BELOW = /\n[ \t>]*\d{1,3}$/;
/** A formula that stands by itself and has no end yet. */
const OPEN_FORMULA = /^[ \t]*(?:\$\$(?!.*\$\$)|\\\[(?!.*\\\])).*$/s;

/** Whether this is the beginning of a formula, whatever is in it. */
export function isOpenFormula(paragraph: string): boolean {
  return OPEN_FORMULA.test(paragraph);
}

/** A text without the line that says nothing yet. */
export function withoutBareSign(source: string): string {
  return source.replace(NUMBER_BELOW, '').replace(BARE_SIGN, '$1');
}

/** The words of a block as they would be if nothing came after them. */
export function completed(words: string): string {
  if (isOpenFormula(words) || isTableHead(words)) return '';
  return closeMarks(cutFormula(cutLink(words)));
}

/** A table shows once the line below its head has come. */
function isTableHead(words: string): boolean {
  return /^[ \t]*\|[^\n]*(\n[ \t]*\|?[ \t:|-]*)?$/.test(words);
}

/** `[words](https://exam` becomes `words`; a lone `[` or `![` at the end goes. */
function cutLink(words: string): string {
  return words.replace(/!?\[([^\][]*)(?:\](?:\([^)\s]*(?: "[^"]*"?)?)?)?$/, (whole, label: string) => (whole.startsWith('!') ? '' : label));
}

/** A formula within a line shows when it is whole. A dollar before a digit is a price; before much else, no formula. */
function cutFormula(words: string): string {
  return words
    .replace(/\\(?:\((?!.*\\\)).*|\[(?!.*\\\]).*)?$/s, '')
    .replace(/\$\$(?:(?!\$\$).)*$/s, (tail, at: number) => (isPaired(words.slice(0, at), /\$\$/g) ? '' : tail))
    .replace(/\$(?![\s\d])[^$\n]{0,80}$/, (tail, at: number) => (isPaired(words.slice(0, at), /\$/g) ? '' : tail));
}

/** Whether each of these signs that opens something is followed by one that closes it. */
function isPaired(words: string, sign: RegExp): boolean {
  return (words.match(sign)?.length ?? 0) % 2 === 0;
}

function closeMarks(text: string): string {
  const marks: string[] = [];
  for (const [mark] of text.matchAll(/`+|\*\*\*|\*\*|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)|~~|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|\\./g)) {
    if (mark.startsWith('\\')) continue;
    const code = marks.at(-1)?.startsWith('`');
    if (code && mark !== marks.at(-1)) continue;
    if (marks.at(-1) === mark) marks.pop();
    else marks.push(mark);
  }
  // A mark that nothing follows yet is not shown at all.
  let end = text;
  while (marks.length > 0 && end.endsWith(marks.at(-1)!)) end = end.slice(0, -marks.pop()!.length);
  const trailing = /\s*$/.exec(end)![0];
  return end.slice(0, end.length - trailing.length) + marks.reverse().join('') + trailing;
}
