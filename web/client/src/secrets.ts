import { SessionError, type SecretAnswer } from './answer.js';
import type { GetToken, NewSession, Sessions } from './sessions.js';

/** What a chat is about: a session to continue, or else what to begin one with. */
export type Start = { sessionId: string; begin?: undefined } | { sessionId?: undefined; begin: () => NewSession };

/** The `getClientSecret` of one chat: begins or continues a session, and refreshes its secret from then on. */
export class ClientSecrets {
  private sessionId: string | undefined;
  private readonly begin: (() => NewSession) | undefined;

  constructor(
    private readonly sessions: Sessions,
    { sessionId, begin }: Start,
    private readonly getToken?: GetToken,
  ) {
    this.sessionId = sessionId;
    this.begin = begin;
  }

  /** Bound, to be handed to `setOptions` as it is. */
  readonly getClientSecret = async (current: string | null): Promise<string> => {
    const token = (await this.getToken?.()) ?? null;
    const answer = this.sessionId === undefined ? null : await this.continue(this.sessionId, current, token);
    if (typeof answer === 'string') return answer;
    const { session_id, client_secret } = answer ?? (await this.sessions.create(this.begin?.() ?? {}, token));
    this.sessionId = session_id ?? this.sessionId;
    return client_secret;
  };

  /** Null when the session is over and this chat may begin another. */
  private async continue(
    sessionId: string,
    current: string | null,
    token: string | null,
  ): Promise<string | SecretAnswer | null> {
    // Somebody else on the page has refreshed it already, or has just made it. Whether it is the session of a user who
    // signed in is for the server to say: it may have been somebody else who signed in before.
    const known = token === null ? this.sessions.secretOf(sessionId) : null;
    if (known !== null && known !== current) return known;
    try {
      return await this.sessions.refresh(sessionId, current, token, this.begin?.() ?? {});
    } catch (error) {
      if (this.begin === undefined || !isOver(error)) throw error;
      return null;
    }
  }
}

/** Whether the session cannot be refreshed any more: too old, unknown or ended. */
function isOver(error: unknown): boolean {
  return error instanceof SessionError && [401, 404, 409].includes(error.status);
}
