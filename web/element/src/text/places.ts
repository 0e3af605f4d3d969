import type { Token, Tokens } from 'marked';
import { blocksWithin, visible, type Block, type TablePart } from './blocks';
import { signOf, type Place } from './marks';

/** What words stand in: a block without others, or a cell of a table. */
export type Leaf = Token | Tokens.TableCell;

export function leafOf(block: Block): Leaf {
  return (block as TablePart).cell ?? (block as Token);
}

/** A line of words, and where in a text it was written. */
interface Line {
  leaf: Leaf;
  /** Where it begins in the words. */
  from: number;
  /** Where it begins in the text. */
  at: number;
  length: number;
}

/** A mark that has found its words. */
interface Placed {
  block: Token;
  /** Which of the block's lines it is in. */
  line: number;
  leaf: Leaf;
  /** Where it is in the words. */
  place: Place;
}

/**
 * Finds the words of each mark: the last line that begins before it. A mark is for what stands before it, and so it also is when it
 * was put between two lines, or into the signs that one begins with.
 */
export function placed(places: Place[], blocks: Token[], wordsOf: (leaf: Leaf) => string): Placed[] {
  const drawn = new Set(visible(blocks));
  let end = 0;
  const starts = blocks.map((block) => ({ block, at: (end += block.raw.length) - block.raw.length })).filter(({ block }) => drawn.has(block));
  const known = new Map<Token, Line[]>();
  return places.flatMap(({ at, number }) => {
    const start = lastBefore(starts, at);
    if (start === undefined) return [];
    const { block } = start;
    const lines = known.get(block) ?? linesOf(block, wordsOf);
    known.set(block, lines);
    const line = lastBefore(lines, at - start.at);
    if (line === undefined) return [];
    const into = Math.min(Math.max(at - start.at - line.at, 0), line.length);
    return [{ block, line: lines.indexOf(line), leaf: line.leaf, place: { at: line.from + into, number } }];
  });
}

function lastBefore<T extends { at: number }>(all: T[], end: number): T | undefined {
  return all.findLast(({ at }) => at < end) ?? all[0];
}

/** All lines in a block. What lists and quotes put before a line is not in its words, so that each is looked for behind the one before. */
function linesOf(top: Token, wordsOf: (leaf: Leaf) => string): Line[] {
  const lines: Line[] = [];
  let end = 0;
  const read = (block: Block) => {
    const leaf = leafOf(block);
    let from = 0;
    for (const line of wordsOf(leaf).split('\n')) {
      const found = top.raw.indexOf(line, end);
      lines.push({ leaf, from, at: Math.max(found, end), length: line.length });
      if (found >= 0) end = found + line.length;
      from += line.length + 1;
    }
  };
  const below = () => (end = top.raw.indexOf('\n', end) + 1);
  const descend = (block: Block) => {
    const within = blocksWithin(block);
    if (within === null) return read(block);
    within.forEach((part, nth) => {
      // A cell may be empty, or say the same as the line of dashes below a table's head.
      if (nth > 0 && block.type === 'table') below();
      if (nth > 0 && ['table', 'rows'].includes(block.type)) below();
      descend(part);
    });
  };
  descend(top);
  return lines;
}

/** What a sign must not break up. */
const UNBROKEN = /&(?:#\d+|#x[\da-f]+|\w+);|[\u{10000}-\u{10FFFF}]/giu;
/** What is written as HTML, and is to have no mark in it. */
const CLOSED = /^<(\/?)(?:a|code|kbd|pre|script)(?![\w-])/i;

/**
 * Words with the signs of marks, each at the first place from its own on where it changes nothing else: not in a link, code, a
 * formula, a tag, or a sign of Markdown. Takes those from `places` that it has found one for.
 */
export function withSigns(words: Token[], places: Place[]): Token[] {
  let depth = 0;
  const due = (end: number): Token[] => {
    const count = depth > 0 ? 0 : places.filter(({ at }) => at <= end).length;
    return places.splice(0, count).map(({ number }) => ({ type: 'text', raw: '', text: signOf(number), escaped: true }));
  };
  const inText = (text: Tokens.Text, begin: number): Token[] => {
    const pieces: Token[] = [];
    let from = 0;
    while (depth === 0 && places[0] !== undefined && places[0].at < begin + text.raw.length) {
      const cut = behindUnbroken(text.text, places[0].at - begin);
      pieces.push({ ...text, text: text.text.slice(from, cut) }, ...due(begin + cut));
      from = cut;
    }
    return [...pieces, { ...text, text: text.text.slice(from) }];
  };
  const among = (tokens: Token[], begin: number): Token[] => {
    let end = begin;
    const all = tokens.flatMap((token) => {
      const at = end;
      end += token.raw.length;
      const before = due(at);
      const closed = token.type === 'html' ? CLOSED.exec(token.raw) : null;
      if (closed !== null) depth = Math.max(0, depth + (closed[1] === '' ? 1 : -1));
      if (token.type === 'text') return [...before, ...inText(token as Tokens.Text, at)];
      if (!['strong', 'em', 'del'].includes(token.type)) return [...before, token];
      const { raw, text, tokens: inner } = token as Tokens.Strong;
      return [...before, { ...token, tokens: among(inner, at + (raw.length - text.length) / 2) }];
    });
    return [...all, ...due(end)];
  };
  return [...among(words, 0), ...due(Infinity)];
}

function behindUnbroken(text: string, at: number): number {
  for (const { 0: found, index } of text.matchAll(UNBROKEN)) if (index < at && at < index + found.length) return index + found.length;
  return at;
}
