/**
 * What is still being written looks like something else at first: a rule like a heading, what is bold like stars. The
 * reader shall not see it change its mind.
 */

/** A last line that says nothing yet: it may become a list, a heading, a rule, a fence. */
const BARE_SIGN = /(^|\n)[ \t>]*(?:[-=*+_]{1,2}|#{1,6}|\d{1,3}[.)]|`{1,2}|~{1,2}|[-*+] \[.?\]?|<\/?\w*)[ \t]*$/;
/** What is folded away, before it says what it is. */
const BARE_FOLD = /<details[^<>]*>\s*$/i;
/** The same below another line, where a number alone is the beginning of a list. */
const NUMBER_BELOW = /\n[ \t>]*\d{1,3}$/;
/** Where a link leads that a text uses at other places: nothing is to be seen of it, whether its title has an end or not. */
const DEFINITION = /(?:^|(?<=\n[ \t]*\n))((?: {0,3}\[[^\][\n]+\]:.*\n)*) {0,3}\[[^\][\n]+\]:[ \t]*\S*(?:[ \t]+(?:"[^"\n]*"?|'[^'\n]*'?|\([^)\n]*\)?)?[ \t]*)?$/;
/** A formula that stands by itself and has no end yet. */
const OPEN_FORMULA = /^[ \t]*(?:\$\$(?!.*\$\$)|\\\[(?!.*\\\])).*$/s;

/** The mark of a quote that is a note or a warning, as far as it has come. */
const ALERT = /^\[!\w*$/;

/** Whether this is the beginning of a formula, whatever is in it. */
export function isOpenFormula(paragraph: string): boolean {
  return OPEN_FORMULA.test(paragraph);
}

/** A text without the line that says nothing yet. */
export function withoutBareSign(source: string): string {
  return source.replace(NUMBER_BELOW, '').replace(BARE_SIGN, '$1').replace(BARE_FOLD, '').replace(DEFINITION, '$1');
}

/** The words of a block as they would be if nothing came after them. */
export function completed(words: string): string {
  if (isOpenFormula(words) || isTableHead(words) || ALERT.test(words)) return '';
  return closeMarks(cutFormula(cutLink(words)));
}

/** A table shows once the line below its head has come. */
function isTableHead(words: string): boolean {
  return /^[ \t]*\|[^\n]*(\n[ \t]*\|?[ \t:|-]*)?$/.test(words);
}

const LABEL = String.raw`\[((?:[^\][]|\[[^\][]*\])*)`;
const ADDRESS = String.raw`<[^>\n]*>?|(?:[^()\s]|\([^()\s]*(?:\)|$))*`;
const TITLE = String.raw`"[^"]*"?|'[^']*'?|\([^)]*\)?`;
const OPEN_LINK = new RegExp(String.raw`!?${LABEL}(?:\](?:\[[^\][]*|\((?:${ADDRESS})(?:\s+(?:(?:${TITLE})\s*)?)?)?)?$`);

/** `[words](https://exam` becomes `words`; a lone `[` or `![` at the end goes. Twice, since a picture may be a link. */
function cutLink(words: string): string {
  const cut = (text: string) => text.replace(OPEN_LINK, (whole, label: string) => (whole.startsWith('!') ? '' : label));
  return cut(cut(words));
}

/** A formula within a line shows when it is whole. A dollar before a digit is a price; before much else, no formula. */
function cutFormula(words: string): string {
  return words
    .replace(/\\(?:\((?!.*\\\)).*|\[(?!.*\\\]).*)?$/s, '')
    .replace(/\$\$(?:(?!\$\$).)*$/s, (tail, at: number) => (isPaired(words.slice(0, at), /\$\$/g) ? '' : tail))
    .replace(/\$\x60[^\x60\n]*\x60?$/, (tail, at: number) => (isPaired(words.slice(0, at), /`+/g) ? '' : tail))
    .replace(/\$(?![\s\d])[^$\n\x60]{0,80}$/, (tail, at: number) => (isPaired(words.slice(0, at), /\$/g) ? '' : tail));
}

/** Whether each of these signs that opens something is followed by one that closes it. */
function isPaired(words: string, sign: RegExp): boolean {
  return (words.match(sign)?.length ?? 0) % 2 === 0;
}

/** A sign that something begins with, and where it stands. */
interface Mark {
  sign: string;
  at: number;
}

/** The escaped and the addresses of links have no signs, and neither has code that has an end. */
const SIGNS = /\\[^]|\]\((?:[^()\s]|\([^()\s]*\))*|(`+)[^]*?(?:((?<!`)\1(?!`))|$)|\*\*\*?|~~|(?<![\w*])\*(?!\s)|(?<=\S)\*(?![\w*])|(?<!\w)__?(?!\s)|(?<=\S)__?(?!\w)/g;

/** The signs that have no end yet. */
function openMarks(text: string): Mark[] {
  const open: Mark[] = [];
  for (const { 0: found, 1: ticks, 2: end, index: at } of text.matchAll(SIGNS)) {
    if (/^[\\\]]/.test(found) || end !== undefined) continue;
    const sign = ticks ?? found;
    const [before = ' ', after = ''] = [text[at - 1], text[at + sign.length]];
    if (open.at(-1)?.sign === sign && !/\s/.test(before)) open.pop();
    else if (ticks !== undefined || !/\w/.test(before) && !/\s/.test(after)) open.push({ sign, at });
  }
  return open;
}

function closeMarks(text: string): string {
  const marks = openMarks(text);
  let end = text;
  for (let last = marks.at(-1); last !== undefined; last = marks.at(-1)) {
    const begin = last.at + last.sign.length;
    const body = withoutHalf(end.slice(begin), last.sign);
    end = end.slice(0, begin) + body;
    if (body.trim() !== '') break;
    // A mark that nothing follows yet is not shown at all.
    end = end.slice(0, last.at);
    marks.pop();
  }
  // A blank before the end of code is a part of it; before another one, it is none.
  const words = marks.at(-1)?.sign.startsWith('`') ? end : end.trimEnd();
  return words + marks.reverse().map(({ sign }) => sign).join('') + end.slice(words.length);
}

/** Without the first half of the sign that ends it. */
function withoutHalf(body: string, sign: string): string {
  const half = /(?<!\\)([`*_~])\1*$/.exec(body);
  return half !== null && half[1] === sign[0] ? body.slice(0, half.index) : body;
}
