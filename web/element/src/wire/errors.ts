/** What is known of an error beside its words. */
interface Details {
  /** The HTTP status of the answer, if there was one. */
  status?: number;
  /** In seconds: how long the server asks to wait. */
  retryAfter?: number;
  /** The server's own words for people. */
  words?: string;
  requestId?: string;
  cause?: unknown;
}

/** What went wrong between this element and its server, in words that somebody can act on. */
export class ChatKitError extends Error {
  override readonly name = 'ChatKitError';

  constructor(
    message: string,
    /** A stable word: the server's own `code`, or one of ours. */
    readonly code: string,
    readonly details: Details = {},
  ) {
    super(message, { cause: details.cause });
  }

  get status(): number | undefined {
    return this.details.status;
  }

  /** Whether the same request may succeed in a moment, all by itself. */
  get isRetryable(): boolean {
    const { status } = this.details;
    // What an agent has to say is its answer.
    if (this.code === 'custom') return false;
    return status === undefined ? this.code === 'network' : status === 429 || (status >= 500 && status !== 501);
  }

  /**
   * What the server refuses it says in words for people. Why it fails, and what is wrong with a secret that the page
   * got, the page is told and not the visitor.
   */
  get wordsToVisitor(): string | undefined {
    return this.isRetryable || this.code.startsWith('secret_') ? undefined : this.details.words;
  }

  /** Whether the server says that it turned the request away before it did anything. */
  get nothingWasDone(): boolean {
    return this.status === 429 || (this.status === 503 && this.details.retryAfter !== undefined);
  }

  /** Whether it makes sense that the visitor tries again: not where the server has refused for good. */
  get mayTryAgain(): boolean {
    const { status } = this.details;
    return this.isRetryable || status === undefined || status < 400 || [401, 408, 409, 425].includes(status);
  }
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Whether somebody stopped it on purpose. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

/** The request did not get through, or its answer broke off. */
export function networkError(cause: unknown): ChatKitError {
  return new ChatKitError('The server cannot be reached.', 'network', { cause });
}

/**
 * What `getClientSecret` threw. An error with the `status` of an HTTP answer, as the kits throw it (0: there was no
 * answer), is treated like the same answer to one of the element's own requests.
 */
export function secretError(cause: unknown): ChatKitError {
  const status = field(cause, 'status');
  if (status === 0) return networkError(cause);
  const why = asError(cause).message;
  if (typeof status !== 'number') return new ChatKitError(`getClientSecret failed: ${why}`, 'client_secret', { cause });
  return new ChatKitError(why, text(field(cause, 'code')) ?? `http_${status}`, { status, words: why, cause });
}

/** What one of the page's own functions threw, with the function's name. */
export function callbackError(name: string, cause: unknown): ChatKitError {
  return new ChatKitError(`The page's ${name} failed: ${asError(cause).message}`, 'callback_failed', { cause });
}

/** An answer that is no success, in the server's own words where it has some (OpenAI's envelope, or ours). */
export async function refusal(response: Response): Promise<ChatKitError> {
  const body: unknown = await response.json().catch(() => null);
  const error = field(body, 'error');
  const words = text(field(error, 'message')) ?? text(error) ?? text(field(body, 'detail'));
  const code = text(field(error, 'code')) ?? text(field(body, 'code')) ?? `http_${response.status}`;
  return new ChatKitError(words ?? `The server answered ${response.status}.`, code, {
    status: response.status,
    retryAfter: retryAfter(response),
    words,
    requestId: response.headers.get('x-request-id') ?? undefined,
  });
}

/** A proxy, a login page or a wrong address answered. */
export function wrongContentType(response: Response, asked: URL): ChatKitError {
  const type = response.headers.get('content-type') ?? 'nothing';
  return new ChatKitError(
    `The address ${addressOf(response, asked)} answered with ${type}, which is no ChatKit server's answer. Check api.url.`,
    'wrong_content_type',
    { status: response.status },
  );
}

/** JSON that is none, or that does not hold what was asked for. */
export function invalidResponse(response: Response, asked: URL, cause?: unknown): ChatKitError {
  const message = `The address ${addressOf(response, asked)} answered with JSON that is no ChatKit server's answer.`;
  return new ChatKitError(message, 'invalid_response', { status: response.status, cause });
}

/** Where a redirect led. An answer that the page's own `fetch` made has no address. */
function addressOf(response: Response, asked: URL): string {
  return response.url || asked.href;
}

/** Seconds, or a date as HTTP writes it. */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return seconds > 0 ? seconds : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
