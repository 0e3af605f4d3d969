import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A request that has come by. */
export interface Passed {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The ChatKit operation, if it was one. */
  op?: string;
  /** What it was answered with; `undefined` as long as there is no answer. */
  status?: number;
  /** The headers of the answer. */
  answered?: IncomingHttpHeaders;
}

/** The network between a browser and a server: notes what goes through, and can be cut. */
export class Proxy {
  readonly passed: Passed[] = [];
  /** Nothing gets through: connections end at once. */
  isAway = false;
  /** Takes the answer of such a request away after the server has done its work. */
  losesAnswerTo: string | null = null;
  private readonly sockets = new Set<Socket>();
  /** Counts the times that the line went dead. */
  private stalls = 0;

  private constructor(
    private readonly target: URL,
    readonly port: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(t: TestContext, target: string): Promise<Proxy> {
    const server = createServer((request, response) => void proxy.pass(request, response));
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const proxy = new Proxy(new URL(target), (server.address() as AddressInfo).port);
    server.on('connection', (socket) => proxy.connected(socket));
    t.after(() => {
      proxy.cut();
      server.close();
    });
    return proxy;
  }

  /** The requests of this operation, or to paths that end like this. */
  of(what: string): Passed[] {
    return this.passed.filter(({ op, path, method }) => method !== 'OPTIONS' && (op === what || path.endsWith(what)));
  }

  /** Ends every connection as it is. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Answers that are under way come no further, and nobody is told: their connections stay open. */
  stall(): void {
    this.stalls += 1;
  }

  private connected(socket: Socket): void {
    if (this.isAway) return void socket.destroy();
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const passed: Passed = { method: request.method!, path: request.url!.split('?')[0]!, headers: request.headers, op: operation(body) };
    this.passed.push(passed);
    const { hostname, port } = this.target;
    const onward = send({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      passed.status = answer.statusCode;
      passed.answered = answer.headers;
      if (passed.op !== undefined && passed.op === this.losesAnswerTo) return void response.destroy();
      response.writeHead(answer.statusCode!, answer.headers);
      const { stalls } = this;
      answer.on('data', (piece) => stalls === this.stalls && response.write(piece));
      answer.on('end', () => stalls === this.stalls && response.end());
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function operation(body: Buffer): string | undefined {
  try {
    return (JSON.parse(body.toString('utf8')) as { type?: string }).type;
  } catch {
    return undefined;
  }
}
