/**
 * Who this page is to the server (design 4.1 and 4.6): a client secret that the page's own back end hands out,
 * or the device that the server remembers.
 */

/** What is sent along to say who it is, and what is learned from the answer. */
export interface Identity {
  /** Called before a request; what it returns, when the answer has begun or failed. */
  begin(): Promise<() => void>;
  headers(): Promise<Record<string, string>>;
  /** After a 401: whether another try can help, because there is another secret now. */
  renew(): Promise<boolean>;
  learn(response: Response): void;
}

type GetClientSecret = (current: string | null) => Promise<string>;

/** A bearer secret, fetched when it is first needed and again when it has run out. */
export class SecretIdentity implements Identity {
  private secret: string | null = null;
  private fetching: Promise<string> | null = null;
  /** The secret that was in use before, shown once to the server so that an anonymous visitor stays who they are. */
  private previous: string | null;

  constructor(
    private readonly getClientSecret: GetClientSecret,
    private readonly memory: DeviceMemory,
  ) {
    this.previous = memory.read();
  }

  async begin(): Promise<() => void> {
    return () => undefined;
  }

  async headers(): Promise<Record<string, string>> {
    const secret = this.secret ?? (await this.fetch());
    const headers: Record<string, string> = { authorization: `Bearer ${secret}` };
    if (this.previous !== null && this.previous !== secret) headers['chatkit-device-token'] = this.previous;
    return headers;
  }

  async renew(): Promise<boolean> {
    const before = this.secret;
    const after = await this.fetch();
    return after !== before;
  }

  learn(response: Response): void {
    if (!response.ok) return;
    // What was shown has been seen; from now on this secret is what the server knows us by.
    this.previous = null;
    const remembered = response.headers.get('chatkit-device-token') ?? this.secret;
    if (remembered !== null) this.memory.write(remembered);
  }

  /** Asks the page, once for all who wait. */
  private fetch(): Promise<string> {
    this.fetching ??= this.getClientSecret(this.secret)
      .then((secret) => {
        if (typeof secret !== 'string' || secret === '') {
          throw new TypeError('getClientSecret must return the client secret, a text such as "ek_…"');
        }
        if (this.secret !== null && this.secret !== secret) this.previous = this.secret;
        return (this.secret = secret);
      })
      .finally(() => (this.fetching = null));
    return this.fetching;
  }
}

/** The device cookie, and across sites the token that stands for it. */
export class DeviceIdentity implements Identity {
  private isKnown = false;
  private introduction: Promise<void> | null = null;

  constructor(private readonly memory: DeviceMemory) {}

  /** One at a time until the server knows this visitor: two first requests at once would be two visitors to it. */
  async begin(): Promise<() => void> {
    while (this.introduction !== null) await this.introduction;
    if (this.isKnown || this.memory.read() !== null) return () => undefined;
    let over = () => {};
    this.introduction = new Promise((resolve) => (over = resolve));
    return () => {
      this.introduction = null;
      over();
    };
  }

  async headers(): Promise<Record<string, string>> {
    const token = this.memory.read();
    return token === null ? {} : { 'chatkit-device-token': token };
  }

  async renew(): Promise<boolean> {
    // A token that the server does not take any more is not sent again; it hands out another.
    return this.memory.forget();
  }

  learn(response: Response): void {
    this.isKnown ||= response.ok;
    const token = response.headers.get('chatkit-device-token');
    if (token !== null) this.memory.write(token);
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

  /** Whether there was something to forget. */
  forget(): boolean {
    const had = this.read() !== null;
    this.fallback = null;
    try {
      localStorage.removeItem(this.key);
    } catch {
      // As above.
    }
    return had;
  }
}
