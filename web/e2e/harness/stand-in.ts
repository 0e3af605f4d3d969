import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, type Site } from './site.js';

/** A request to the stand-in. */
export interface Call {
  op: string;
  headers: IncomingHttpHeaders;
  /** When it came, in milliseconds. */
  at: number;
  body: { type: string; params: Record<string, unknown> } | null;
}

export type Reply = (response: ServerResponse, call: Call) => void;

/** A ChatKit server at `/chatkit` of a site, for answers that chatkitd never gives. */
export class StandIn {
  readonly calls: Call[] = [];
  private readonly replies = new Map<string, Reply[]>();

  constructor(private readonly site: Site) {
    site.put('/chatkit', (request, response) => void this.answer(request, response));
  }

  /** What an operation is answered with: the first call with the first, and so on; the last stays. */
  on(op: string, ...replies: Reply[]): this {
    this.replies.set(op, replies);
    return this;
  }

  /** The same for what goes on with a run. */
  onResume(run: string, ...replies: Reply[]): this {
    this.site.put(`/chatkit/runs/${run}/events`, (request, response) => void this.answer(request, response));
    return this.on('resume', ...replies);
  }

  of(op: string): Call[] {
    return this.calls.filter((call) => call.op === op);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === 'GET' ? null : (JSON.parse(await bodyOf(request)) as Call['body']);
    const call: Call = { op: body?.type ?? 'resume', headers: request.headers, at: Date.now(), body };
    this.calls.push(call);
    const replies = this.replies.get(call.op) ?? [];
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    (reply ?? refused(404, `The stand-in has no answer to ${call.op}.`))(response, call);
  }
}

/** A refusal in OpenAI's envelope, or with no words that the element could read. */
export function refused(status: number, words: string | null, headers: Record<string, string> = {}, code = 'refused'): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': words === null ? 'text/html' : 'application/json', ...headers });
    response.end(words === null ? '<h1>Sorry</h1>' : JSON.stringify({ error: { message: words, code } }));
  };
}

export function json(body: unknown): Reply {
  return plain('application/json', JSON.stringify(body));
}

/** Any body at all. */
export function plain(type: string, body: string): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': type });
    response.end(body);
  };
}

/** A stream of events; texts are sent as they are. */
export function events(...pieces: (object | string)[]): Reply {
  return plain('text/event-stream', pieces.map((piece) => (typeof piece === 'string' ? piece : `data: ${JSON.stringify(piece)}\n\n`)).join(''));
}

/** The same answer from a chatkitd, which names the run. */
export function inRun(run: string, reply: Reply): Reply {
  return (response, call) => {
    response.setHeader('x-chatkit-run-id', run);
    reply(response, call);
  };
}

/** An answer that is kept back until it is let go. */
export interface Held {
  reply: Reply;
  /** It has been asked for. */
  asked: Promise<void>;
  letGo: () => void;
}

export function held(reply: Reply): Held {
  let letGo!: () => void;
  let ask!: () => void;
  const free = new Promise<void>((resolve) => (letGo = resolve));
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const waiting: Reply = (response, call) => {
    ask();
    void free.then(() => reply(response, call));
  };
  return { reply: waiting, asked, letGo };
}

/** A stream whose line is cut after these events. */
export function brokenOff(...pieces: object[]): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join('');
    response.write(text, () => setImmediate(() => response.destroy()));
  };
}

/** A stream whose line is cut when the test says so: a browser may throw away what it has not read by then. */
export function cutLater(...pieces: object[]): { reply: Reply; cut: () => void } {
  let line: ServerResponse;
  const reply: Reply = (response) => {
    line = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join(''));
  };
  return { reply, cut: () => void line.destroy() };
}

export const thread = { id: 'cthr_1', created_at: '2026-01-01T00:00:00Z', status: { type: 'active' }, items: { data: [], has_more: false }, metadata: {} };

const place = { thread_id: thread.id, created_at: thread.created_at };

export function userMessage(text: string, id = 'cti_user'): object {
  return { type: 'user_message', id, ...place, content: [{ type: 'input_text', text }], attachments: [], inference_options: {} };
}

export function assistantMessage(text: string, id = 'cti_answer'): object {
  return { type: 'assistant_message', id, ...place, content: [{ type: 'output_text', text, annotations: [] }] };
}

export function widget(root: unknown): object {
  return { type: 'widget', id: 'cti_widget', ...place, widget: root };
}

/** How each stream begins in which somebody says something in a new thread. */
export function opening(text: string): object[] {
  return [
    { type: 'thread.created', thread },
    { type: 'thread.item.done', item: userMessage(text) },
    { type: 'stream_options', stream_options: { allow_cancel: true } },
  ];
}

export function done(text: string, id?: string): object {
  return { type: 'thread.item.done', item: assistantMessage(text, id) };
}
