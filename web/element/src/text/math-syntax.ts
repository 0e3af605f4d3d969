import type { TokenizerExtension, Tokens } from 'marked';

/** A formula, in the notations that models write: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, and GitHub's own, `` $`…`$ `` and fences with `math`. */
export interface Formula extends Tokens.Generic {
  type: 'formula';
  tex: string;
  display: boolean;
  /** It is a fence that does not end; all that follows is in it. */
  isEndless?: boolean;
}

const BLOCK = /^ {0,3}(?:\$\$((?:(?!\$\$)[^])+)\$\$|\\\[((?:(?!\\\])[^])+)\\\])[ \t]*(?:\n+|$)/;
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*math[ \t]*(?:\n([^]*?)(?:(?<=\n) {0,3}(\1[`~]*)[ \t]*(?:\n+|$)|$)|$)/;
// A price is no formula: no blank inside the dollars, no digit behind them, no words or full stop after a number, nor words in a
// parenthesis that does not end within the dollars.
const PRICE = String.raw`\d+(?:[.,]\d+)*(?![.,]?\d)[kKmMbB]?(?:[.,;:)\-/]|(?:\s*|\s+\((?![^$)]*\)))[A-Za-z]{2,}|$)`;
const INLINE = new RegExp(
  [
    String.raw`^(?:\$\$([^$]+?)\$\$`,
    String.raw`\$(?![\s$]|${PRICE})((?:\\.|[^$\\\n\x60])+?)(?<!\s)\$(?!\d)`,
    String.raw`\\\(([\s\S]+?)\\\)`,
    String.raw`\\\[([\s\S]+?)\\\]`,
    String.raw`\$\x60([^\x60\n]+)\x60\$)`,
  ].join('|'),
);

export const blockFormula: TokenizerExtension = {
  name: 'formula',
  level: 'block',
  // Only where a line begins.
  start: (source) => indexOf(source, /(?<=\n) {0,3}(?:\$\$|\\\[)/),
  tokenizer(source) {
    const found = BLOCK.exec(source);
    if (found !== null) return formula(found[0], (found[1] ?? found[2])!, true);
    const fence = FENCE.exec(source);
    return fence === null ? undefined : { ...formula(fence[0], fence[2] ?? '', true), isEndless: fence[3] === undefined };
  },
};

export const inlineFormula: TokenizerExtension = {
  name: 'formula',
  level: 'inline',
  start: (source) => indexOf(source, /\$|\\\(|\\\[/),
  tokenizer(source) {
    const found = INLINE.exec(source);
    if (found === null) return undefined;
    const display = found[1] !== undefined || found[4] !== undefined;
    return formula(found[0], found.slice(1).find((tex) => tex !== undefined)!, display);
  },
};

function formula(raw: string, tex: string, display: boolean): Formula {
  return { type: 'formula', raw, tex: tex.trim(), display };
}

function indexOf(source: string, sign: RegExp): number | undefined {
  const at = source.search(sign);
  return at < 0 ? undefined : at;
}
