import { LitElement, type PropertyValues } from 'lit';
import type { Token } from 'marked';
import { Locale } from '../locale/locale';
import { decorate, MARK_CLOSE, MARK_OPEN, type Decoration } from './decorate';
import type { Mark } from './marks';
import { outline } from './outline';
import { blocks, toHtml, type LinkDefinitions } from './parse';
import { sanitized } from './sanitize';
import { completed } from './unfinished';

/** A block that is shown. */
interface Shown {
  raw: string;
  done: boolean;
  node: HTMLElement;
}

/** How many blocks at the end may still change as a text grows: a line can turn the paragraph above it into a heading. */
const UNSETTLED = 2;

/**
 * Markdown, rendered as it is written. What lies before the last two blocks is settled: it is neither parsed nor drawn
 * again, so that a word costs the same at the end of a long message as at its beginning.
 */
export class MarkdownElement extends LitElement {
  static override properties = { source: {}, open: { type: Boolean }, marks: {}, domains: {}, locale: {} };

  declare source: string;
  /** It is still being written. */
  declare open: boolean;
  declare marks: readonly Mark[];
  /** The thread's `allowed_image_domains`. */
  declare domains: readonly string[] | null;
  declare locale: Locale;

  private shown: Shown[] = [];
  /** How much of the text, and how many blocks, are settled. */
  private settledText = '';
  private settledBlocks = 0;
  private links: LinkDefinitions = {};

  constructor() {
    super();
    this.source = '';
    this.open = false;
    this.marks = [];
    this.domains = null;
    this.locale = Locale.english;
  }

  /** In the light: the chat's style sheet is this one's, too. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('domains') || changed.has('locale')) this.forget();
    const text = marked(this.source, this.marks);
    if (!text.startsWith(this.settledText)) this.forget();
    const tail = text.slice(this.settledText.length);
    const tokens = blocks(this.open ? completed(tail) : tail, this.links).filter((token) => token.type !== 'space' && token.type !== 'def');
    this.show(tokens);
    if (this.open) return this.settle(tail);
    this.settleAll(text);
    outline(this);
  }

  private show(tokens: Token[]): void {
    tokens.forEach((token, at) => {
      const index = this.settledBlocks + at;
      const done = !this.open || at < tokens.length - 1;
      const before = this.shown[index];
      if (before !== undefined && before.raw === token.raw && before.done === done) return;
      if (before !== undefined && growCode(before, token, done)) return;
      const node = this.draw(token, done);
      if (before === undefined) this.append(node);
      else before.node.replaceWith(node);
      this.shown[index] = { raw: token.raw, done, node };
    });
    for (const { node } of this.shown.splice(this.settledBlocks + tokens.length)) node.remove();
  }

  private draw(token: Token, done: boolean): HTMLElement {
    const node = document.createElement('div');
    node.className = 'block';
    // A text says by its first letters which way it runs, whatever the language of the chat.
    node.dir = 'auto';
    node.append(sanitized(toHtml(token)));
    const emit = (name: string, detail?: unknown) => {
      const host = (this.getRootNode() as ShadowRoot).host ?? this;
      host.dispatchEvent(new CustomEvent(name, { detail }));
    };
    const decoration: Decoration = { domains: this.domains, marks: this.marks, locale: this.locale, emit };
    decorate(node, decoration, done);
    return node;
  }

  /** Sets the blocks apart that no further word can change. */
  private settle(tail: string): void {
    const tokens = blocks(tail, this.links);
    let length = 0;
    let count = 0;
    const drawn = tokens.filter((token) => token.type !== 'space' && token.type !== 'def').length;
    for (const token of tokens) {
      const isDrawn = token.type !== 'space' && token.type !== 'def';
      if (isDrawn && drawn - count <= UNSETTLED) break;
      length += token.raw.length;
      if (isDrawn) count += 1;
    }
    this.settledText += tail.slice(0, length);
    this.settledBlocks += count;
  }

  private settleAll(text: string): void {
    this.settledText = text;
    this.settledBlocks = this.shown.length;
  }

  private forget(): void {
    this.replaceChildren();
    this.shown = [];
    this.settledText = '';
    this.settledBlocks = 0;
    this.links = {};
  }
}

/** Code that only grew gets its new text, and keeps its node and where it was scrolled to. */
function growCode(before: Shown, token: Token, done: boolean): boolean {
  if (token.type !== 'code' || done || before.done || !token.raw.startsWith(before.raw)) return false;
  const code = before.node.querySelector('pre > code');
  if (code === null) return false;
  code.textContent = token.text as string;
  before.raw = token.raw;
  return true;
}

/** The text with a sign at each mark's place, which counts characters (code points). */
function marked(source: string, marks: readonly Mark[]): string {
  const clean = source.replaceAll(MARK_OPEN, '').replaceAll(MARK_CLOSE, '');
  if (marks.length === 0) return clean;
  const characters = [...clean];
  const sorted = marks.map((mark, number) => ({ at: Math.min(mark.at, characters.length), number })).sort((a, b) => b.at - a.at);
  for (const { at, number } of sorted) characters.splice(at, 0, MARK_OPEN + number + MARK_CLOSE);
  return characters.join('');
}
