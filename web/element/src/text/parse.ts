import { Lexer, Marked, type Token } from 'marked';
import { blockFormula, inlineFormula, type Formula } from './math-syntax';

const marked = new Marked({
  gfm: true,
  // A line's end in a chat is meant as one.
  breaks: true,
  extensions: [
    { ...blockFormula, renderer: (token) => formulaHtml(token as Formula) },
    { ...inlineFormula, renderer: (token) => formulaHtml(token as Formula) },
  ],
});

/** The links that a text defines at one place and uses at others. */
export type LinkDefinitions = Lexer['tokens']['links'];

/** The blocks of a text. `links` are those defined before it; new ones are added. */
export function blocks(source: string, links: LinkDefinitions): Token[] {
  const lexer = new Lexer(marked.defaults);
  lexer.tokens.links = links;
  return lexer.lex(source);
}

/** A block as HTML, not yet to be trusted. */
export function toHtml(token: Token): string {
  return marked.parser([token]);
}

/** The text of a formula stands in the element; the renderer takes it from there. */
function formulaHtml({ tex, display }: Formula): string {
  const escaped = tex.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return display ? `<div class="formula">${escaped}</div>` : `<span class="formula">${escaped}</span>`;
}
