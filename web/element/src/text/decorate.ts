import type { Emit } from '../chat/chat';
import type { Locale } from '../locale/locale';
import { assetUrl } from '../script';
import { sanitized } from './sanitize';
import type { Mark } from './marks';
import { imageAllowed, safeUrl } from './urls';

/** What a text's nodes are decorated by. */
export interface Decoration {
  domains: readonly string[] | null;
  marks: readonly Mark[];
  locale: Locale;
  emit: Emit;
}

/** Longer code is shown plain: colouring it would hold up the page. */
const MAX_HIGHLIGHTED = 100_000;

/** The signs around a mark's number in the text: of the private use area, and taken out of what others wrote. */
export const MARK_OPEN = '\uE100';
export const MARK_CLOSE = '\uE101';
const MARK = /\uE100(\d+)\uE101/;

/** Links that are safe, pictures that are allowed, code with a button, formulas, marks. `done`: the block will not change. */
export function decorate(root: HTMLElement, decoration: Decoration, done: boolean): void {
  root.querySelectorAll('a').forEach((link) => decorateLink(link, decoration));
  root.querySelectorAll('img').forEach((image) => decorateImage(image, decoration));
  root.querySelectorAll<HTMLElement>('pre > code').forEach((code) => decorateCode(code, decoration, done));
  root.querySelectorAll<HTMLElement>('.formula').forEach((formula) => void drawFormula(formula));
  root.querySelectorAll('table').forEach(scrollable);
  root.querySelectorAll<HTMLInputElement>('input[type="checkbox"]').forEach(nameTask);
  if (decoration.marks.length > 0) placeMarks(root, decoration);
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
  const [name = '', query = ''] = href.slice('chatkit-link:'.length).replace(/^\/\//, '').split('?');
  return { name: decodeURIComponent(name.replace(/\/$/, '')), data: Object.fromEntries(new URLSearchParams(query)) };
}

function decorateImage(image: HTMLImageElement, { domains }: Decoration): void {
  const source = image.getAttribute('src') ?? '';
  if (imageAllowed(source, domains)) {
    image.loading = 'lazy';
    image.referrerPolicy = 'no-referrer';
    return;
  }
  // Not loaded, since that tells its server; the words stay, as a link.
  const link = document.createElement('a');
  const href = safeUrl(source);
  link.textContent = image.alt || source;
  if (href !== null) Object.assign(link, { href, target: '_blank', rel: 'noopener noreferrer nofollow' });
  image.replaceWith(link);
}

function decorateCode(code: HTMLElement, { locale }: Decoration, done: boolean): void {
  const language = /language-([\w+#.-]+)/.exec(code.className)?.[1] ?? '';
  const pre = code.parentElement!;
  const head = document.createElement('div');
  head.className = 'code-head';
  const name = document.createElement('span');
  name.textContent = language;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'text';
  button.textContent = locale.text('copy');
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(code.textContent ?? '').then(() => {
      button.textContent = locale.text('copied');
      setTimeout(() => (button.textContent = locale.text('copy')), 1500);
    });
  });
  head.append(name, button);
  const figure = document.createElement('div');
  figure.className = 'code';
  pre.tabIndex = 0;
  pre.replaceWith(figure);
  figure.append(head, pre);
  if (done && language !== '') void highlightCode(code, language);
}

async function highlightCode(code: HTMLElement, language: string): Promise<void> {
  const text = code.textContent ?? '';
  if (text.length > MAX_HIGHLIGHTED) return;
  const { highlight } = (await import(assetUrl('highlight.js'))) as typeof import('../lazy/highlight');
  const html = highlight(text, language);
  if (html !== null && code.textContent === text) code.replaceChildren(sanitized(html));
}

async function drawFormula(formula: HTMLElement): Promise<void> {
  const { draw } = (await import(assetUrl('math.js'))) as typeof import('../lazy/math');
  draw(formula.textContent ?? '', formula, formula.tagName === 'DIV');
}

/** What is to be done is what the box is called. */
function nameTask(box: HTMLInputElement): void {
  box.ariaLabel = box.closest('li')?.textContent?.trim() ?? '';
}

/** A wide table scrolls by itself. */
function scrollable(table: HTMLTableElement): void {
  const frame = document.createElement('div');
  frame.className = 'table';
  frame.tabIndex = 0;
  table.replaceWith(frame);
  frame.append(table);
}

function placeMarks(root: HTMLElement, { marks }: Decoration): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (let node of texts) {
    for (let found = MARK.exec(node.data); found !== null; found = MARK.exec(node.data)) {
      const rest = node.splitText(found.index + found[0].length);
      node.deleteData(found.index, found[0].length);
      const mark = marks[Number(found[1])];
      if (mark !== undefined) rest.before(markNode(mark));
      node = rest;
    }
  }
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
