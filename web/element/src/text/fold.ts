import type { Token, Tokens } from 'marked';

/** `<details>` with all that is written in it: to Markdown these are several blocks, of which its tags are two. */
export interface Fold extends Tokens.Generic {
  type: 'fold';
  raw: string;
  /** What it says while it is closed, as HTML that is not yet to be trusted. */
  summary: string;
  tokens: Token[];
}

const BEGIN = /^\s*<details(?:\s[^>]*)?>\s*<summary(?:\s[^>]*)?>([^]*?)<\/summary>/i;
const END = /<\/details>\s*$/i;

/** Blocks with those of a fold as one. Without an end it goes to the end of the text, as it does in a browser. */
export function folded(blocks: Token[]): Token[] {
  const all: Token[] = [];
  const begun: number[] = [];
  for (const block of blocks) {
    const depth = depthOf(block);
    if (depth === 1 && BEGIN.test(block.raw)) begun.push(all.length);
    all.push(block);
    if (depth === -1 && END.test(block.raw) && begun.length > 0) all.push(fold(all.splice(begun.pop()!)));
  }
  while (begun.length > 0) all.push(fold(all.splice(begun.pop()!)));
  return all;
}

/** How many more `<details>` begin in a block than end. */
function depthOf({ type, raw }: Token): number {
  return type === 'html' ? (raw.match(/<details\b/gi)?.length ?? 0) - (raw.match(/<\/details\b/gi)?.length ?? 0) : 0;
}

function fold(blocks: Token[]): Fold {
  const [first, ...rest] = blocks as [Token, ...Token[]];
  const [head, summary] = BEGIN.exec(first.raw)!;
  const tokens = [html(first.raw.slice(head.length)), ...rest.map((block) => (depthOf(block) === -1 ? html(block.raw.replace(END, '')) : block))];
  return { type: 'fold', raw: blocks.map(({ raw }) => raw).join(''), summary: summary!, tokens: tokens.filter(({ raw }) => raw.trim() !== '') };
}

function html(raw: string): Tokens.HTML {
  return { type: 'html', block: true, pre: false, raw, text: raw };
}
