import type { ChatKitOptions } from '@openai/chatkit';
import { Client } from '../wire/client';
import { callbackError, isAbort } from '../wire/errors';
import { DeviceIdentity, DeviceMemory, SecretIdentity, type Identity } from '../wire/identity';
import { Chat, type Emit } from './chat';
import { Composer } from './composer';
import { Dictation } from './dictation';
import { History } from './history';
import type { Changes } from './signal';
import { Tabs } from './tabs';
import { Uploads } from './uploads';

/** Everything that belongs to one server and one visitor: made anew when `api` points elsewhere. */
export class Session {
  readonly chat: Chat;
  readonly history: History;
  readonly composer: Composer;
  readonly uploads: Uploads;
  readonly dictation: Dictation;
  private readonly tabs: Tabs;
  private readonly identity: Identity;

  private isOver = false;
  /** Where the server is, and who this visitor is, also for what is still under way when the session is over. */
  private readonly own: () => ChatKitOptions;

  constructor(options: () => ChatKitOptions, script: URL, locale: () => string, private readonly emit: Emit, changes: Changes) {
    let last = options();
    const key = connectionKey(last);
    this.own = () => {
      const now = options();
      if (!this.isOver && connectionKey(now) === key) last = now;
      return last;
    };
    const { client, identity } = connect(this.own, script, locale);
    this.identity = identity;
    this.tabs = new Tabs(client.address, (threadId) => this.hear(threadId));
    this.composer = new Composer(options, emit, changes);
    this.chat = new Chat(client, this.composer, options, emit, changes, (threadId) => this.tabs.tell(threadId));
    this.history = new History(client, emit, changes);
    this.uploads = new Uploads(client, this.composer, options, emit, changes);
    this.dictation = new Dictation(client, (text) => this.composer.append(text), emit, changes);
  }

  /**
   * Somebody looks at the chat. The page's back end is asked for a session now, so that it is there with the first
   * message, and the page hears early of a back end that has none; the visitor does once they say something.
   */
  async prepare(): Promise<void> {
    await this.identity.prepare().catch((error: unknown) => this.emit('chatkit.error', { error }));
  }

  /** Something else may have changed what is shown: reads it anew. Without success it stays, and the next time will do. */
  async refresh(): Promise<void> {
    await Promise.all([this.chat.refresh(), this.history.refresh()]).catch(() => undefined);
  }

  /** Nothing is watched, uploaded or recorded any more. What did not get through lies in the composer then. */
  end(): void {
    this.own();
    this.isOver = true;
    this.history.hide();
    this.chat.leave();
    this.uploads.end();
    this.dictation.stop({ discard: true });
    this.tabs.close();
  }

  private hear(threadId: string): void {
    if (threadId === this.chat.threadId || this.history.isOpen) void this.refresh();
  }
}

/** What makes another session necessary when it changes. Functions may change with every render of a page. */
export function connectionKey(options: ChatKitOptions): string {
  return 'url' in options.api ? `url ${options.api.url}` : 'secret';
}

function connect(options: () => ChatKitOptions, script: URL, locale: () => string): { client: Client; identity: Identity } {
  const { api } = options();
  if ('getClientSecret' in api) {
    // The secret has no address in it: the server is the one that the script came from, below a path where it stands there.
    const url = new URL('v1/chatkit/conversation', script);
    const getClientSecret = (current: string | null) => {
      const now = options().api;
      return 'getClientSecret' in now ? now.getClientSecret(current) : api.getClientSecret(current);
    };
    const identity = new SecretIdentity(getClientSecret, new DeviceMemory(url));
    const client = new Client({ url, fetch: (...args) => fetch(...args), identity, knowsRuns: true, isChatkitd: true, locale });
    return { client, identity };
  }
  const url = new URL(api.url, document.baseURI);
  const call: typeof fetch = (...args) => {
    const now = options().api;
    return 'url' in now && now.fetch !== undefined ? fetchBy(now.fetch, ...args) : fetch(...args);
  };
  // Another server than the script's may not know of runs, and its CORS rules not of their headers.
  const isChatkitd = url.origin === script.origin;
  const knowsRuns = isChatkitd || url.origin === location.origin;
  const identity = DeviceIdentity.at(url);
  return { client: new Client({ url, fetch: call, identity, knowsRuns, isChatkitd, locale }), identity };
}

/** What the page's own `fetch` answers. A `TypeError` is how each `fetch` says that it did not get through. */
async function fetchBy(own: typeof fetch, ...args: Parameters<typeof fetch>): Promise<Response> {
  let response: Response | undefined;
  try {
    response = await own(...args);
  } catch (thrown) {
    throw isAbort(thrown) || args[1]?.signal?.aborted || thrown instanceof TypeError ? thrown : callbackError('api.fetch', thrown);
  }
  if (typeof response?.status !== 'number') throw callbackError('api.fetch', new Error('it returned no Response'));
  return response;
}
