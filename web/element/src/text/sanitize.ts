import createDOMPurify from 'dompurify';
import { DRAWN, withoutForeignTags } from './tags';

const ALLOWED_ATTR = ['align', 'alt', 'checked', 'class', 'colspan', 'disabled', 'href', 'rowspan', 'src', 'start', 'title', 'type'];
/** The class names that our own rendering sets; a text may not dress up as anything else. */
const CLASSES = /^(formula|display|language-[\w+#.-]+|hljs[\w-]*|function_|class_|inherited__|title|params)$/;

/** Where the address of a picture stands until somebody has decided that it may be loaded. */
export const SOURCE = 'data-source';

const purify = createDOMPurify(window);
purify.addHook('uponSanitizeAttribute', (_node, data) => {
  if (data.attrName !== 'class') return;
  data.attrValue = data.attrValue.split(/\s+/).filter((name) => CLASSES.test(name)).join(' ');
});
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName === 'INPUT' && node.getAttribute('type') !== 'checkbox') node.remove();
  else if (node.nodeName === 'INPUT') node.setAttribute('disabled', '');
  // With an address it would be loaded as soon as it belongs to the page, whether it is shown or not.
  if (node.nodeName === 'IMG') {
    node.setAttribute(SOURCE, node.getAttribute('src') ?? '');
    node.removeAttribute('src');
  }
});

/** A document that nothing is loaded in and that nothing runs in. */
const inert = document.implementation.createHTMLDocument('');

/** Lets the parser have text where a page's policy demands `TrustedHTML`: what it makes is cleaned before anybody sees it. */
const policy = (window as Window as WindowWithTypes).trustedTypes?.createPolicy('chatkitd', { createHTML: (html) => html });
interface WindowWithTypes extends Window {
  trustedTypes?: { createPolicy(name: string, rules: { createHTML(html: string): string }): { createHTML(html: string): string } };
}

/** Foreign HTML as harmless nodes. It is parsed once and never written out again, so that it cannot become something else. */
export function sanitized(html: string): DocumentFragment {
  const known = withoutForeignTags(html);
  const holder = inert.createElement('div');
  holder.innerHTML = policy?.createHTML(known) ?? known;
  purify.sanitize(holder, {
    ALLOWED_TAGS: DRAWN,
    ALLOWED_ATTR,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    // Addresses are judged by `urls.ts`, which knows more.
    ALLOWED_URI_REGEXP: /^(?!javascript:|vbscript:|data:(?!image\/))/i,
    ADD_DATA_URI_TAGS: ['img'],
    IN_PLACE: true,
  });
  const clean = document.createDocumentFragment();
  // Copies: the sanitizer's iterators, which watch their document until they are collected, make each removal dear.
  clean.append(...[...holder.childNodes].map((node) => document.importNode(node, true)));
  return clean;
}
