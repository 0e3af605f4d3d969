import { createServer, type IncomingMessage, request as ask, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What a path answers: text (its type told by the path's ending), or a handler. The path `*` is every other one. */
export type Answer = string | RequestListener;

/** Somebody's web site: pages and endpoints on an origin of their own, for one test. */
export class Site {
  private constructor(
    readonly url: string,
    private readonly answers: Map<string, Answer>,
  ) {}

  static async start(t: TestContext, answers: Record<string, Answer> = {}, headers: Record<string, string> = {}): Promise<Site> {
    const known = new Map(Object.entries(answers));
    const server = createServer((request, response) => answer(known, headers, request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return new Site(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, known);
  }

  /** Another answer from now on. */
  put(path: string, answer: Answer): void {
    this.answers.set(path, answer);
  }
}

const TYPES: Record<string, string> = { js: 'text/javascript', css: 'text/css', json: 'application/json', svg: 'image/svg+xml' };

function answer(known: Map<string, Answer>, headers: Record<string, string>, request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '/', 'http://site').pathname;
  const found = known.get(path) ?? known.get('*');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (typeof found === 'function') return found(request, response);
  response.statusCode = found === undefined ? 404 : 200;
  response.setHeader('content-type', `${TYPES[path.split('.').at(-1)!] ?? 'text/html'}; charset=utf-8`);
  response.end(found ?? 'There is nothing here.');
}

/** A reverse proxy, as a site has one in front of its servers. */
export function proxyTo(server: string): RequestListener {
  return (request, response) => {
    const onward = ask(new URL(request.url!, server), { method: request.method, headers: request.headers }, (answered) => {
      response.writeHead(answered.statusCode!, answered.headers);
      answered.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };
}

/** A page with the chat, as somebody would write it who has read the README. */
export function pageWith(script: string, setup: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A page</title>
<link rel="icon" href="data:,">
<script src="${script}" async></script></head>
<body style="margin: 0"><main>
<openai-chatkit id="chat" style="display: block; height: 600px"></openai-chatkit>
</main>
<script type="module">
const chat = document.getElementById('chat');
${setup}
</script></body></html>`;
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
