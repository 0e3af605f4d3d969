'use client';
import { ChatKitWidget } from '@chatkitd/react';
import { useAuth } from '@clerk/nextjs';
import { useEffect } from 'react';
import { useChatKitSession } from '@/hooks/useChatKitSession';

export default function ChatWidget() {
  const { getToken } = useAuth();
  const { session, loading, error, createSession } = useChatKitSession();

  useEffect(() => {
    // What went wrong is in `error`.
    createSession().catch(() => undefined);
  }, [createSession]);

  if (loading) return <div>Loading...</div>;
  if (error) return <div role="alert">{error}</div>;
  if (!session) return null;

  return <ChatKitWidget sessionId={session.chatKitSessionId} getToken={getToken} className="chat" />;
}
