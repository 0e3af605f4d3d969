/**
 * The page of kits.test.ts: the kit as its package exports it, in strict mode. `?show=` names what is mounted;
 * `window.settings` says where the server is and what the widget is given; `?token=` is the signed-in user's.
 */
import { ChatKitProvider, type ChatKitSettings, type ChatKitWidgetProps } from '@chatkitd/react';
import ChatKitWidget from '@chatkitd/react/ChatKitWidget';
import useChatKitSession from '@chatkitd/react/useChatKitSession';
import useChatSession from '@chatkitd/react/useChatSession';
import { StrictMode, useEffect, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';

export interface KitPage {
  /** For the provider around everything. */
  provider?: ChatKitSettings;
  /** For `?show=widget`. */
  widget?: ChatKitWidgetProps;
}

declare global {
  interface Window {
    settings?: KitPage;
    /** What `onError` was told. */
    errors: string[];
  }
}

const { provider = {}, widget = {} } = window.settings ?? {};
const query = new URLSearchParams(location.search);
const token = query.get('token');
const getToken = token === null ? undefined : async () => token;
window.errors = [];
const onError = ({ error }: { error: Error }) => void window.errors.push(error.message);

/** As the first README of seed 003 has it. */
function App() {
  return (
    <div className="App">
      <h1>My App with ChatKit</h1>
      <ChatKitWidget workflowId="wf_kit" userId="current-user-id" />
    </div>
  );
}

/** Its second. */
function MyComponent() {
  const { sessionData, isLoading, error, createSession } = useChatSession();

  const handleStartChat = async () => {
    try {
      await createSession('user-123', query.get('workflow') ?? 'wf_kit', { source: 'e2e' });
    } catch (err) {
      console.log('Failed to create session:', err);
    }
  };

  if (isLoading) return <div>Loading chat...</div>;
  if (error) return <div>Error: {error}</div>;
  if (sessionData === null) return <button onClick={handleStartChat}>Start</button>;

  return (
    <div>
      <p>Chat ready!</p>
      <output>{JSON.stringify(sessionData)}</output>
      <ChatKitWidget sessionId={sessionData.session_id} />
    </div>
  );
}

/** Seed 004. */
function ChatWidget() {
  const { session, loading, error, createSession } = useChatKitSession({ getToken, metadata: { source: 'web' } });

  useEffect(() => {
    createSession().catch(() => undefined);
  }, [createSession]);

  if (loading) return <div>Loading...</div>;
  if (error) return <div role="alert">{error}</div>;
  if (!session) return null;

  return (
    <>
      <output>{JSON.stringify(session)}</output>
      <ChatKitWidget sessionId={session.chatKitSessionId} getToken={getToken} />
    </>
  );
}

function Widget() {
  const [shown, setShown] = useState(true);
  return (
    <>
      <button onClick={() => setShown(!shown)}>{shown ? 'Hide' : 'Show'}</button>
      {shown && <ChatKitWidget {...widget} getToken={getToken} onError={onError} history={{ enabled: true }} />}
    </>
  );
}

const pages: Record<string, () => ReactNode> = { app: App, hook: MyComponent, session: ChatWidget, widget: Widget };
const Page = pages[query.get('show') ?? 'widget']!;

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ChatKitProvider {...provider}>
      <main>
        <Page />
      </main>
    </ChatKitProvider>
  </StrictMode>,
);
