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
    this.contentEditable = 'true';
    this.spellcheck = true;
    this.setAttribute('role', 'textbox');
    this.setAttribute('aria-multiline', 'true');
    this.dir = 'auto';
    this.tabIndex = 0;
    this.addEventListener('paste', this.onPaste);
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
    for (const node of this.childNodes) {
      const tag = node instanceof Element ? tags.get(node) : undefined;
      if (tag !== undefined) {
        parts.push(tag);
        continue;
      }
      const text = node.nodeName === 'BR' ? '\n' : (node.textContent ?? '');
      const last = parts.at(-1);
      if (last?.type === 'input_text') last.text += text;
      else parts.push({ type: 'input_text', text });
    }
    const only = parts.length === 1 ? parts[0] : undefined;
    // A browser leaves a line break behind in an emptied field.
    return only?.type === 'input_text' && only.text === '\n' ? [] : parts;
  }

  /** Shows `content`, with the caret at its end. What is shown already is left alone. */
  set content(content: UserMessageContent[]) {
    if (JSON.stringify(content) === JSON.stringify(this.content)) return;
    this.replaceChildren(...content.map((part) => (part.type === 'input_text' ? part.text : this.tagNode(part))));
    if (this.matches(':focus')) this.moveToEnd();
  }

    else this.addEventListener('focus', this.moveToEnd, { once: true });
  /** What stands before the caret since the last blank or tag: what an `@` or `/` menu searches for. */
  get wordBeforeCaret(): { text: string; range: Range } | null {
    const selection = this.selectionHere();
    const node = selection?.anchorNode;
    if (selection === null || node?.nodeType !== Node.TEXT_NODE || !selection.isCollapsed) return null;
    const before = node.textContent!.slice(0, selection.anchorOffset);
    const start = before.search(/\S*$/);
    const range = document.createRange();
    range.setStart(node, start);
    range.setEnd(node, selection.anchorOffset);
    return { text: before.slice(start), range };
  }

  /** Puts a tag or a text in place of `range`, or at the end. One goes on writing behind it. */
  insert(part: UserMessageContent, range: Range | null): void {
    const target = range ?? this.endRange();
    target.deleteContents();
    const behind = document.createTextNode(part.type === 'input_tag' ? '\u00a0' : part.text);
    target.insertNode(behind);
    if (part.type === 'input_tag') target.insertNode(this.tagNode(part));
    this.focus();
    document.getSelection()?.collapse(behind, behind.length);
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
    const selection = document.getSelection();
    selection?.selectAllChildren(this);
    selection?.collapseToEnd();
  };

  private endRange(): Range {
    const range = document.createRange();
    range.selectNodeContents(this);
    range.collapse(false);
    return range;
  }

  private selectionHere(): Selection | null {
    const root = this.getRootNode() as ShadowRoot & { getSelection?: () => Selection | null };
    return root.getSelection?.() ?? document.getSelection();
  }

  /** Pasted text comes without its formatting; files go to whoever listens. */
  private readonly onPaste = (event: ClipboardEvent): void => {
    if ((event.clipboardData?.files.length ?? 0) > 0) return;
    event.preventDefault();
    document.execCommand('insertText', false, event.clipboardData?.getData('text/plain') ?? '');
  };

  private readonly onBeforeInput = (event: InputEvent): void => {
    if (event.inputType.startsWith('format')) event.preventDefault();
    if (event.inputType === 'insertParagraph') {
      event.preventDefault();
      document.execCommand('insertLineBreak');
    }
  };
}
