import { loadModule } from '../assets';
import type { Locale } from '../locale/locale';
import { copyText } from './clipboard';
import { sanitized } from './sanitize';

/** Longer code is shown plain: colouring it would hold up the page. */
const MAX_HIGHLIGHTED = 50_000;
/** How long a button says that it has copied, in milliseconds. */
export const COPIED = 1500;

type Highlighter = typeof import('../lazy/highlight');
let loaded: Highlighter | null = null;

/** Code with its language, and a button that copies it. */
export class CodeBlock {
  readonly node = document.createElement('div');
  private readonly pre = document.createElement('pre');
  private readonly code = document.createElement('code');
  private readonly button = document.createElement('button');
  private text = '';
  private isColoured = false;

  constructor(
    private readonly language: string,
    private locale: Locale,
  ) {
    const name = document.createElement('span');
    name.textContent = language;
    const head = document.createElement('div');
    head.className = 'code-head';
    head.append(name, this.button);
    this.button.type = 'button';
    this.button.className = 'text';
    this.button.textContent = locale.text('copy');
    this.button.addEventListener('click', () => void this.copy());
    this.pre.tabIndex = 0;
    this.pre.append(this.code);
    this.node.className = 'block code';
    this.node.append(head, this.pre);
  }

  /** The language of its button. */
  speak(locale: Locale): void {
    if (locale === this.locale) return;
    this.locale = locale;
    this.button.textContent = locale.text('copy');
  }

  /** Code that only grew keeps its nodes, and where it was scrolled to. `isDone`: it will not grow any more. */
  show(text: string, isDone: boolean): void {
    if (text !== this.text) this.write(text);
    if (isDone && !this.isColoured && this.language !== '' && text.length <= MAX_HIGHLIGHTED) this.highlight();
  }

  private write(text: string): void {
    if (text.startsWith(this.text)) this.append(text.slice(this.text.length));
    else this.code.textContent = text;
    this.text = text;
    this.isColoured = false;
  }

  /** Puts marks behind the code. */
  cite(marks: DocumentFragment): void {
    while (this.node.lastChild !== this.pre) this.node.lastChild?.remove();
    this.node.append(marks);
  }

  private append(more: string): void {
    const last = this.code.lastChild;
    if (last?.nodeType === Node.TEXT_NODE) (last as Text).appendData(more);
    else this.code.append(more);
  }

  private highlight(): void {
    const { text } = this;
    const draw = (highlighter: Highlighter) => {
      const html = text === this.text ? highlighter.highlight(text, this.language) : null;
      if (html === null) return;
      this.code.replaceChildren(sanitized(html));
      this.isColoured = true;
    };
    if (loaded !== null) return draw(loaded);
    void loadModule<Highlighter>('highlight.js').then((highlighter) => draw((loaded = highlighter)), () => undefined);
  }

  private async copy(): Promise<void> {
    if (!(await copyText(this.text, this.button.ownerDocument))) return;
    this.button.textContent = this.locale.text('copied');
    setTimeout(() => (this.button.textContent = this.locale.text('copy')), COPIED);
  }
}
