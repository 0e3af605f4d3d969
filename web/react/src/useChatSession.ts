'use client';
import { useCallback, useRef, useState } from 'react';
import {
  isCreatedSession,
  loadConfig,
  resolveConfig,
  SessionError,
  Sessions,
  type CreatedSession,
  type NewSession,
} from '../../client/src/index.js';
import { useSettings, type ChatKitSettings } from './settings.js';
import { useLatest } from './useLatest.js';

export interface ChatSession {
  /** The session that was made last. */
  sessionData: CreatedSession | null;
  isLoading: boolean;
  /** One sentence for people. */
  error: string | null;
  /**
   * Makes a session, or gets the user's own that still stands. Stays the same function; asked for the same again before
   * the answer is there, it asks the server once. Throws what `error` says.
   */
  createSession: (userId?: string, workflowId?: string, metadata?: Record<string, unknown>) => Promise<CreatedSession>;
}

const IDLE = { sessionData: null, isLoading: false, error: null };

export function useChatSession(settings: ChatKitSettings = {}): ChatSession {
  const latest = useLatest(useSettings(settings));
  const [state, setState] = useState<Omit<ChatSession, 'createSession'>>(IDLE);
  const pending = useRef<{ asked: string; answer: Promise<CreatedSession> } | null>(null);

  const createSession = useCallback<ChatSession['createSession']>(
    (userId, workflowId, metadata) => {
      const asked = JSON.stringify([userId, workflowId, metadata]);
      if (pending.current?.asked === asked) return pending.current.answer;
      const answer = create({ userId, workflowId, metadata }, latest.current);
      const mine = { asked, answer };
      pending.current = mine;
      setState((state) => ({ ...state, isLoading: true, error: null }));
      // Of several that are under way, the one that was asked for last counts.
      const settle = (change: Partial<ChatSession>) => {
        if (pending.current !== mine) return;
        pending.current = null;
        setState((state) => ({ ...state, isLoading: false, ...change }));
      };
      answer.then(
        (sessionData) => settle({ sessionData }),
        (error: unknown) => settle({ error: error instanceof Error ? error.message : String(error) }),
      );
      return answer;
    },
    [latest],
  );

  return { ...state, createSession };
}

async function create(session: NewSession, settings: ChatKitSettings): Promise<CreatedSession> {
  const config = resolveConfig(settings, await loadConfig(settings.config));
  const workflowId = session.workflowId ?? config.workflowId;
  const token = (await settings.getToken?.()) ?? null;
  const answer = await Sessions.at(config.apiEndpoint).create({ ...session, workflowId }, token);
  if (isCreatedSession(answer)) return answer;
  throw new SessionError(`${config.apiEndpoint} answered with a client_secret, but with no session.`, 200, 'no_session');
}

export default useChatSession;
