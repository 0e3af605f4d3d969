import { Lexer, Marked, Parser, type Token, type Tokens } from 'marked';
import { folded } from './fold';
import { blockFormula, inlineFormula, type Formula } from './math-syntax';
import { completed } from './unfinished';

const marked = new Marked({
  gfm: true,
  // A line's end in a chat is meant as one.
  breaks: true,
  extensions: [
    { ...blockFormula, renderer: (token) => formulaHtml(token as Formula) },
    { ...inlineFormula, renderer: (token) => formulaHtml(token as Formula) },
  ],
});

/** How GitHub marks a quote as a note or a warning: by a line of its own. */
const ALERT = /^\[!(note|tip|important|warning|caution)\][ \t]*(?:\n|$)/i;

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

  /** `links` are those defined before this text; its own are added. */
  constructor(source: string, links: LinkDefinitions) {
    this.lexer.tokens.links = links;
    this.blocks = folded(this.lexer.blockTokens(source, []));
    this.unread = new Map(this.lexer.inlineQueue.map(({ src, tokens }) => [tokens, src]));
    for (const block of this.blocks) if (block.type === 'blockquote') this.nameAlert(block as Tokens.Blockquote);
  }

  private nameAlert({ tokens: [first] }: Tokens.Blockquote): void {
    const words = first?.type === 'paragraph' ? (first as Tokens.Paragraph).tokens : [];
    const source = this.unread.get(words);
    if (source !== undefined) this.unread.set(words, source.replace(ALERT, (_, kind: string) => `**${kind[0]!.toUpperCase()}${kind.slice(1).toLowerCase()}**\n`));
  }

  /** A block as HTML, not yet to be trusted. `isOpen`: its last words are still being written. */
  blockHtml(token: Token, isOpen: boolean): string {
    if (isOpen && (token as Formula).isEndless) return '';
    this.read((token as Tokens.Paragraph).tokens, isOpen);
    return marked.parser([token]);
  }

  /** The same of a table's cell. */
  cellHtml({ tokens }: Tokens.TableCell, isOpen: boolean): string {
    this.read(tokens, isOpen);
    return new Parser(marked.defaults).parseInline(tokens);
  }

  private read(tokens: Token[] | undefined, isOpen: boolean): void {
    const source = tokens === undefined ? undefined : this.unread.get(tokens);
    if (tokens === undefined || source === undefined) return;
    this.unread.delete(tokens);
    this.lexer.state.inRawBlock = false;
    this.lexer.inlineTokens(isOpen ? completed(source) : source, tokens);
  }
}

/** The text of a formula stands in the element; the renderer takes it from there. */
function formulaHtml({ tex, display }: Formula): string {
  const escaped = tex.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  // Also in a block: in the middle of a paragraph a `div` would end it.
  return `<span class="formula${display ? ' display' : ''}">${escaped}</span>`;
}
