import { LitElement, type PropertyValues } from 'lit';
import type { Token } from 'marked';
import { Locale } from '../locale/locale';
import type { Decoration } from './decorate';
import { nestHeadings } from './headings';
import { marksWithin, placesIn, withoutForeignSigns, withoutReturns, type Mark } from './marks';
import { Outline, type LinkDefinitions } from './parse';
import { Rendering } from './rendering';
import { isOpenFormula, withoutBareSign } from './unfinished';

/** How many blocks at the end may still change as a text grows: a line can turn the paragraph above it into a heading. */
const UNSETTLED = 2;

/** The part of a text that no further word can change. */
interface Settled {
  text: string;
  /** In code points, which marks count in. */
  characters: number;
  blocks: number;
  /** The marks in it. */
  marks: string;
}

const NOTHING: Settled = { text: '', characters: 0, blocks: 0, marks: '[]' };

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

  private readonly rendering = new Rendering(this, () => this.decoration);
  /** The source, with a line feed at the end of each line. */
  private text = '';
  private marksInText: readonly Mark[] = [];
  private settled = NOTHING;
  private wasOpen = false;
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

  protected override willUpdate(): void {
    this.text = this.source.replaceAll('\r\n', '\n');
    this.marksInText = withoutReturns(this.marks, this.source);
  }

  protected override updated(changed: PropertyValues): void {
    const wasDone = changed.has('source') && !this.wasOpen;
    if (wasDone || changed.has('domains') || changed.has('locale') || !this.isContinued()) this.restart();
    this.wasOpen = this.open;
    const outline = this.read();
    this.rendering.show(outline, this.settled.blocks, this.open);
    this.settle(outline.blocks);
    if (!this.open) nestHeadings(this);
  }

  /** Whether what is settled stands at the beginning of what is to be shown. */
  private isContinued(): boolean {
    const { text, characters, marks } = this.settled;
    return this.text.startsWith(text) && JSON.stringify(marksWithin(this.marksInText, characters)) === marks;
  }

  private restart(): void {
    this.rendering.expire();
    this.settled = NOTHING;
    this.links = {};
  }

  /** Cuts what is not settled into blocks. */
  private read(): Outline {
    const rest = withoutForeignSigns(this.text.slice(this.settled.text.length));
    const links = { ...this.links };
    const source = this.open ? withoutBareSign(rest) : rest;
    const outline = new Outline(source, this.locale.text, links, placesIn(rest, this.marksInText, this.settled.characters));
    const last = outline.blocks.at(-1);
    // An address that is still being written leads elsewhere.
    if (this.open && last?.type === 'def' && !(last.tag in this.links)) delete links[last.tag];
    if (Object.keys(links).length === Object.keys(this.links).length) return outline;
    // A text may use a link before it says where that leads.
    this.links = links;
    this.rendering.expire();
    this.settled = NOTHING;
    return this.read();
  }

  private settle(blocks: Token[]): void {
    const drawn = blocks.map((block) => block.type !== 'space' && block.type !== 'def');
    let left = drawn.filter(Boolean).length - UNSETTLED;
    let length = 0;
    let count = 0;
    for (const [at, block] of blocks.entries()) {
      if (drawn[at] && (--left < 0 || (block.type === 'paragraph' && isOpenFormula(block.raw)))) break;
      length += block.raw.length;
      if (drawn[at]) count += 1;
    }
    if (length === 0) return;
    const start = this.settled.text.length;
    const text = this.text.slice(0, start + length);
    const characters = this.settled.characters + [...text.slice(start)].length;
    const marks = JSON.stringify(marksWithin(this.marksInText, characters));
    this.settled = { text, characters, blocks: this.settled.blocks + count, marks };
  }

  private get decoration(): Decoration {
    const emit = (name: string, detail?: unknown) => {
      const host = (this.getRootNode() as ShadowRoot).host ?? this;
      host.dispatchEvent(new CustomEvent(name, { detail }));
    };
    return { domains: this.domains, marks: this.marks, locale: this.locale, emit };
  }
}
