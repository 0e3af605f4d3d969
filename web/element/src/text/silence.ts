const TAG = /<\/?[a-z](?:"[^"]*"|'[^']*'|[^'">])*>?/gi;
const QUOTED_OR_REFUSED = /"[^"]*"|'[^']*'|(?<=[\s/"'])(?:style|on[a-z]+)(?=[\s/>=])/gi;
const STYLE_SHEET = /^(<\/?)style(?=[\s/>])/i;

/**
 * Foreign HTML under other names for what the sanitizer takes away anyhow, styles and handlers: a browser reports them to
 * a strict content security policy when it merely parses them, also where nothing is run. Not what makes it safe.
 */
export function silenced(html: string): string {
  return html.replace(TAG, (tag) =>
    tag
      .replace(STYLE_SHEET, '$1xmp')
      .replace(QUOTED_OR_REFUSED, (found) => (/^["']/.test(found) ? found : 'data-refused')),
  );
}
