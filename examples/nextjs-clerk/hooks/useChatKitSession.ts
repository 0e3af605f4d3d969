'use client';
import { useChatKitSession as useSession } from '@chatkitd/react';
import { useAuth } from '@clerk/nextjs';

/** A session of the user who signed in with Clerk. */
export function useChatKitSession() {
  const { getToken } = useAuth();
  return useSession({ getToken, metadata: { source: 'web' } });
}
