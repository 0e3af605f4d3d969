/** A message of a stream of server-sent events, as far as ChatKit uses them. */
export interface SseMessage {
  /** Its number, where the server numbers events. */
  id?: string;
  data: string;
}

/** The most that one message may be; a server that sends more is broken or hostile. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/** Reads a body as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
export async function* readSse(body: ReadableStream<Uint8Array>): AsyncGenerator<SseMessage> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  try {
    yield* messages(reader);
  } finally {
    // Whoever stops reading also ends the connection.
    await reader.cancel().catch(() => undefined);
  }
}

async function* messages(reader: ReadableStreamDefaultReader<string>): AsyncGenerator<SseMessage> {
  let rest = '';
  let id: string | undefined;
  let data: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    // A carriage return at the end may be half of a line's end.
    const complete = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
    const lines = complete.split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '') + rest.slice(complete.length);
    if (rest.length > MAX_MESSAGE) throw new RangeError('an event of the stream is too long');
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') };
        data = [];
      } else if (!line.startsWith(':')) {
        const [name, value] = splitField(line);
        if (name === 'data') data.push(value);
        else if (name === 'id') id = value;
      }
    }
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
