/** What `POST /api/chatkit/session` answers; `docs/CONTRACTS.md` says what each field is. */
export interface CreatedSession {
  /** `ek_…` */
  client_secret: string;
  /** The same. */
  session_token: string;
  /** Seconds until the secret stops. */
  expires_after: number;
  /** When the secret stops, Unix seconds. */
  expires_at: number;
  /** `cksess_…` */
  session_id: string;
  user_id: string;
  workflow_id: string;
  metadata: Record<string, unknown>;
  session: Session;
  /** Only in answers to pages of another origin. */
  device_token?: string;
}

/** A session, as Clerk and Supabase front ends know it. */
export interface Session {
  /** `cksess_…` */
  chatKitSessionId: string;
  deviceId: string;
  userId: string;
  workflowId: string;
  /** RFC 3339, UTC. */
  createdAt: string;
  /** RFC 3339, UTC; the session's own, not the secret's. */
  expiresAt: string;
  metadata: Record<string, unknown>;
}

/** What a chat needs of it. Other back ends than chatkitd may answer with the secret alone. */
export type SecretAnswer = Pick<CreatedSession, 'client_secret'> & Partial<CreatedSession>;

/** No session, and why. */
export class SessionError extends Error {
  override name = 'SessionError';

  constructor(
    message: string,
    /** The HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** The server's stable word, such as `rate_limited`. */
    readonly code: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Reads an answer that is good, or throws what the server said. */
export async function readAnswer(response: Response): Promise<SecretAnswer> {
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response, body);
  if (isSecretAnswer(body)) return body;
  throw new SessionError(`${response.url} did not answer with a client_secret.`, response.status, 'no_client_secret');
}

function isSecretAnswer(body: unknown): body is SecretAnswer {
  return typeof body === 'object' && body !== null && 'client_secret' in body && typeof body.client_secret === 'string';
}

/** Whether everything is there that a session of chatkitd has. */
export function isCreatedSession(answer: SecretAnswer): answer is CreatedSession {
  return typeof answer.session_id === 'string' && typeof answer.session?.chatKitSessionId === 'string';
}

function refusal(response: Response, body: unknown): SessionError {
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const message = [said.error, said.message].find((word) => typeof word === 'string' && word !== '');
  const code = typeof said.code === 'string' ? said.code : null;
  return new SessionError(
    (message as string | undefined) ?? `The session could not be made: the server answered ${response.status}.`,
    response.status,
    code,
  );
}
