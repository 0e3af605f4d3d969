import type { Token, Tokens } from 'marked';
import type { Fold } from './fold';

/** Parts of a table, which the parser does not give a type of their own. */
export interface TablePart {
  type: 'rows' | 'row' | 'cell';
  raw: string;
  parts: TablePart[];
  cell?: Tokens.TableCell;
}
export type Block = Token | TablePart;

/** The blocks that there is something to be seen of. */
export function visible(blocks: Token[]): Token[] {
  return blocks.filter(({ type }) => type !== 'space' && type !== 'def');
}

/** The blocks that a block is made of; `null` for one that holds words. */
export function blocksWithin(block: Block): Block[] | null {
  switch (block.type) {
    case 'list': return (block as Tokens.List).items;
    case 'list_item': return visible(withTick((block as Tokens.ListItem).tokens));
    case 'blockquote': case 'fold': return visible((block as Tokens.Blockquote | Fold).tokens);
    case 'table': return tableParts(block as Tokens.Table);
    case 'rows': case 'row': return (block as TablePart).parts;
    default: return null;
  }
}

/** A tick stands in the line of the words behind it. */
function withTick(tokens: Token[]): Token[] {
  const [tick, words, ...rest] = tokens;
  if (tick?.type !== 'checkbox' || words?.type !== 'text' || words.tokens === undefined) return tokens;
  if (words.tokens[0] !== tick) {
    words.tokens.unshift(tick);
    words.raw = tick.raw + words.raw;
  }
  return [words, ...rest];
}

function tableParts({ header, rows, raw }: Tokens.Table): TablePart[] {
  const row = (cells: Tokens.TableCell[]): TablePart => {
    const parts = cells.map((cell): TablePart => ({ type: 'cell', raw: cell.text, parts: [], cell }));
    return { type: 'row', raw: cells.map((cell) => cell.text).join(' | '), parts };
  };
  const head: TablePart = { type: 'rows', raw, parts: [row(header)] };
  return rows.length === 0 ? [head] : [head, { type: 'rows', raw, parts: rows.map(row) }];
}
