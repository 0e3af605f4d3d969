import type { UserMessageContent } from '@openai/chatkit';

/** A tag, with what it carries beside its text. */
export type Tag = Extract<UserMessageContent, { type: 'input_tag' }>;

const tags = new WeakMap<Element, Tag>();

/**
 * The field that the visitor writes in: text, and tags that go as one piece. It has no state of its own; the DOM is
 * read back after each input.
 */
export class ComposerInput extends HTMLElement {
  /** Called with each tag that is shown. */
  onTag: (node: HTMLElement, tag: Tag) => void = () => undefined;
  private composing = false;

  connectedCallback(): void {
    this.becomeEditable();
    this.spellcheck = true;
    this.setAttribute('role', 'textbox');
    this.setAttribute('aria-multiline', 'true');
    this.dir = 'auto';
    this.tabIndex = 0;
    this.addEventListener('beforeinput', this.onBeforeInput);
    this.addEventListener('compositionstart', () => (this.composing = true));
    this.addEventListener('compositionend', () => (this.composing = false));
  }

  /** Whether an input method is at work: its Enter picks a word and sends nothing. */
  get isComposing(): boolean {
    return this.composing;
  }

  get content(): UserMessageContent[] {
    const parts: UserMessageContent[] = [];
    const say = (text: string): void => {
      const last = parts.at(-1);
      if (last?.type === 'input_text') last.text += text;
      else if (text !== '') parts.push({ type: 'input_text', text });
    };
    const read = (node: Node): void => {
      const tag = tags.get(node as Element);
      if (tag !== undefined) return void parts.push(tag);
      if (isText(node)) return say(node.data);
      if (node.nodeName === 'BR') return isFiller(node) ? undefined : say('\n');
      if (parts.length > 0 && node.nodeType === Node.ELEMENT_NODE && beginsLine(node as Element)) say('\n');
      node.childNodes.forEach(read);
    };
    this.childNodes.forEach(read);
    const only = parts.length === 1 ? parts[0] : undefined;
    // A browser leaves a line break behind in an emptied field.
    return only?.type === 'input_text' && only.text === '\n' ? [] : parts;
  }

  /** Shows `content`, with the caret at its end. What is shown already is left alone. */
  set content(content: UserMessageContent[]) {
    if (JSON.stringify(content) === JSON.stringify(this.content)) return;
    this.replaceChildren(...content.map((part) => (part.type === 'input_text' ? part.text : this.tagNode(part))));
    if (this.matches(':focus')) this.moveToEnd();
    else this.addEventListener('focus', this.moveToEnd, { once: true });
  }

  /** What stands before the caret since the last blank or tag: what an `@` or `/` menu searches for. */
  get wordBeforeCaret(): { text: string; range: Range } | null {
    const selection = this.selectionHere();
    const node = selection?.anchorNode;
    if (selection === null || node?.nodeType !== Node.TEXT_NODE || !selection.isCollapsed) return null;
    const before = node.textContent!.slice(0, selection.anchorOffset);
    // Not by `/\S*$/`, which looks through a long word again from each of its letters.
    const text = before.split(/\s/).at(-1)!;
    const range = this.ownerDocument.createRange();
    range.setStart(node, before.length - text.length);
    range.setEnd(node, before.length);
    return { text, range };
  }

  /** Puts a tag or a text in place of `range`, or at the end. One goes on writing behind it. */
  insert(part: UserMessageContent, range: Range | null): void {
    const target = range ?? this.endRange();
    target.deleteContents();
    const behind = document.createTextNode(part.type === 'input_tag' ? '\u00a0' : part.text);
    target.insertNode(behind);
    if (part.type === 'input_tag') target.insertNode(this.tagNode(part));
    this.focus();
    this.ownerDocument.getSelection()?.collapse(behind, behind.length);
    this.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }

  /** Writes an `@`, as a word of its own. */
  beginMention(): void {
    const blank = /\S$/.test(this.textContent ?? '') ? ' ' : '';
    this.insert({ type: 'input_text', text: `${blank}@` }, null);
  }

  private tagNode(tag: Tag): HTMLElement {
    const node = document.createElement('span');
    node.className = 'tag';
    node.contentEditable = 'false';
    node.textContent = tag.text;
    tags.set(node, tag);
    this.onTag(node, tag);
    return node;
  }

  private readonly moveToEnd = (): void => {
    const selection = this.ownerDocument.getSelection();
    selection?.selectAllChildren(this);
    selection?.collapseToEnd();
  };

  private endRange(): Range {
    const range = this.ownerDocument.createRange();
    range.selectNodeContents(this);
    range.collapse(false);
    return range;
  }

  private selectionHere(): Selection | null {
    const root = this.getRootNode() as ShadowRoot & { getSelection?: () => Selection | null };
    return root.getSelection?.() ?? this.ownerDocument.getSelection();
  }

  /** Text that is pasted or dropped comes without its formatting, and with its lines. */
  private becomeEditable(): void {
    try {
      this.contentEditable = 'plaintext-only';
    } catch {
      // Firefox before 136 has no such thing.
      this.contentEditable = 'true';
      this.addEventListener('paste', this.onPaste);
    }
  }

  private readonly onPaste = (event: ClipboardEvent): void => {
    if ((event.clipboardData?.files.length ?? 0) > 0) return;
    event.preventDefault();
    this.ownerDocument.execCommand('insertText', false, event.clipboardData?.getData('text/plain') ?? '');
  };

  private readonly onBeforeInput = (event: InputEvent): void => {
    if (event.inputType.startsWith('format')) event.preventDefault();
    if (event.inputType === 'insertParagraph') {
      event.preventDefault();
      this.ownerDocument.execCommand('insertLineBreak');
    }
  };
}

/** That of another document, such as a frame's, is no `Text` of ours. */
function isText(node: Node | null): node is Text {
  return node?.nodeType === Node.TEXT_NODE;
}

/** Whether it is a block below something else: browsers make them of what is written behind a pasted line. */
function beginsLine(element: Element): boolean {
  const before = element.previousSibling;
  // Nobody sees another line between a line's end and a block.
  if (before?.nodeName === 'BR' || (isText(before) && before.data.endsWith('\n'))) return false;
  return getComputedStyle(element).display !== 'inline';
}

/** Whether a line break only keeps an empty line open. */
function isFiller(lineBreak: Node): boolean {
  return lineBreak.nextSibling === null && !(lineBreak.parentNode instanceof ComposerInput);
}
