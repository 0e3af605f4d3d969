'use client';
import { useCallback } from 'react';
import type { Session } from '../../client/src/index.js';
import type { ChatKitSettings } from './settings.js';
import { useChatSession } from './useChatSession.js';
import { useLatest } from './useLatest.js';

export interface ChatKitSession {
  /** The session that was made last. */
  session: Session | null;
  loading: boolean;
  /** One sentence for people. */
  error: string | null;
  /** Makes a session, or gets the user's own that still stands. Stays the same function. Throws what `error` says. */
  createSession: () => Promise<Session>;
}

export interface ChatKitSessionSettings extends ChatKitSettings {
  /** Kept with the session. */
  metadata?: Record<string, unknown> | undefined;
}

export function useChatKitSession(settings: ChatKitSessionSettings = {}): ChatKitSession {
  const { sessionData, isLoading, error, createSession: create } = useChatSession(settings);
  const metadata = useLatest(settings.metadata);
  const createSession = useCallback(
    async () => (await create(undefined, undefined, metadata.current)).session,
    [create, metadata],
  );
  return { session: sessionData?.session ?? null, loading: isLoading, error, createSession };
}

export default useChatKitSession;
