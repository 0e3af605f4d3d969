import { readAnswer, SessionError, type SecretAnswer } from './answer.js';
import { DeviceToken } from './device.js';

/** The token of the signed-in user, such as Clerk's `getToken`; null when nobody is signed in. */
export type GetToken = () => Promise<string | null | undefined> | string | null | undefined;

/** What a session is asked for with. */
export interface NewSession {
  workflowId?: string | undefined;
  /** Believed only from a caller that proved to be this user (design 4.1). */
  userId?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** State variables of the workflow. */
  locale?: string | undefined;
  pageUrl?: string | undefined;
}

const REQUEST_MS = 30_000;
/** A secret with less left than this is not handed out any more. */
const MARGIN_MS = 30_000;

/** The session endpoint. */
export class Sessions {
  /** The newest secret of each session, for whoever continues a session that somebody else on the page began. */
  private readonly newest = new Map<string, { secret: string; until: number }>();
  private readonly device: DeviceToken;

  private constructor(readonly apiEndpoint: string) {
    this.device = new DeviceToken(apiEndpoint);
  }

  private static readonly all = new Map<string, Sessions>();

  /** One for everybody on the page who uses this endpoint. */
  static at(apiEndpoint: string): Sessions {
    const sessions = Sessions.all.get(apiEndpoint) ?? new Sessions(apiEndpoint);
    Sessions.all.set(apiEndpoint, sessions);
    return sessions;
  }

  /** `token`: the signed-in user's. */
  create(session: NewSession, token: string | null): Promise<SecretAnswer> {
    return this.post(this.apiEndpoint, token, session);
  }

  /**
   * A fresh secret for a session: by the user's token, else by a secret of the session, else by the device. A server
   * without a database knows what the session was begun with from this request alone.
   */
  refresh(sessionId: string, secret: string | null, token: string | null, session: NewSession): Promise<SecretAnswer> {
    const bearer = token ?? secret ?? this.newest.get(sessionId)?.secret ?? null;
    const url = new URL(this.apiEndpoint);
    url.pathname += `${url.pathname.endsWith('/') ? '' : '/'}${encodeURIComponent(sessionId)}/refresh`;
    return this.post(url.href, bearer, session);
  }

  /** A secret of the session that still works, where this page has one. */
  secretOf(sessionId: string): string | null {
    const known = this.newest.get(sessionId);
    return known !== undefined && known.until - MARGIN_MS > Date.now() ? known.secret : null;
  }

  private async post(url: string, bearer: string | null, body: object): Promise<SecretAnswer> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    const device = this.device.read();
    if (bearer !== null) headers.authorization = `Bearer ${bearer}`;
    else if (device !== null) headers['chatkit-device-token'] = device;
    // No cookies across origins, which not every server takes: there the device token says who this is.
    const request: RequestInit = { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(REQUEST_MS) };
    const response = await fetch(url, request).catch((cause: unknown) => {
      throw new SessionError(`The chat server cannot be reached at ${url}.`, 0, 'unreachable', { cause });
    });
    const answer = await readAnswer(response);
    this.learn(answer);
    return answer;
  }

  private learn(answer: SecretAnswer): void {
    if (answer.device_token !== undefined) this.device.write(answer.device_token);
    if (answer.session_id === undefined || answer.expires_after === undefined) return;
    // Counted from now by the page's own clock, which may not agree with the server's.
    const until = Date.now() + answer.expires_after * 1000;
    this.newest.set(answer.session_id, { secret: answer.client_secret, until });
  }
}
