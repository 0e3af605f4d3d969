/**
 * Who this page is to the server (design 4.1 and 4.6): a client secret that the page's own back end hands out,
 * or the device that the server remembers.
 */
import { ChatKitError, secretError } from './errors';
import { Introduction } from './introduction';

/** What one request says of who sends it. */
export interface Pass {
  headers: Record<string, string>;
  /** Takes what the answer says of it; `null`: there was no answer. Always called: other requests may wait for it. */
  answered(response: Response | null): void;
  /** After a 401: whether another try can help. */
  renew(): Promise<boolean>;
}

export interface Identity {
  pass(): Promise<Pass>;
  /** Gets what the first request will need. Fails where no request is there to fail. */
  prepare(): Promise<void>;
}

type GetClientSecret = (current: string | null) => Promise<string>;

const DEVICE_TOKEN = 'chatkit-device-token';
/** How long the page's `getClientSecret` may take, in milliseconds. */
const SECRET_WITHIN = 30_000;

/** A bearer secret, fetched when the chat is first seen or it is first needed, and again when it has run out. */
export class SecretIdentity implements Identity {
  private secret: string | null = null;
  private fetching: Promise<string> | null = null;
  /** The secret that was in use before. */
  private previous: string | null = null;
  private introduction = new Introduction();
  private isNeeded = false;

  constructor(
    private readonly getClientSecret: GetClientSecret,
    private readonly memory: DeviceMemory,
  ) {}

  async prepare(): Promise<void> {
    if (this.secret !== null) return;
    await this.fetch().catch((thrown: unknown) => {
      if (!this.isNeeded) throw thrown;
    });
  }

  async pass(): Promise<Pass> {
    this.isNeeded = true;
    if (this.secret === null) await this.fetch();
    const introduced = await this.introduction.begin();
    // Not before: while this request waited, another may have got a new secret.
    const secret = this.secret!;
    const headers: Record<string, string> = { authorization: `Bearer ${secret}` };
    // An anonymous visitor stays who they were. Who was nobody before gets a token for what they are now: the secret
    // itself is not kept, where any script of the page could read it.
    if (introduced !== null) headers[DEVICE_TOKEN] = this.memory.read() ?? this.previous ?? secret;
    return {
      headers,
      answered: (response) => {
        introduced?.(wasSeen(response));
        const given = response?.ok ? response.headers.get(DEVICE_TOKEN) : null;
        if (given !== null) this.memory.write(given);
      },
      renew: () => this.renew(secret),
    };
  }

  /** Another secret than the refused one. Several requests that are refused at once share it. */
  private async renew(refused: string): Promise<boolean> {
    if (this.secret === refused) await this.fetch();
    return this.secret !== refused;
  }

  /** Asks the page, once for all who wait. */
  private fetch(): Promise<string> {
    this.fetching ??= this.ask()
      .then((secret) => this.take(secret))
      .finally(() => (this.fetching = null));
    return this.fetching;
  }

  private take(secret: string): string {
    if (secret === this.secret) return secret;
    this.previous = this.secret;
    this.introduction = new Introduction();
    return (this.secret = secret);
  }

  private async ask(): Promise<string> {
    const secret: unknown = await within(SECRET_WITHIN, () => this.getClientSecret(this.secret)).catch((cause: unknown) => {
      throw secretError(cause);
    });
    if (typeof secret === 'string' && /^[\x21-\x7e]+$/.test(secret)) return secret;
    throw new ChatKitError('getClientSecret must return the client secret, a text such as "ek_…".', 'client_secret');
  }
}

/** The device cookie, and across sites the token that stands for it. */
export class DeviceIdentity implements Identity {
  private readonly memory: DeviceMemory;
  private readonly introduction = new Introduction();

  private constructor(base: URL) {
    this.memory = new DeviceMemory(base);
  }

  /** All elements of a page that talk to one server are one visitor. */
  static at(base: URL): DeviceIdentity {
    const known = devices.get(base.href) ?? new DeviceIdentity(base);
    devices.set(base.href, known);
    return known;
  }

  async prepare(): Promise<void> {
    // The server makes itself known with its first answer.
  }

  async pass(): Promise<Pass> {
    const introduced = await this.introduction.begin();
    const token = this.memory.read();
    return {
      headers: token === null ? {} : { [DEVICE_TOKEN]: token },
      answered: (response) => {
        introduced?.(wasSeen(response));
        const given = response?.headers.get(DEVICE_TOKEN) ?? null;
        if (given !== null) this.memory.write(given);
      },
      // A token that the server does not take any more is not sent again; it hands out another.
      renew: async () => {
        if (token !== null) this.memory.forget(token);
        return token !== null;
      },
    };
  }
}

const devices = new Map<string, DeviceIdentity>();

/** Whether the server got as far as to look who asks. */
function wasSeen(response: Response | null): boolean {
  return response !== null && response.status !== 401 && response.status !== 429 && response.status < 500;
}

async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${milliseconds / 1000} seconds`)), milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One text in the page's storage, per server. A page that has no storage forgets with each load. */
export class DeviceMemory {
  private readonly key: string;
  private fallback: string | null = null;

  constructor(base: URL) {
    this.key = `chatkit.device:${base.origin}${base.pathname}`;
  }

  read(): string | null {
    try {
      return localStorage.getItem(this.key) ?? this.fallback;
    } catch {
      return this.fallback;
    }
  }

  write(value: string): void {
    this.fallback = value;
    try {
      localStorage.setItem(this.key, value);
    } catch {
      // Storage is full or forbidden: the fallback lasts as long as the page.
    }
  }

  /** Forgets `value`, unless there is another by now. */
  forget(value: string): void {
    if (this.read() !== value) return;
    this.fallback = null;
    try {
      localStorage.removeItem(this.key);
    } catch {
      // As above.
    }
  }
}
