import type { Emit } from '../chat/chat';
import type { Locale } from '../locale/locale';
import { drawFormula } from './formula';
import { replaceMarks, withoutSigns, type Mark } from './marks';
import { SOURCE } from './sanitize';
import { imageAllowed, safeUrl } from './urls';

/** What a text's nodes are decorated by. */
export interface Decoration {
  domains: readonly string[] | null;
  marks: readonly Mark[];
  locale: Locale;
  emit: Emit;
}

/** Links that are safe, pictures that are allowed, formulas, marks. */
export function decorate(root: DocumentFragment, decoration: Decoration): void {
  root.querySelectorAll('a').forEach((link) => decorateLink(link, decoration));
  root.querySelectorAll('img').forEach((image) => decorateImage(image, decoration));
  root.querySelectorAll<HTMLInputElement>('input[type="checkbox"]').forEach((box) => nameTask(box, root));
  root.querySelectorAll<HTMLElement>('.formula').forEach(drawFormula);
  replaceMarks(root, (number) => {
    const mark = decoration.marks[number];
    return mark === undefined ? null : markNode(mark);
  });
}

/** What is to be done is what the box is called. */
function nameTask(box: HTMLInputElement, line: DocumentFragment): void {
  box.ariaLabel = withoutSigns(line.textContent ?? '').trim();
}

function decorateLink(link: HTMLAnchorElement, { emit }: Decoration): void {
  const href = safeUrl(link.getAttribute('href') ?? undefined);
  if (href === null) {
    link.removeAttribute('href');
    return;
  }
  link.href = href;
  if (href.startsWith('chatkit-link:')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      emit('chatkit.deeplink', deepLink(href));
    });
    return;
  }
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
}

/** `chatkit-link://name?key=value` as the event's detail. */
export function deepLink(href: string): { name: string; data: Record<string, unknown> } {
  const link = href.slice('chatkit-link:'.length).replace(/^\/\/|#.*$/gs, '');
  const [name = ''] = link.split('?');
  // A value may be an address with a question mark of its own.
  return { name: decoded(name.replace(/\/$/, '')), data: Object.fromEntries(new URLSearchParams(link.slice(name.length))) };
}

/** A text with a stray percent sign stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function decorateImage(image: HTMLImageElement, { domains }: Decoration): void {
  const source = image.getAttribute(SOURCE) ?? '';
  image.removeAttribute(SOURCE);
  if (imageAllowed(source, domains)) {
    image.loading = 'lazy';
    image.referrerPolicy = 'no-referrer';
    image.src = source;
    return;
  }
  // Not loaded, since that tells its server; the words stay, as a link.
  const link = document.createElement('a');
  const href = safeUrl(source);
  link.textContent = image.alt || source;
  if (href !== null) Object.assign(link, { href, target: '_blank', rel: 'noopener noreferrer nofollow' });
  image.replaceWith(link);
}

function markNode({ label, source }: Mark): HTMLElement {
  const href = source.type === 'url' ? safeUrl(source.url) : null;
  const node = document.createElement(href === null ? 'span' : 'a');
  node.className = 'cite';
  node.textContent = label;
  node.title = source.title;
  if (href !== null) Object.assign(node, { href, target: '_blank', rel: 'noopener noreferrer nofollow' });
  return node;
}
