/** A tiny server with the session contract (design 4.1): the superset answer, refresh, devices, refusals. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const exchange = new URL('../../../fixtures/sessions/003_fastapi_create.json', import.meta.url);
/** What chatkitd itself is held to answer. */
const golden = JSON.stringify((JSON.parse(readFileSync(exchange, 'utf8')) as { response: { body: object } }).response.body);

export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

export interface Answer {
  status: number;
  type?: string;
  body: unknown;
}

export class StandIn {
  /** What was asked for, in order. */
  readonly asked: Asked[] = [];
  /** What is answered next in place of the contract's answer. */
  readonly next: Answer[] = [];
  /** The file at `/chatkit-config.json`; none: 404. */
  config: Answer | null = null;
  /** Whether pages count as another site's, which get a device token. */
  crossSite = false;
  /** Seconds that a secret lives. */
  lifetime = 3600;
  /** While it is there, answers wait for it. */
  gate: Promise<void> | null = null;
  private readonly owners = new Map<string, string>();
  private readonly secrets = new Map<string, string>();
  private count = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StandIn> {
    const server = createServer();
    const standIn = new StandIn(server);
    server.on('request', (request, response) => {
      void (async () => {
        const raw = await text(request);
        const body = raw === '' ? {} : (JSON.parse(raw) as Record<string, unknown>);
        const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
        standIn.asked.push(asked);
        await standIn.gate;
        const answer = standIn.answer(asked);
        response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' });
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The requests of sessions. */
  get sessions(): Asked[] {
    return this.asked.filter(({ path }) => path.startsWith('/api/chatkit/session'));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ method, path, headers, body }: Asked): Answer {
    if (path === '/chatkit-config.json') return this.config ?? { status: 404, body: {} };
    const next = this.next.shift();
    if (next !== undefined) return next;
    if (method === 'POST' && path === '/api/chatkit/session') return this.issue(`cksess_${++this.count}`, headers, body);
    const id = /^\/api\/chatkit\/session\/([^/]+)\/refresh$/.exec(path)?.[1];
    if (method !== 'POST' || id === undefined) return refusal(404, 'not_found', 'There is no such path.');
    const bearer = headers.authorization?.slice('Bearer '.length);
    const user = this.owners.get(id);
    const allowed = bearer === `token_of_${user}` || (bearer !== undefined && this.secrets.get(bearer) === id);
    const device = headers['chatkit-device-token'] === `device_of_${user}`;
    if (user === undefined || !(allowed || device)) return refusal(404, 'not_found', 'There is no such session.');
    return this.issue(id, headers, body);
  }

  private issue(id: string, headers: IncomingHttpHeaders, body: Record<string, unknown>): Answer {
    const token = /^Bearer token_of_(.+)$/.exec(headers.authorization ?? '')?.[1];
    const device = /^device_of_(.+)$/.exec(String(headers['chatkit-device-token'] ?? ''))?.[1];
    const user = this.owners.get(id) ?? token ?? device ?? `anon_${this.count}`;
    const workflow = typeof body.workflowId === 'string' ? body.workflowId : 'wf_first';
    const secret = `ek_${id}_${this.asked.length}`;
    this.owners.set(id, user);
    this.secrets.set(secret, id);
    return { status: 200, body: this.superset(id, user, workflow, secret, body.metadata ?? {}) };
  }

  private superset(id: string, user: string, workflow: string, secret: string, metadata: unknown): object {
    const device = this.crossSite && user.startsWith('anon_') ? { device_token: `device_of_${user}` } : {};
    const own: Record<string, unknown> = {
      '<secret>': secret, '<session>': id, 'user-123': user, wf_demo: workflow,
      '<unix>': 1_767_225_600, '<time>': '2026-01-01T00:00:00.000Z', '<device>': `device_${user}_1767225000`,
    };
    const body = JSON.parse(golden, (name, value: unknown) => (name === 'metadata' ? metadata : (own[String(value)] ?? value))) as object;
    return { ...body, expires_after: this.lifetime, ...device };
  }
}

/** An error as the session contracts have it (design 4.5). */
export function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { error: message, message, code, request_id: 'req_1' } };
}
