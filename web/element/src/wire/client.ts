import { ChatKitError, invalidResponse, isAbort, networkError, refusal, wrongContentType } from './errors';
import type { Identity, Pass } from './identity';
import { withoutNulls } from './nulls';
import { type JsonOperations, NEW_EACH_TIME, type StreamOperations } from './operations';
import type { Attachment, ThreadEvent, UploadDescriptor } from './protocol';
import { anyway, ifNotDone, retrying, unlessAborted } from './retry';
import { hasId, isThread } from './shape';
import { readSse } from './sse';

/** Where the server is and how it is asked. */
export interface ClientSettings {
  /** The address of the protocol's endpoint. */
  url: URL;
  fetch: typeof fetch;
  identity: Identity;
  /** Whether it may be a chatkitd, which knows of runs: they survive a lost connection and a reload. */
  knowsRuns: boolean;
  /** Whether it is one for certain. Another must have named a run first. */
  isChatkitd: boolean;
  locale: () => string;
}

/** A numbered event of a run. */
export interface NumberedEvent {
  /** From 1; 0 where the server does not number. */
  number: number;
  /** `null`: it is no JSON. */
  event: ThreadEvent | null;
}

/** An answer that is being streamed. */
export interface RunStream {
  /** `run_…`, where the server names it. */
  run: string | null;
  /** Whether the server says that everything has been told already. */
  isAtEnd: boolean;
  events: AsyncGenerator<NumberedEvent>;
}

/** Speaks the ChatKit protocol. */
export class Client {
  /** Whether the server takes the same key twice for one message. */
  private honoursKeys: boolean;

  constructor(private readonly settings: ClientSettings) {
    this.honoursKeys = settings.isChatkitd;
  }

  get address(): string {
    return this.settings.url.href;
  }

  get knowsRuns(): boolean {
    return this.settings.knowsRuns;
  }

  /** An operation with one answer. Tried again while the server is overloaded or away, where that does nothing twice. */
  async call<Op extends keyof JsonOperations>(
    type: Op,
    params: JsonOperations[Op][0],
    signal?: AbortSignal,
  ): Promise<{ body: JsonOperations[Op][1]; run: string | null }> {
    const mayRepeat = NEW_EACH_TIME.has(type) ? ifNotDone : anyway;
    const response = await retrying(() => this.post({ type, params }, {}, signal), mayRepeat, signal);
    if (!isOf(response, 'application/json')) throw wrongContentType(response, this.settings.url);
    const body = await bodyOf(response, this.settings.url, (read) => answers(type, read));
    return { body: body as JsonOperations[Op][1], run: response.headers.get('x-chatkit-run-id') };
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
    // Where a key says nothing, a message that got through and was not answered would be said twice.
    const response = await retrying(send, this.honoursKeys ? anyway : ifNotDone, signal);
    return this.opened(response, this.settings.url, signal);
  }

  /** Goes on with a run after the event `after`. One try: whoever reads an answer tries again anyhow. */
  async resume(run: string, after: number, signal: AbortSignal): Promise<RunStream> {
    const url = this.runUrl(run, 'events');
    const headers = { 'last-event-id': String(after), accept: 'text/event-stream' };
    const response = await this.send(url, { headers, signal });
    // Whoever asked for more of a run that has told everything gets nothing.
    if (response.status === 204) return { run, isAtEnd: true, events: nothing() };
    return this.opened(response, url, signal);
  }

  /** Stops a run. */
  async cancel(run: string): Promise<void> {
    await retrying(() => this.send(this.runUrl(run, 'cancel'), { method: 'POST' }), anyway);
  }

  /** Sends a file to `uploadStrategy.uploadUrl`, whose answer says what messages name it by. */
  async upload(url: string, file: File, signal: AbortSignal): Promise<Attachment> {
    const target = new URL(url, this.settings.url);
    const body = new FormData();
    body.append('file', file, file.name);
    const init = { method: 'POST', body, signal };
    const isOurs = target.origin === this.settings.url.origin;
    const response = await (isOurs ? this.send(target, init) : this.sendUnsigned(target, init));
    return (await bodyOf(response, target, hasId)) as unknown as Attachment;
  }

  /** Sends the bytes of a file that was announced to where the server said. */
  async bring({ url, method, headers }: UploadDescriptor, file: File, signal: AbortSignal): Promise<void> {
    const init = { method, headers: headers as Record<string, string>, body: file, signal };
    await this.sendUnsigned(new URL(url, this.settings.url), init);
  }

  /** Who this is concerns no other server, and its CORS rules may not know the headers that say so. */
  private async sendUnsigned(url: URL, init: RequestInit): Promise<Response> {
    return checked(await this.settings.fetch(url, init).catch(rethrow));
  }

  private opened(response: Response, asked: URL, signal: AbortSignal): RunStream {
    const run = response.headers.get('x-chatkit-run-id');
    if (run !== null && this.knowsRuns) this.honoursKeys = true;
    if (!isOf(response, 'text/event-stream') || response.body === null) throw wrongContentType(response, asked);
    return { run, isAtEnd: false, events: events(response.body, signal, run !== null) };
  }

  private post(body: unknown, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    return this.send(this.settings.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-language': this.settings.locale(), ...headers },
      body: JSON.stringify(body, wellFormed),
      signal,
    });
  }

  private runUrl(run: string, what: string): URL {
    const url = new URL(this.settings.url);
    url.pathname = `${url.pathname.replace(/\/conversation\/?$/, '').replace(/\/$/, '')}/runs/${encodeURIComponent(run)}/${what}`;
    return url;
  }

  /** One request; after a 401 once more, where the visitor has something else to show by then. */
  private async send(url: URL, init: RequestInit): Promise<Response> {
    const first = await this.attempt(url, init);
    if (first.response.status !== 401 || !(await unlessAborted(first.pass.renew(), init.signal))) return checked(first.response);
    const second = await this.attempt(url, init);
    return checked(second.response);
  }

  private async attempt(url: URL, init: RequestInit): Promise<{ response: Response; pass: Pass }> {
    const pass = await this.pass(init.signal);
    const headers = { ...pass.headers, ...(init.headers as Record<string, string>) };
    try {
      // No cookies across origins, which not every server may take: there the device token says who this is.
      const response = await this.settings.fetch(url.href, { credentials: 'same-origin', ...init, headers });
      pass.answered(response);
      return { response, pass };
    } catch (thrown) {
      pass.answered(null);
      return rethrow(thrown);
    }
  }

  private async pass(signal: RequestInit['signal']): Promise<Pass> {
    const passing = this.settings.identity.pass();
    try {
      return await unlessAborted(passing, signal);
    } catch (thrown) {
      // It comes all the same, and others wait until it has been used.
      void passing.then((unused) => unused.answered(null), () => undefined);
      throw thrown;
    }
  }
}

async function* nothing(): AsyncGenerator<NumberedEvent> {}

/** Nothing at all for this long, in milliseconds: chatkitd gives a sign of life every 15 seconds, so the line is dead. */
const SILENCE = 45_000;

async function* events(body: ReadableStream<Uint8Array>, signal: AbortSignal, beats: boolean): AsyncGenerator<NumberedEvent> {
  try {
    for await (const { id, data } of readSse(body, beats ? SILENCE : null)) yield { number: numberOf(id), event: parsed(data) };
  } catch (thrown) {
    if (signal.aborted || thrown instanceof ChatKitError) throw thrown;
    throw networkError(thrown);
  }
}

/** A number to go on from; other servers' ids are none. */
function numberOf(id: string | undefined): number {
  const number = Number(id ?? 0);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

function parsed(data: string): ThreadEvent | null {
  try {
    return withoutNulls(JSON.parse(data)) as ThreadEvent | null;
  } catch {
    return null;
  }
}

/** The JSON of an answer to `asked`. */
async function bodyOf(response: Response, asked: URL, isIt: (body: unknown) => boolean): Promise<unknown> {
  const body: unknown = await response.json().then(withoutNulls).catch((cause: unknown) => {
    throw isAbort(cause) ? cause : invalidResponse(response, asked, cause);
  });
  if (!isIt(body)) throw invalidResponse(response, asked);
  return body;
}

/** Whether the body is of the kind that the operation is answered with. */
function answers(type: keyof JsonOperations, body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  if (type === 'threads.get_by_id') return isThread(body);
  if (type === 'attachments.create') return hasId(body);
  return !type.endsWith('.list') || Array.isArray((body as { data?: unknown }).data);
}

async function checked(response: Response): Promise<Response> {
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Half an emoji, where a page or a field has cut one, is no text that a server reads. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value;
}

function rethrow(thrown: unknown): never {
  throw isAbort(thrown) || thrown instanceof ChatKitError ? thrown : networkError(thrown);
}

function isOf(response: Response, type: string): boolean {
  return (response.headers.get('content-type') ?? '').toLowerCase().startsWith(type);
}
