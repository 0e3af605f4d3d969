import type { Token, Tokens } from 'marked';

/** `<details>` with all that is written in it: to Markdown these are several blocks, of which its tags are two. */
export interface Fold extends Tokens.Generic {
  type: 'fold';
  raw: string;
  /** What it says while it is closed, as HTML that is not yet to be trusted. */
  summary: string;
  tokens: Token[];
}

const TAG = /<!--[^]*?(?:-->|$)|<(\/?)details(?:\s[^<>]*)?>[ \t]*/gi;
const BEGIN = /^\s*<details(?:\s[^>]*)?>\s*<summary(?:\s[^>]*)?>([^]*?)<\/summary>/i;
const END = /<\/details>\s*$/i;

/**
 * A block of HTML up to where a fold ends or begins in it: behind a `</details>` whose beginning is not in the block, else before a
 * `<details>` whose end is not. To Markdown the block goes on to the next empty line.
 */
export function cutAtFold(block: Tokens.HTML): Tokens.HTML {
  const { begun, end } = block.pre ? { begun: [], end: undefined } : foldsIn(block.raw);
  const cut = end ?? begun.find((at) => block.raw.slice(0, at).trim() !== '');
  return cut === undefined ? block : html(block.raw.slice(0, cut));
}

/** Blocks with those of a fold as one. Without an end it goes to the end of the text, as it does in a browser. */
export function folded(blocks: Token[]): Token[] {
  const all: Token[] = [];
  const begun: number[] = [];
  const close = () => {
    const at = begun.pop();
    // Without a summary it is none, but has an end.
    if (at !== undefined && BEGIN.test(all[at]!.raw)) all.push(fold(all.splice(at)));
  };
  for (const block of blocks) {
    if (begins(block)) begun.push(all.length);
    all.push(block);
    if (ends(block)) close();
  }
  while (begun.length > 0) close();
  return all;
}

function begins(block: Token): boolean {
  return isHtml(block) && foldsIn(block.raw).begun.length > 0;
}

function ends(block: Token): boolean {
  return isHtml(block) && foldsIn(block.raw).end !== undefined;
}

function isHtml(block: Token): boolean {
  return block.type === 'html' && !(block as Tokens.HTML).pre;
}

/** Where each `<details>` stands that does not end here, up to behind the first `</details>` that does not begin here. */
function foldsIn(text: string): { begun: number[]; end?: number } {
  const begun: number[] = [];
  for (const { 0: tag, 1: slash, index } of text.matchAll(TAG)) {
    if (slash === '') begun.push(index);
    else if (slash === '/' && begun.pop() === undefined) return { begun, end: index + tag.length };
  }
  return { begun };
}

function fold(blocks: Token[]): Fold {
  const [first, ...rest] = blocks as [Token, ...Token[]];
  const [head, summary] = BEGIN.exec(first.raw)!;
  const tokens = [html(first.raw.slice(head.length)), ...rest.map((block) => (ends(block) ? html(block.raw.replace(END, '')) : block))];
  return { type: 'fold', raw: blocks.map(({ raw }) => raw).join(''), summary: summary!, tokens: tokens.filter(({ raw }) => raw.trim() !== '') };
}

function html(raw: string): Tokens.HTML {
  return { type: 'html', block: true, pre: false, raw, text: raw };
}
