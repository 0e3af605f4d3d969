import createDOMPurify from 'dompurify';
import { silenced } from './silence';

/** What Markdown makes, and nothing that loads, runs, or leaves its place. */
const ALLOWED_TAGS = [
  'a', 'b', 'blockquote', 'br', 'code', 'del', 'details', 'div', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img',
  'input', 'kbd', 'li', 'mark', 'ol', 'p', 'pre', 's', 'span', 'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'th',
  'thead', 'tr', 'u', 'ul',
];
const ALLOWED_ATTR = ['align', 'alt', 'checked', 'class', 'colspan', 'disabled', 'href', 'rowspan', 'src', 'start', 'title', 'type'];
/** The class names that our own rendering sets; a text may not dress up as anything else. */
const CLASSES = /^(formula|language-[\w+#.-]+|hljs[\w-]*|function_|class_|inherited__|title|params)$/;

const purify = createDOMPurify(window);
purify.addHook('uponSanitizeAttribute', (_node, data) => {
  if (data.attrName !== 'class') return;
  data.attrValue = data.attrValue.split(/\s+/).filter((name) => CLASSES.test(name)).join(' ');
});
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName === 'INPUT' && node.getAttribute('type') !== 'checkbox') node.remove();
});

/** Foreign HTML as harmless nodes. */
export function sanitized(html: string): DocumentFragment {
  return purify.sanitize(silenced(html), {
    ALLOWED_TAGS,
    ALLOWED_ATTR,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    // Addresses are judged by `urls.ts`, which knows more.
    ALLOWED_URI_REGEXP: /^(?!javascript:|vbscript:|data:(?!image\/))/i,
    ADD_DATA_URI_TAGS: ['img'],
    RETURN_DOM_FRAGMENT: true,
  });
}
