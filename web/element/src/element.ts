import type { ChatKitOptions, OpenAIChatKit } from '@openai/chatkit';
import { html, LitElement, nothing } from 'lit';
import { contentOf } from './chat/composer';
import { connectionKey, Session } from './chat/session';
import { Changes } from './chat/signal';
import { Locale } from './locale/locale';
import { scriptUrl } from './script';
import { applyTheme } from './theme/theme';
import { styles } from './theme/styles';
import { attach } from './views/composer';
import { frame } from './views/frame';
import type { View } from './views/view';
import { ChatKitError } from './wire/errors';
import type * as P from './wire/protocol';

type Methods = Omit<OpenAIChatKit, keyof HTMLElement>;

/** `<openai-chatkit>`: the options, methods and events of `@openai/chatkit`, on any ChatKit server. */
export class ChatKitElement extends LitElement implements Methods {
  static override styles = styles;

  private current: ChatKitOptions | null = null;
  private session: Session | null = null;
  private connection = '';
  private locale = Locale.english;
  private readonly changes = new Changes();
  private unlisten: (() => void) | null = null;
  private started = false;

  constructor() {
    super();
    // What was set before the element was defined stands on it as a plain property.
    const early = Object.getOwnPropertyDescriptor(this, 'options')?.value as ChatKitOptions | undefined;
    if (early === undefined) return;
    Reflect.deleteProperty(this, 'options');
    this.setOptions(early);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unlisten = this.changes.listen(() => this.requestUpdate());
    document.addEventListener('visibilitychange', this.onVisible);
    if (this.current !== null) this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.onVisible);
    this.unlisten?.();
    // A framework may put the element elsewhere at once; what is still gone then is over.
    queueMicrotask(() => {
      if (!this.isConnected) this.end();
    });
  }

  /** The same as `setOptions`; can also be set before the script has loaded. */
  get options(): ChatKitOptions | null {
    return this.current;
  }

  set options(options: ChatKitOptions) {
    this.setOptions(options);
  }

  setOptions(options: ChatKitOptions): void {
    if (typeof options !== 'object' || options === null || typeof options.api !== 'object' || options.api === null) {
      throw new ChatKitError('setOptions needs api: {url, domainKey} or {getClientSecret}.', 'invalid_options');
    }
    this.current = options;
    if (this.isConnected) this.start();
  }

  async focusComposer(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[data-composer]')?.focus();
  }

  async setThreadId(threadId: string | null): Promise<void> {
    const { chat, history } = this.require();
    history.hide();
    await chat.open(threadId);
  }

  async sendCustomAction(action: { type: string; payload?: Record<string, unknown> }, itemId?: string): Promise<void> {
    await this.require().chat.act(action as P.Action, itemId);
  }

  async sendUserMessage(params: Parameters<OpenAIChatKit['sendUserMessage']>[0]): Promise<void> {
    const { chat } = this.require();
    if (params.newThread) await chat.open(null);
    const input: P.UserMessageInput = {
      content: contentOf(params),
      attachments: (params.attachments ?? []).map((attachment) => attachment.id),
      inference_options: {},
    };
    if (params.reply !== undefined) input.quoted_text = params.reply;
    if (params.toolChoice !== undefined) input.inference_options.tool_choice = params.toolChoice;
    if (params.model !== undefined) input.inference_options.model = params.model;
    await chat.send(input);
  }

  async setComposerValue(params: Parameters<OpenAIChatKit['setComposerValue']>[0]): Promise<void> {
    const { composer, uploads } = this.require();
    if (params.text !== undefined || params.content !== undefined) composer.setContent(contentOf(params));
    if (params.reply !== undefined) composer.quote = params.reply;
    if (params.attachments !== undefined) uploads.attach(params.attachments);
    if (params.files !== undefined) attach(this.view()!, params.files);
    if (params.selectedToolId !== undefined) composer.selectTool(params.selectedToolId);
    if (params.selectedModelId !== undefined) composer.selectModel(params.selectedModelId);
    this.changes.mark();
  }

  async showHistory(): Promise<void> {
    await this.require().history.show();
  }

  async hideHistory(): Promise<void> {
    this.require().history.hide();
  }

  async fetchUpdates(): Promise<void> {
    const { chat, history } = this.require();
    await Promise.all([chat.refresh(), history.isOpen ? history.show() : undefined]);
  }

  protected override render(): unknown {
    const view = this.view();
    return view === null ? nothing : html`${frame(view)}`;
  }

  private view(): View | null {
    const { current: options, session, locale, emit, changes } = this;
    return options === null || session === null ? null : { options, session, locale, emit, changes, host: this };
  }

  /** Begins with these options, or goes on under them. */
  private start(): void {
    const options = this.current!;
    // A name needs a role, or no screen reader says it.
    if (!this.hasAttribute('role')) this.setAttribute('role', 'region');
    this.setAttribute('aria-label', options.frameTitle ?? this.locale.text('chat'));
    applyTheme(this, options.theme);
    void this.loadLocale(options.locale ?? navigator.language);
    const connection = connectionKey(options);
    if (this.session === null || connection !== this.connection) this.connect(connection, options);
    this.session?.composer.fit();
    this.requestUpdate();
    if (this.started) return;
    this.started = true;
    void this.updateComplete.then(() => this.emit('chatkit.ready'));
  }

  private connect(connection: string, options: ChatKitOptions): void {
    this.session?.chat.leave();
    this.connection = connection;
    const language = () => this.current?.locale ?? navigator.language;
    this.session = new Session(() => this.current!, scriptUrl, language, this.emit, this.changes);
    const first = options.composer?.models?.find((model) => model.default)?.id;
    if (first !== undefined) this.session.composer.selectModel(first);
    if (options.initialThread) void this.session.chat.open(options.initialThread);
  }

  private end(): void {
    this.session?.chat.leave();
    this.session?.dictation.stop({ discard: true });
    this.session = null;
    this.connection = '';
    this.started = false;
  }

  private async loadLocale(asked: string): Promise<void> {
    const locale = await Locale.load(asked).catch(() => Locale.english);
    if (asked !== (this.current?.locale ?? navigator.language)) return;
    this.locale = locale;
    this.lang = locale.tag;
    this.dir = locale.direction;
    this.setAttribute('aria-label', this.current?.frameTitle ?? locale.text('chat'));
    this.requestUpdate();
  }

  private require(): Session {
    if (this.session !== null) return this.session;
    const missing = this.current === null ? 'Call setOptions first.' : 'Put the element into the page first.';
    throw new ChatKitError(`The chat has not begun yet. ${missing}`, 'not_ready');
  }

  private readonly emit = (name: string, detail?: unknown): void => {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  };

  /** Another tab may have gone on with the conversation. */
  private readonly onVisible = (): void => {
    if (document.visibilityState === 'visible') void this.session?.chat.refresh().catch(() => undefined);
  };
}
