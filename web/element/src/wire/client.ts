import { ChatKitError, isAbort, networkError, refusal, wrongContentType } from './errors';
import type { Identity } from './identity';
import type { JsonOperations, StreamOperations } from './operations';
import type { ThreadEvent } from './protocol';
import { readSse } from './sse';

/** Where the server is and how it is asked. */
export interface ClientSettings {
  /** The address of the protocol's endpoint. */
  url: URL;
  fetch: typeof fetch;
  identity: Identity;
  /** Whether it is a chatkitd, which knows of runs: they survive a lost connection and a reload. */
  knowsRuns: boolean;
  locale: () => string;
}

/** A numbered event of a run. */
export interface NumberedEvent {
  /** From 1; 0 where the server does not number. */
  number: number;
  event: ThreadEvent;
}

/** An answer that is being streamed. */
export interface RunStream {
  /** `run_…`, where the server names it. */
  run: string | null;
  events: AsyncGenerator<NumberedEvent>;
}

const TRIES = 4;
const FIRST_WAIT = 500;

/** Speaks the ChatKit protocol. */
export class Client {
  constructor(private readonly settings: ClientSettings) {}

  get knowsRuns(): boolean {
    return this.settings.knowsRuns;
  }

  /** An operation with one answer. Tried again while the server is overloaded or away. */
  async call<Op extends keyof JsonOperations>(
    type: Op,
    params: JsonOperations[Op][0],
    signal?: AbortSignal,
  ): Promise<{ body: JsonOperations[Op][1]; run: string | null }> {
    const response = await retrying(() => this.post({ type, params }, {}, signal), signal);
    if (!isOf(response, 'application/json')) throw wrongContentType(response);
    return { body: await response.json(), run: response.headers.get('x-chatkit-run-id') };
  }

  /** An operation that is answered with events. The same `key` sent twice is one message. */
  async stream<Op extends keyof StreamOperations>(
    type: Op,
    params: StreamOperations[Op],
    key: string,
    signal: AbortSignal,
  ): Promise<RunStream> {
    const headers: Record<string, string> = this.knowsRuns
      ? { 'idempotency-key': key, 'x-chatkit-resume': '1' }
      : {};
    const send = () => this.post({ type, params }, headers, signal);
    // Without a key a message that got through and was not answered would be said twice.
    const response = this.knowsRuns ? await retrying(send, signal) : await send();
    return this.opened(response, signal);
  }

  /** Goes on with a run after the event `after`. */
  async resume(run: string, after: number, signal: AbortSignal): Promise<RunStream> {
    const url = this.runUrl(run, 'events');
    const headers = { 'last-event-id': String(after), accept: 'text/event-stream' };
    const response = await retrying(() => this.send(url, { headers, signal }), signal);
    return this.opened(response, signal);
  }

  /** Stops a run. */
  async cancel(run: string): Promise<void> {
    await retrying(() => this.send(this.runUrl(run, 'cancel'), { method: 'POST' }));
  }

  /** Sends a file to where an attachment's `upload_descriptor` says, or to `uploadStrategy.uploadUrl`. */
  async upload(url: string, init: RequestInit, own: boolean): Promise<Response> {
    const target = new URL(url, this.settings.url);
    // Who this is concerns no other server, and its CORS rules may not know the headers that say so.
    if (own && target.origin === this.settings.url.origin) return this.send(target, init);
    return checked(await this.settings.fetch(target, init).catch(rethrow));
  }

  private opened(response: Response, signal: AbortSignal): RunStream {
    // Whoever asked for more of a run that has told everything gets nothing.
    if (response.status === 204) return { run: null, events: nothing() };
    if (!isOf(response, 'text/event-stream') || response.body === null) throw wrongContentType(response);
    return { run: response.headers.get('x-chatkit-run-id'), events: events(response.body, signal) };
  }

  private post(body: unknown, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    return this.send(this.settings.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-language': this.settings.locale(), ...headers },
      body: JSON.stringify(body),
      signal,
    });
  }

  private runUrl(run: string, what: string): URL {
    const url = new URL(this.settings.url);
    url.pathname = `${url.pathname.replace(/\/conversation\/?$/, '').replace(/\/$/, '')}/runs/${encodeURIComponent(run)}/${what}`;
    return url;
  }

  /** One request; after a 401 once more, with what the page's `getClientSecret` returns then. */
  private async send(url: URL, init: RequestInit): Promise<Response> {
    const { identity } = this.settings;
    const answered = await identity.begin();
    try {
      const first = await this.attempt(url, init);
      const response = first.status === 401 && (await identity.renew()) ? await this.attempt(url, init) : first;
      identity.learn(response);
      return await checked(response);
    } finally {
      answered();
    }
  }

  private async attempt(url: URL, init: RequestInit): Promise<Response> {
    const headers = { ...(await this.settings.identity.headers()), ...(init.headers as Record<string, string>) };
    // No cookies across origins, which not every server may take: there the device token says who this is.
    return this.settings.fetch(url.href, { credentials: 'same-origin', ...init, headers }).catch(rethrow);
  }
}

async function* nothing(): AsyncGenerator<NumberedEvent> {}

async function* events(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
  try {
    for await (const { id, data } of readSse(body)) {
      yield { number: Number(id ?? 0), event: JSON.parse(data) as ThreadEvent };
    }
  } catch (thrown) {
    if (signal.aborted || thrown instanceof SyntaxError || thrown instanceof RangeError) throw thrown;
    throw networkError(thrown);
  }
}

async function checked(response: Response): Promise<Response> {
  if (!response.ok) throw await refusal(response);
  return response;
}

function rethrow(thrown: unknown): never {
  throw isAbort(thrown) ? thrown : networkError(thrown);
}

function isOf(response: Response, type: string): boolean {
  return (response.headers.get('content-type') ?? '').toLowerCase().startsWith(type);
}

/** Tries a few times, longer apart each time, or as the server asks. */
export async function retrying<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof ChatKitError) || !thrown.isRetryable || tries === TRIES) throw thrown;
      const asked = (thrown.details.retryAfter ?? 0) * 1000;
      if (asked > 30_000) throw thrown;
      await pause(Math.max(asked, FIRST_WAIT * 2 ** (tries - 1) * (0.75 + Math.random() / 2)), signal);
    }
  }
}

/** Waits, unless somebody stops it. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
