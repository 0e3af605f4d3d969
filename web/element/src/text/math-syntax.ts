import type { TokenizerExtension, Tokens } from 'marked';

/** A formula, in the notation that models write: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`. */
export interface Formula extends Tokens.Generic {
  type: 'formula';
  tex: string;
  display: boolean;
}

const BLOCK = /^ {0,3}(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n+|$)/;
// A price is no formula: no blank inside the dollars, no digit behind them, no words or full stop after a number.
const PRICE = String.raw`\d[\d.,]*[kKmMbB]?(?:[.,;:)\-/]|\s*[A-Za-z]{2,}|$)`;
const INLINE = new RegExp(
  [
    String.raw`^(?:\$\$([^$]+?)\$\$`,
    String.raw`\$(?![\s$]|${PRICE})((?:\\.|[^$\\\n\x60])+?)(?<!\s)\$(?!\d)`,
    String.raw`\\\(([\s\S]+?)\\\)`,
    String.raw`\\\[([\s\S]+?)\\\])`,
  ].join('|'),
);

export const blockFormula: TokenizerExtension = {
  name: 'formula',
  level: 'block',
  // Only where a line begins.
  start: (source) => indexOf(source, /(?<=\n) {0,3}(?:\$\$|\\\[)/),
  tokenizer(source) {
    const found = BLOCK.exec(source);
    return found === null ? undefined : formula(found[0], (found[1] ?? found[2])!, true);
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
    return formula(found[0], (found[1] ?? found[2] ?? found[3] ?? found[4])!, display);
  },
};

function formula(raw: string, tex: string, display: boolean): Formula {
  return { type: 'formula', raw, tex: tex.trim(), display };
}

function indexOf(source: string, sign: RegExp): number | undefined {
  const at = source.search(sign);
  return at < 0 ? undefined : at;
}
