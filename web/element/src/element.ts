import type { ChatKitOptions, OpenAIChatKit } from '@openai/chatkit';
import { LitElement, nothing } from 'lit';
import { watchFailures } from './assets';
import { contentOf, type Draft, isBlank } from './chat/composer';
import { connectionKey, Session } from './chat/session';
import { Changes } from './chat/signal';
import { Locale } from './locale/locale';
import { scriptUrl } from './script';
import { applyTheme } from './theme/theme';
import { dress, styles } from './theme/styles';
import { Announcer } from './views/announcement';
import { FocusKeeper } from './views/focus';
import { attach } from './views/composer';
import { frame } from './views/frame';
import { OnScreenKeyboard } from './views/keyboard';
import { Follower } from './views/scroll';
import { Suggestions } from './views/suggestions';
import type { View } from './views/view';
import { ChatKitError } from './wire/errors';
import type * as P from './wire/protocol';

/** How long the chat waits for its language, so that it is not drawn in English first; then it goes on in English. */
const LANGUAGE_WITHIN = 2_000;
/** A page in the background is not painted at all. */
const HIDDEN_PAINT_MS = 250;

type Methods = Omit<OpenAIChatKit, keyof HTMLElement>;

/** `<openai-chatkit>`: the options, methods and events of `@openai/chatkit`, on any ChatKit server. */
export class ChatKitElement extends LitElement implements Methods {
  static override styles = styles;

  private current: ChatKitOptions | null = null;
  private session: Session | null = null;
  private connection = '';
  private locale: Locale | null = null;
  private readonly changes = new Changes();
  private unlisten: (() => void)[] = [];
  /** The further files of the element that the page was told are missing. */
  private readonly missing = new Set<string>();
  /** A new one for each time that it begins. */
  private started: symbol | null = null;
  /** A chat in a closed popup, or far down a page, costs its server nothing. */
  private readonly sight = new IntersectionObserver((seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    this.sight.disconnect();
    void this.session?.prepare();
  });
  private resolveDrawn!: () => void;
  /** The chat stands there for the first time. */
  private readonly drawn = new Promise<void>((resolve) => (this.resolveDrawn = resolve));
  /** What was shown and written when the element was taken out of the page. */
  private left: { connection: string; threadId: string | null; api: ChatKitOptions['api']; draft: Draft } | null = null;

  /** What was drawn from last. */
  private shown!: View;
  private readonly latest = () => this.shown;
  private readonly announcer = new Announcer();
  private readonly follower = new Follower(this.latest);
  private readonly suggestions = new Suggestions(this.latest);

  constructor() {
    super();
    this.addController(new FocusKeeper(this));
    this.addController(new OnScreenKeyboard(this));
    // What was set before the element was defined stands on it as a plain property.
    const early = Object.getOwnPropertyDescriptor(this, 'options')?.value as ChatKitOptions | undefined;
    if (early === undefined) return;
    Reflect.deleteProperty(this, 'options');
    this.setOptions(early);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unlisten = [this.changes.listen(() => this.requestUpdate()), watchFailures(this.onMissing)];
    document.addEventListener('visibilitychange', this.onReturn);
    addEventListener('focus', this.onReturn);
    addEventListener('online', this.onReturn);
    if (this.current !== null) this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.onReturn);
    removeEventListener('focus', this.onReturn);
    removeEventListener('online', this.onReturn);
    for (const stop of this.unlisten) stop();
    // A framework may put the element elsewhere at once; what is still gone then is over.
    queueMicrotask(() => {
      if (!this.isConnected) this.end();
    });
  }

  /** It is in another document now, such as that of a frame, and has left its style sheets behind. */
  adoptedCallback(): void {
    if (this.shadowRoot !== null) dress(this.shadowRoot);
  }

  /** The same as `setOptions`; can also be set before the script has loaded. */
  get options(): ChatKitOptions | null {
    return this.current;
  }

  set options(options: ChatKitOptions) {
    this.setOptions(options);
  }

  setOptions(options: ChatKitOptions): void {
    if (!hasServer(options)) {
      throw new ChatKitError('setOptions needs api: {url, domainKey} or {getClientSecret}.', 'invalid_options');
    }
    this.current = options;
    if (this.isConnected) this.start();
  }

  async focusComposer(): Promise<void> {
    if (this.session === null) return;
    await this.drawn;
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
    const options: P.InferenceOptions = {};
    if (params.toolChoice !== undefined) options.tool_choice = params.toolChoice;
    if (params.model !== undefined) options.model = params.model;
    const input: P.UserMessageInput = {
      content: contentOf(params),
      attachments: (params.attachments ?? []).map((attachment) => attachment.id),
      inference_options: options,
    };
    if (params.reply !== undefined) input.quoted_text = params.reply;
    if (isBlank(input)) throw new ChatKitError('sendUserMessage needs text, content or attachments.', 'empty_message');
    if (params.newThread) await chat.open(null);
    await chat.send(input);
  }

  async setComposerValue(params: Parameters<OpenAIChatKit['setComposerValue']>[0]): Promise<void> {
    const { composer, uploads } = this.require();
    if (params.text !== undefined || params.content !== undefined) composer.setContent(contentOf(params));
    if (params.reply !== undefined) composer.quote = params.reply;
    if (params.attachments !== undefined) uploads.attach(params.attachments);
    if (params.files !== undefined) {
      // What is refused is said, in the language of the chat.
      await this.drawn;
      // The element may have gone meanwhile.
      this.require();
      attach(this.view()!, params.files);
    }
    if (params.selectedToolId !== undefined) composer.selectTool(params.selectedToolId);
    if (params.selectedModelId !== undefined) composer.selectModel(params.selectedModelId);
    // Whoever writes on afterwards writes behind it.
    await this.drawn;
    this.requestUpdate();
    await this.updateComplete;
  }

  async showHistory(): Promise<void> {
    await this.require().history.show();
  }

  async hideHistory(): Promise<void> {
    this.require().history.hide();
  }

  async fetchUpdates(): Promise<void> {
    const { chat, history } = this.require();
    await Promise.all([chat.refresh(), history.refresh()]);
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    if (this.ownerDocument === document) return super.createRenderRoot();
    const root = this.attachShadow({ mode: 'open' });
    dress(root);
    return root;
  }

  protected override render(): unknown {
    const view = this.view();
    if (view === null) return nothing;
    this.shown = view;
    return frame(view);
  }

  private view(): View | null {
    const { current: options, session, locale, emit, changes, latest, announcer, follower, suggestions } = this;
    if (options === null || session === null || locale === null) return null;
    return { options, session, locale, emit, changes, host: this, latest, announcer, follower, suggestions };
  }

  protected override updated(): void {
    const view = this.view();
    if (view === null) return;
    this.announcer.look(view);
    this.resolveDrawn();
  }

  /** Begins with these options, or goes on under them. */
  private start(): void {
    const options = this.current!;
    applyTheme(this, options.theme);
    void this.loadLocale(options.locale ?? navigator.language);
    const connection = connectionKey(options);
    if (this.session === null || connection !== this.connection) this.connect(connection, options);
    this.session?.composer.fit();
    this.requestUpdate();
    if (this.started !== null) return;
    const started = (this.started = Symbol());
    void this.drawn.then(painted).then(() => this.started === started && this.emit('chatkit.ready'));
  }

  private connect(connection: string, options: ChatKitOptions): void {
    this.session?.end();
    this.connection = connection;
    const language = () => this.current?.locale ?? navigator.language;
    this.session = new Session(() => this.current!, scriptUrl, language, this.emit, this.changes);
    const left = this.left?.connection === connection ? this.left : null;
    this.left = null;
    // Another `api` may be another visitor's.
    if (left?.api === options.api) this.session.composer.resume(left.draft);
    const shown = left === null ? options.initialThread : left.threadId;
    if (shown) void this.session.chat.open(shown);
    this.sight.observe(this);
  }

  private end(): void {
    const { session, connection } = this;
    if (session !== null) {
      const { threadId } = session.chat;
      session.end();
      this.left = { connection, threadId, api: this.current!.api, draft: session.composer.draft };
    }
    this.session = null;
    this.sight.disconnect();
    this.connection = '';
    this.started = null;
  }

  private async loadLocale(asked: string): Promise<void> {
    const english = Locale.englishFor(asked);
    const late = setTimeout(() => this.locale ?? this.speak(english), LANGUAGE_WITHIN);
    const locale = await Locale.load(asked).catch(() => english);
    clearTimeout(late);
    if (asked === (this.current?.locale ?? navigator.language)) this.speak(locale);
  }

  private speak(locale: Locale): void {
    this.locale = locale;
    this.lang = locale.tag;
    this.dir = locale.direction;
    if (!this.hasAttribute('role')) this.setAttribute('role', 'region');
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

  /** Said once: it is missing wherever it is needed. */
  private readonly onMissing = (name: string): void => {
    if (this.missing.has(name)) return;
    this.missing.add(name);
    this.emit('chatkit.log', { name: 'asset.failed', data: { name } });
  };

  /** While the visitor was away, or the network, the conversation may have gone on elsewhere. */
  private readonly onReturn = (): void => {
    if (document.visibilityState === 'visible') void this.session?.refresh();
  };
}

/** After the next paint, or soon on a page that nobody looks at. Frameworks begin to listen no earlier than that. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, HIDDEN_PAINT_MS);
  });
}

/** Whether there is a way to the server in them. */
function hasServer(options: unknown): boolean {
  const { api } = (options ?? {}) as { api?: { url?: unknown; getClientSecret?: unknown } | null };
  return typeof api?.getClientSecret === 'function' || (typeof api?.url === 'string' && api.url !== '');
}
