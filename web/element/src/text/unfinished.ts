/**
 * Completes the last paragraph of a text that is still being written, so that what is bold does not first show its
 * stars, and a link not first its address.
 */
export function completed(source: string): string {
  const start = source.lastIndexOf('\n\n') + 1;
  const [before, tail] = [source.slice(0, start), source.slice(start)];
  if (/^\s*(```|~~~)/m.test(tail)) return source;
  return before + closeMarks(cutLink(tail));
}

/** `[words](https://exam` becomes `words`; a lone `[` or `![` at the end goes. */
function cutLink(text: string): string {
  return text.replace(/!?\[([^\][]*)(?:\]\([^)\s]*)?$/, (whole, words: string) => (whole.startsWith('!') ? '' : words));
}

function closeMarks(text: string): string {
  const marks: string[] = [];
  for (const [mark] of text.matchAll(/`+|\*\*\*|\*\*|~~|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|\\./g)) {
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
