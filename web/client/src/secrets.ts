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
    const answer = this.sessionId === undefined ? null : await this.continue(this.sessionId, current);
    if (typeof answer === 'string') return answer;
    const { session_id, client_secret } = answer ?? (await this.sessions.create(this.begin?.() ?? {}, this.getToken));
    this.sessionId = session_id ?? this.sessionId;
    return client_secret;
  };

  /** Null when the session is over and this chat may begin another. */
  private async continue(sessionId: string, current: string | null): Promise<string | SecretAnswer | null> {
    const known = this.sessions.secretOf(sessionId);
    // Somebody else on the page has refreshed it already, or has just made it.
    if (known !== null && known !== current) return known;
    try {
      return await this.sessions.refresh(sessionId, current, this.getToken);
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
