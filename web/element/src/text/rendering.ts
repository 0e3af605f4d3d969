import type { Token, Tokens } from 'marked';
import { blocksWithin, visible, type Block, type TablePart } from './blocks';
import { CodeBlock } from './code-block';
import { decorate, type Decoration } from './decorate';
import type { Fold } from './fold';
import { morph } from './morph';
import type { Outline } from './parse';
import { sanitized } from './sanitize';

/** A block that is shown. */
interface Shown {
  type: string;
  /** What must be the same for its element to stay: a bulleted list does not become a numbered one. */
  shape: string;
  raw: string;
  isOpen: boolean;
  /** Where marks stand in it. */
  marks: string;
  node: HTMLElement;
  /** Where the blocks within it go. */
  body: HTMLElement;
  within: Shown[];
  code?: CodeBlock;
}

/** Keeps nodes in step with the blocks of a text: what did not change is not touched. */
export class Rendering {
  private readonly top: Shown[] = [];

  constructor(
    private readonly root: HTMLElement,
    private readonly decoration: () => Decoration,
  ) {}

  /** Shows these blocks from the place `from` on. `isOpen`: the last one is still being written. */
  show(outline: Outline, from: number, isOpen: boolean): void {
    this.showAll(outline, this.root, this.top, from, visible(outline.blocks), isOpen);
  }

  /** Everything is to be drawn anew: what it depends on has changed. */
  expire(): void {
    expire(this.top);
  }

  private showAll(outline: Outline, body: HTMLElement, shown: Shown[], from: number, blocks: Block[], isOpen: boolean): void {
    blocks.forEach((block, at) => {
      const open = isOpen && at === blocks.length - 1;
      const before = shown[from + at];
      const marks = outline.marksIn(block);
      if (before !== undefined && before.marks !== marks) expire([before]);
      if (before?.raw === rawOf(block) && before.isOpen === open && before.type === block.type) return;
      const now = fits(before, block) ? before : frame(block, this.decoration());
      if (before === undefined) body.append(now.node);
      else if (now !== before) before.node.replaceWith(now.node);
      this.fill(outline, now, block, open);
      shown[from + at] = Object.assign(now, { raw: rawOf(block), isOpen: open, marks });
    });
    for (const { node } of shown.splice(from + blocks.length)) node.remove();
  }

  private fill(outline: Outline, shown: Shown, block: Block, isOpen: boolean): void {
    const within = blocksWithin(block);
    if (within !== null) return this.showAll(outline, shown.body, shown.within, 0, within, isOpen);
    if (shown.code !== undefined) {
      const { raw, text } = block as Tokens.Code;
      shown.code.speak(this.decoration().locale);
      shown.code.show(text, !isOpen || /\n[ \t]*(`{3,}|~{3,})\s*$/.test(raw));
      return shown.code.cite(this.decorated(document.createDocumentFragment(), outline.signsBehind(block)));
    }
    const { cell } = block as TablePart;
    const words = sanitized(cell === undefined ? outline.blockHtml(block as Token, isOpen) : outline.cellHtml(cell, isOpen));
    morph(shown.body, this.decorated(words, outline.signsBehind(block)));
  }

  private decorated(words: DocumentFragment, behind: string): DocumentFragment {
    if (behind !== '') words.append(behind);
    decorate(words, this.decoration());
    return words;
  }
}

function expire(shown: Shown[]): void {
  for (const one of shown) {
    one.raw = '\0';
    expire(one.within);
  }
}

function fits(before: Shown | undefined, block: Block): before is Shown {
  return before !== undefined && before.type === block.type && before.shape === shapeOf(block);
}

/** What was written for a block. The items of a list stand apart as soon as two of them do. */
function rawOf(block: Block): string {
  return block.type === 'list_item' && block.loose ? `\n${block.raw}` : block.raw;
}

function shapeOf(block: Block): string {
  switch (block.type) {
    case 'list': return `${block.ordered} ${block.start}`;
    case 'list_item': return String(block.task);
    case 'table': return (block as Tokens.Table).align.join();
    case 'rows': case 'row': case 'cell': return nameOf(block as TablePart);
    case 'code': return languageOf(block as Tokens.Code);
    case 'fold': return (block as Fold).summary;
    default: return '';
  }
}

/** The empty element of a block. */
function frame(block: Block, decoration: Decoration): Shown {
  const blank = { type: block.type, shape: shapeOf(block), raw: '\0', isOpen: false, marks: '', within: [] };
  if (block.type === 'code') {
    const code = new CodeBlock(languageOf(block as Tokens.Code), decoration.locale);
    return { ...blank, node: code.node, body: code.node, code };
  }
  const node = document.createElement(nameOf(block));
  // The words of a tight list stand as close as its lines do.
  if (!['text', 'list_item', 'rows', 'row', 'cell'].includes(block.type)) {
    node.className = 'block';
    // A text says by its first letters which way it runs, whatever the language of the chat.
    node.dir = 'auto';
  }
  if (block.type === 'list' && block.ordered) (node as HTMLOListElement).start = Number(block.start);
  if (block.type === 'list_item' && block.task) node.className = 'task';
  if (block.type === 'cell') align(node, (block as TablePart).cell!);
  return { ...blank, node, body: bodyOf(block, node, decoration) };
}

function bodyOf(block: Block, node: HTMLElement, decoration: Decoration): HTMLElement {
  if (block.type === 'table') return scrolling(node);
  return block.type === 'fold' ? folding(node, block as Fold, decoration) : node;
}

function folding(node: HTMLElement, { summary }: Fold, decoration: Decoration): HTMLElement {
  const words = sanitized(`<summary>${summary}</summary>`);
  decorate(words, decoration);
  node.append(words);
  return node.appendChild(document.createElement('div'));
}

function nameOf(block: Block): string {
  const isHead = (part: TablePart): boolean => part.cell?.header ?? (part.parts[0] !== undefined && isHead(part.parts[0]));
  switch (block.type) {
    case 'list': return block.ordered ? 'ol' : 'ul';
    case 'list_item': return 'li';
    case 'blockquote': return 'blockquote';
    case 'fold': return 'details';
    case 'rows': return isHead(block as TablePart) ? 'thead' : 'tbody';
    case 'row': return 'tr';
    case 'cell': return isHead(block as TablePart) ? 'th' : 'td';
    default: return 'div';
  }
}

function align(node: HTMLElement, { align: side, header }: Tokens.TableCell): void {
  if (side !== null) node.setAttribute('align', side);
  if (header) node.setAttribute('scope', 'col');
}

/** A wide table scrolls by itself. */
function scrolling(node: HTMLElement): HTMLElement {
  node.classList.add('table');
  node.tabIndex = 0;
  return node.appendChild(document.createElement('table'));
}

function languageOf({ lang }: Tokens.Code): string {
  return /^[\w+#.-]+/.exec(lang ?? '')?.[0] ?? '';
}
