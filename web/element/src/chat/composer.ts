import type { Attachment, ChatKitOptions, Entity, ToolOption, UserMessageContent } from '@openai/chatkit';
import { ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';
import type { Emit } from './chat';
import type { Changes } from './signal';

type Data = Extract<P.UserMessageContent, { type: 'input_tag' }>['data'];
type Tag = Pick<Extract<P.UserMessageContent, { type: 'input_tag' }>, 'id' | 'text' | 'group' | 'interactive' | 'data'>;

/** A file that is being attached. */
export interface Upload {
  key: string;
  file: { name: string; type: string; size: number };
  /** What a picture looks like. */
  preview?: HTMLCanvasElement;
  state: 'uploading' | 'ready' | 'failed';
  attachment?: Attachment;
  /** What the server knows it as, from before its bytes are there. */
  announced?: P.Attachment;
  /** Why it failed, for people. */
  reason?: string;
  /** Brings it once more, where that may go better. */
  again?: () => void;
  /** It failed because the server, or a proxy before it, takes no file of this size. */
  isTooLarge?: boolean;
  abort: AbortController;
}

/** What a composer hands on to the one after it. */
export type Draft = Pick<Composer, 'content' | 'uploads' | 'quote' | 'toolId' | 'modelId'>;

/** What the visitor is about to say. */
export class Composer {
  content: UserMessageContent[] = [];
  uploads: Upload[] = [];
  quote: string | null = null;
  toolId: string | null = null;
  modelId: string | null = null;
  /** What each message was made of. */
  private readonly taken = new WeakMap<P.UserMessageInput, Pick<Composer, 'content' | 'uploads' | 'quote'>>();

  constructor(
    private readonly options: () => ChatKitOptions,
    private readonly emit: Emit,
    private readonly changes: Changes,
  ) {}

  get isEmpty(): boolean {
    return this.text.trim() === '' && !this.content.some((part) => part.type === 'input_tag') && this.uploads.length === 0;
  }

  get text(): string {
    return this.content.map((part) => part.text).join('');
  }

  /** Whether it can be sent: there is something, and no file is still on its way. */
  get isReady(): boolean {
    return !this.isEmpty && this.uploads.every((upload) => upload.state === 'ready');
  }

  get model(): string | null {
    const models = this.options().composer?.models ?? [];
    const chosen = models.find((model) => model.id === this.modelId && model.disabled !== true);
    return (chosen ?? models.find((model) => model.default && !model.disabled))?.id ?? null;
  }

  private get tool(): ToolOption | undefined {
    return this.options().composer?.tools?.find((tool) => tool.id === this.toolId);
  }

  /** What is there, but for files that are not at the server. */
  get draft(): Draft {
    const { content, quote, toolId, modelId } = this;
    return { content, uploads: this.uploads.filter(({ state }) => state === 'ready'), quote, toolId, modelId };
  }

  /** Goes on with a draft. The page knows already of the tool in it. */
  resume(draft: Draft): void {
    Object.assign(this, draft);
    this.changes.mark();
  }

  setContent(content: UserMessageContent[]): void {
    this.content = joined(content);
    this.changes.mark();
  }

  /** Writes further words behind what is there. */
  append(words: string): void {
    const blank = /\S$/.test(this.text) ? ' ' : '';
    this.setContent([...this.content, { type: 'input_text', text: blank + words }]);
  }

  /** The options are others now: a tool that they do not have any more is let go. */
  fit(): void {
    if (this.toolId !== null && this.tool === undefined) this.selectTool(null);
  }

  /** A tool that the options do not have would be sent, and seen by nobody. */
  selectTool(id: string | null): void {
    if (id === this.toolId) return;
    if (id !== null && !this.hasTool(id)) return this.refuse(`composer.tools has no tool "${id}".`, 'unknown_tool');
    this.toolId = id;
    this.emit('chatkit.tool.change', { toolId: id });
    this.changes.mark();
  }

  selectModel(id: string): void {
    const model = this.options().composer?.models?.find((one) => one.id === id);
    if (model === undefined || model.disabled === true) {
      return this.refuse(`composer.models has no model "${id}" that can be selected.`, 'unknown_model');
    }
    this.modelId = id;
    this.changes.mark();
  }

  private hasTool(id: string): boolean {
    return this.options().composer?.tools?.some((tool) => tool.id === id) === true;
  }

  private refuse(message: string, code: string): void {
    this.emit('chatkit.error', { error: new ChatKitError(message, code) });
  }

  /** What is there as a message; the composer is empty afterwards, but for a tool that persists. */
  take(): P.UserMessageInput {
    const input: P.UserMessageInput = {
      content: trimmed(this.content) as P.UserMessageContent[],
      attachments: this.uploads.flatMap((upload) => upload.attachment?.id ?? []),
      inference_options: this.takeChoices(),
    };
    if (this.quote !== null) input.quoted_text = this.quote;
    this.taken.set(input, { content: this.content, uploads: this.uploads, quote: this.quote });
    this.content = [];
    this.uploads = [];
    this.quote = null;
    this.changes.mark();
    return input;
  }

  /** A message that could not be sent comes back, before what has been written since. What the page says itself it has. */
  takeBack(input: P.UserMessageInput): void {
    const taken = this.taken.get(input);
    if (taken === undefined) return;
    const { content, uploads, quote } = taken;
    this.uploads = [...uploads, ...this.uploads];
    this.quote ??= quote;
    const tool = input.inference_options?.tool_choice?.id;
    if (tool !== undefined && this.toolId === null && this.hasTool(tool)) this.selectTool(tool);
    this.setContent(this.content.length === 0 ? content : [...content, { type: 'input_text', text: '\n' }, ...this.content]);
  }

  /** The tool and the model that are chosen, for one message; a tool that does not persist is let go. */
  takeChoices(): P.InferenceOptions {
    const choices: P.InferenceOptions = {};
    if (this.toolId !== null) choices.tool_choice = { id: this.toolId };
    if (this.model !== null) choices.model = this.model;
    if (this.tool?.persistent !== true) this.selectTool(null);
    return choices;
  }
}

/** As the field gives it back: no text is empty or beside another. */
function joined(content: UserMessageContent[]): UserMessageContent[] {
  const parts: UserMessageContent[] = [];
  for (const part of content) {
    const last = parts.at(-1);
    if (part.type === 'input_text' && last?.type === 'input_text') parts[parts.length - 1] = { ...last, text: last.text + part.text };
    else if (part.type !== 'input_text' || part.text !== '') parts.push(part);
  }
  return parts;
}

/** What the declarations let a page say, as the protocol wants it: there a tag is never without `data`. */
export function contentOf(said: { text?: string; content?: UserMessageContent[] }): P.UserMessageContent[] {
  const content = said.content ?? [{ type: 'input_text' as const, text: said.text ?? '' }];
  return content.map((part) =>
    part.type === 'input_text' ? part : { ...part, data: (part.data ?? {}) as Data, interactive: part.interactive ?? false },
  );
}

/** Whether a message says nothing. */
export function isBlank({ content, attachments }: P.UserMessageInput): boolean {
  return (attachments ?? []).length === 0 && content.every((part) => part.type === 'input_text' && part.text.trim() === '');
}

/** The entity that a tag stands for, as the page knows it. */
export function entityOf({ id, text: title, group, interactive, data }: Tag): Entity {
  return { id, title, group, interactive, data: data as Record<string, string> };
}

/** An entity as a tag of a message. */
export function asTag(entity: Entity): UserMessageContent {
  const { id, title, group, data, interactive } = entity;
  return { type: 'input_tag', id, text: title, group, data: data ?? {}, interactive: interactive ?? false };
}

/** Without blank ends. Blank text between tags stays. */
function trimmed(content: UserMessageContent[]): UserMessageContent[] {
  const parts = content.map((part) => ({ ...part }));
  const [first, last] = [parts[0], parts.at(-1)];
  if (first?.type === 'input_text') first.text = first.text.trimStart();
  if (last?.type === 'input_text') last.text = last.text.trimEnd();
  return parts.filter((part) => part.type === 'input_tag' || part.text !== '');
}
