import { ChatKitError } from './errors';

/** A message of a stream of server-sent events, as far as ChatKit uses them. */
export interface SseMessage {
  /** Its own number. By the standard the last one would stand for all that follow, which would then look like repeats. */
  id?: string;
  data: string;
}

/** The most characters that one message may have; a server that sends more is broken or hostile. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/**
 * Reads a body as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * After `silence` milliseconds without a byte the connection counts as broken; `null`: never.
 */
export async function* readSse(body: ReadableStream<Uint8Array>, silence: number | null): AsyncGenerator<SseMessage> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const messages = new Messages();
  try {
    for (;;) {
      const { done, value } = await readWithin(silence, reader);
      if (done) return;
      yield* messages.take(value);
    }
  } finally {
    // Whoever stops reading also ends the connection.
    void reader.cancel().catch(() => undefined);
  }
}

async function readWithin(silence: number | null, reader: ReadableStreamDefaultReader<string>): Promise<ReadableStreamReadResult<string>> {
  if (silence === null) return reader.read();
  let isDead = false;
  const timer = setTimeout(() => {
    isDead = true;
    // Ends the reading below.
    void reader.cancel().catch(() => undefined);
  }, silence);
  const result = await reader.read().finally(() => clearTimeout(timer));
  if (isDead) throw new Error(`nothing came for ${silence / 1000} seconds`);
  return result;
}

/** The messages in a text that comes in pieces. Each piece is looked at once, however long a line becomes. */
class Messages {
  private line: string[] = [];
  private data: string[] = [];
  private id: string | undefined;
  private size = 0;
  private afterReturn = false;

  *take(piece: string): Generator<SseMessage> {
    // A line's end of two characters may come in two pieces.
    const text = this.afterReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') this.afterReturn = piece.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop()!;
    for (const end of lines) {
      this.grow(end);
      yield* this.endLine();
    }
    this.grow(rest);
  }

  private grow(text: string): void {
    if (text === '') return;
    this.size += text.length;
    if (this.size > MAX_MESSAGE) throw new ChatKitError('The server sent an event that is too long.', 'event_too_long');
    this.line.push(text);
  }

  private *endLine(): Generator<SseMessage> {
    const line = this.line.join('');
    this.line = [];
    if (line !== '') return this.field(line);
    if (this.data.length > 0) yield { id: this.id, data: this.data.join('\n') };
    this.data = [];
    this.id = undefined;
    this.size = 0;
  }

  private field(line: string): void {
    if (line.startsWith(':')) {
      this.size -= line.length;
      return;
    }
    const [name, value] = splitField(line);
    if (name === 'data') this.data.push(value);
    else if (name === 'id') this.id = value;
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
