import type { ChatKitOptions } from '@openai/chatkit';
import { Client } from '../wire/client';
import { DeviceIdentity, DeviceMemory, SecretIdentity } from '../wire/identity';
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

  constructor(options: () => ChatKitOptions, script: URL, locale: () => string, emit: Emit, changes: Changes) {
    const client = connect(options, script, locale);
    this.tabs = new Tabs(client.address, (threadId) => this.hear(threadId));
    this.composer = new Composer(options, emit, changes);
    this.chat = new Chat(client, this.composer, options, emit, changes, (threadId) => this.tabs.tell(threadId));
    this.history = new History(client, emit, changes);
    this.uploads = new Uploads(client, this.composer, options, emit, changes);
    this.dictation = new Dictation(client, (text) => this.composer.append(text), emit, changes);
  }

  /** Something else may have changed what is shown: reads it anew. Without success it stays, and the next time will do. */
  async refresh(): Promise<void> {
    const history = this.history.isOpen ? this.history.show() : undefined;
    await Promise.all([this.chat.refresh(), history]).catch(() => undefined);
  }

  /** Nothing is watched or recorded any more. */
  end(): void {
    this.chat.leave();
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

function connect(options: () => ChatKitOptions, script: URL, locale: () => string): Client {
  const { api } = options();
  if ('getClientSecret' in api) {
    // The secret has no address in it: the server is the one that the script came from, below a path where it stands there.
    const url = new URL('v1/chatkit/conversation', script);
    const getClientSecret = (current: string | null) => {
      const now = options().api;
      return 'getClientSecret' in now ? now.getClientSecret(current) : api.getClientSecret(current);
    };
    const identity = new SecretIdentity(getClientSecret, new DeviceMemory(url));
    return new Client({ url, fetch: (...args) => fetch(...args), identity, knowsRuns: true, isChatkitd: true, locale });
  }
  const url = new URL(api.url, document.baseURI);
  const call: typeof fetch = (...args) => {
    const now = options().api;
    return 'url' in now && now.fetch !== undefined ? now.fetch(...args) : fetch(...args);
  };
  // Another server than the script's may not know of runs, and its CORS rules not of their headers.
  const isChatkitd = url.origin === script.origin;
  const knowsRuns = isChatkitd || url.origin === location.origin;
  return new Client({ url, fetch: call, identity: DeviceIdentity.at(url), knowsRuns, isChatkitd, locale });
}
