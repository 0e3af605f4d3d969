/** Highlights code. A file of its own, loaded with the first block of code. */
import hljs from 'highlight.js/lib/common';

/** HTML with `hljs-…` classes; `null` for a language that is not known. */
export function highlight(code: string, language: string): string | null {
  return hljs.getLanguage(language) === undefined ? null : hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
