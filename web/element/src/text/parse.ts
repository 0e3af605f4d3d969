import { Lexer, Marked, Parser, Tokenizer, type Token, type Tokens } from 'marked';
import type { Locale } from '../locale/locale';
import type { Word } from '../locale/strings';
import type { Block } from './blocks';
import { cutAtFold, folded } from './fold';
import { signOf, type Place } from './marks';
import { blockFormula, inlineFormula, type Formula } from './math-syntax';
import { leafOf, placed, withSigns, type Leaf } from './places';
import { completed } from './unfinished';

const marked = new Marked({
  gfm: true,
  // A line's end in a chat is meant as one.
  breaks: true,
  tokenizer: {
    html(source) {
      const block = Tokenizer.prototype.html.call(this, source);
      return block && cutAtFold(block);
    },
  },
  extensions: [
    { ...blockFormula, renderer: (token) => formulaHtml(token as Formula) },
    { ...inlineFormula, renderer: (token) => formulaHtml(token as Formula) },
  ],
});

/** How GitHub marks a quote as a note or a warning: by a line of its own. */
const ALERTS = ['note', 'tip', 'important', 'warning', 'caution'] as const satisfies readonly Word[];
const ALERT = new RegExp(`^\\[!(${ALERTS.join('|')})\\][ \\t]*(?:\\n|$)`, 'i');

/** The links that a text defines at one place and uses at others. */
export type LinkDefinitions = Lexer['tokens']['links'];

/**
 * A text cut into its blocks. The words within a block are read when it is drawn, since most blocks of a text that
 * is being written are not drawn again.
 */
export class Outline {
  readonly blocks: Token[];
  private readonly lexer = new Lexer(marked.defaults);
  /** By the list that the words go into. */
  private readonly unread: Map<Token[], string>;
  /** Where marks stand that are not drawn yet, by what they stand in. */
  private readonly places = new Map<Leaf, Place[]>();
  private readonly marks = new Map<Block, string>();

  /** `text`: the element's own words. `links` are those defined before this text; its own are added. `places`: where marks stand in it. */
  constructor(
    source: string,
    private readonly text: Locale['text'],
    links: LinkDefinitions,
    places: Place[] = [],
  ) {
    this.lexer.tokens.links = links;
    this.blocks = folded(this.lexer.blockTokens(source, []));
    this.unread = new Map(this.lexer.inlineQueue.map(({ src, tokens }) => [tokens, src]));
    if (places.length > 0) this.place(places);
    for (const block of this.blocks) if (block.type === 'blockquote') this.nameAlert(block as Tokens.Blockquote);
  }

  private place(places: Place[]): void {
    const wordsOf = (leaf: Leaf) => {
      const words = this.unread.get((leaf as Tokens.Paragraph).tokens) ?? (leaf as Token).raw;
      // In a cell, the words have a bar where its sign was written.
      return 'header' in leaf ? words.replaceAll('|', '\\|') : words;
    };
    for (const { block, line, leaf, place } of placed(places, this.blocks, wordsOf)) {
      this.places.set(leaf, [...(this.places.get(leaf) ?? []), place]);
      this.marks.set(block, `${this.marksIn(block)} ${line}:${place.at}:${place.number}`);
    }
  }

  /** The marks in a block, and where: the same as before while they stand where they stood. */
  marksIn(block: Block): string {
    return this.marks.get(block) ?? '';
  }

  /** The signs of those marks that have no place among the words, which are drawn already. */
  signsBehind(block: Block): string {
    return (this.places.get(leafOf(block)) ?? []).map(({ number }) => signOf(number)).join('');
  }

  /** Marks have their places by then, and move with the words: the name is not what was written. */
  private nameAlert({ tokens: [first] }: Tokens.Blockquote): void {
    if (first?.type !== 'paragraph') return;
    const words = (first as Tokens.Paragraph).tokens;
    const source = this.unread.get(words);
    if (source === undefined) return;
    const named = source.replace(ALERT, (_, kind: string) => `**${this.text(kind.toLowerCase() as (typeof ALERTS)[number])}**\n`);
    this.unread.set(words, named);
    for (const place of this.places.get(first) ?? []) place.at += named.length - source.length;
  }

  /** A block as HTML, not yet to be trusted. `isOpen`: its last words are still being written. */
  blockHtml(token: Token, isOpen: boolean): string {
    if (isOpen && (token as Formula).isEndless) return '';
    this.read(token, isOpen);
    return marked.parser([token]);
  }

  /** The same of a table's cell. */
  cellHtml(cell: Tokens.TableCell, isOpen: boolean): string {
    this.read(cell, isOpen);
    return new Parser(marked.defaults).parseInline(cell.tokens);
  }

  private read(leaf: Leaf, isOpen: boolean): void {
    const { tokens } = leaf as Tokens.Paragraph;
    const source = this.unread.get(tokens);
    if (source === undefined) return;
    this.unread.delete(tokens);
    this.lexer.state.inRawBlock = false;
    const words = this.lexer.inlineTokens(isOpen ? completed(source) : source);
    const places = this.places.get(leaf);
    tokens.push(...(places === undefined ? words : withSigns(words, places)));
  }
}

/** The text of a formula stands in the element; the renderer takes it from there. */
function formulaHtml({ tex, display }: Formula): string {
  const escaped = tex.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  // Also in a block: in the middle of a paragraph a `div` would end it.
  return `<span class="formula${display ? ' display' : ''}">${escaped}</span>`;
}
