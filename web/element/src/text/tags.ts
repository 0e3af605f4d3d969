/** What Markdown makes, and nothing that loads, runs, or leaves its place. */
export const DRAWN = [
  'a', 'b', 'blockquote', 'br', 'code', 'del', 'details', 'div', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img',
  'input', 'kbd', 'li', 'mark', 'ol', 'p', 'pre', 's', 'span', 'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'th',
  'thead', 'tr', 'u', 'ul',
];
/** What only says how the words in it look, or what they are for: they stand without it. */
const PLAIN = [
  'abbr', 'big', 'caption', 'center', 'cite', 'dd', 'dfn', 'dl', 'dt', 'figcaption', 'figure', 'font', 'ins', 'picture', 'q', 'rp', 'rt',
  'ruby', 'samp', 'small', 'strike', 'tfoot', 'tt', 'var', 'wbr',
];
const MARKUP = new Set([...DRAWN, ...PLAIN]);
/** What these need, for anything to be drawn. */
const NEEDS: Record<string, RegExp> = { img: /[\s/"']src[\s=]/i, input: /\bcheckbox\b/i };

const COMMENT = String.raw`<!--(?:-?>|[^]*?(?:--!?>|$))`;
const DECLARATION = String.raw`<(?:[!?]|\/(?![a-z]))[^>]*>?`;
const TAG = String.raw`<\/?([a-z][^\t\n\f\r />]*)(?:"[^"]*"|'[^']*'|[^'">])*>?`;
const TOKENS = new RegExp(`${COMMENT}|${DECLARATION}|${TAG}`, 'gi');
const QUOTED_OR_REFUSED = /"[^"]*"|'[^']*'|(?<=[\s/"'])(?:style|on[a-z]+)(?=[\s/>=])/gi;
/** Nothing at all to a browser's parser, but what stands around it does not become one. */
const NOTHING = '</>';

/**
 * Foreign HTML with those tags as text that nothing is drawn for: who writes of `<title>` or of a `Vec<String>` means it
 * so, and a browser swallows what stands behind some of them. What makes it safe is the sanitizer, and not this. Comments
 * go: the sanitizer takes one beside such text for an attack, and all that is around it away.
 */
export function withoutForeignTags(html: string): string {
  return html.replace(TOKENS, (token, name: string | undefined) => {
    if (token.startsWith('<!--')) return NOTHING;
    return name !== undefined && isMarkup(token, name.toLowerCase()) ? silenced(token) : token.replaceAll('<', '&lt;');
  });
}

function isMarkup(tag: string, name: string): boolean {
  return MARKUP.has(name) && NEEDS[name]?.test(tag) !== false;
}

/**
 * A tag with other names for its styles and handlers, which the sanitizer takes away anyhow: a browser reports them to a
 * strict content security policy when it merely parses them, also where nothing is run.
 */
function silenced(tag: string): string {
  return tag.replace(QUOTED_OR_REFUSED, (found) => (/^["']/.test(found) ? found : 'data-refused'));
}
