/**
 * The page that browser tests open. The query says what is mounted (`show`) and where chatkitd is (`server`, default:
 * the page's own origin):
 *
 *   show=official  @openai/chatkit-react as it is, with api: {url, domainKey}, beside the script of chatkitd
 *   show=widget    <ChatKitWidget workflowId userId>, from the query's `workflow` and `user`
 *   show=hook      useChatSession, a button, and what it returned
 *   show=session   useChatKitSession, then <ChatKitWidget sessionId>
 *
 * What ChatKit fires is in `window.events`, as [name, detail].
 */
import { ChatKit, useChatKit } from '@openai/chatkit-react';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { loadScript } from '../../client/src/index.js';
import { ChatKitProvider, ChatKitWidget, useChatKitSession, useChatSession } from '../src/index.js';

declare global {
  interface Window {
    events: [name: string, detail: unknown][];
  }
}
window.events = [];

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? location.origin;
const workflowId = query.get('workflow') ?? undefined;
const userId = query.get('user') ?? undefined;

const record = (name: string) => (detail?: unknown) => void window.events.push([name, detail]);
const handlers = {
  onReady: record('ready'),
  onError: (event: { error: Error }) => void window.events.push(['error', event.error.message]),
  onResponseStart: record('response.start'),
  onResponseEnd: record('response.end'),
  onThreadChange: record('thread.change'),
  onHistoryOpen: record('history.open'),
  onHistoryClose: record('history.close'),
};

function Official() {
  const [defined, setDefined] = useState(false);
  useEffect(() => {
    void loadScript({ src: new URL('/chatkit.js', server).href }).then(() => setDefined(true));
  }, []);
  const { control, sendUserMessage } = useChatKit({
    api: { url: new URL('/chatkit', server).href, domainKey: 'local' },
    history: { enabled: true },
    ...handlers,
  });
  return (
    <>
      <button disabled={!defined} onClick={() => void sendUserMessage({ text: 'Hello from React' })}>
        Say hello
      </button>
      <ChatKit control={control} className="chat" />
    </>
  );
}

function Widget() {
  return <ChatKitWidget workflowId={workflowId} userId={userId} className="chat" {...handlers} />;
}

function Hook() {
  const { sessionData, isLoading, error, createSession } = useChatSession();
  return (
    <>
      <button onClick={() => void createSession(userId, workflowId).catch(record('refused'))}>Start</button>
      <output>{JSON.stringify({ sessionData, isLoading, error })}</output>
    </>
  );
}

function Session() {
  const { session, loading, createSession } = useChatKitSession();
  useEffect(() => {
    createSession().catch(record('refused'));
  }, [createSession]);
  if (loading) return <div>Loading...</div>;
  if (!session) return null;
  return <ChatKitWidget sessionId={session.chatKitSessionId} className="chat" {...handlers} />;
}

const pages: Record<string, () => React.ReactNode> = {
  official: Official,
  widget: Widget,
  hook: Hook,
  session: Session,
};
const Page = pages[query.get('show') ?? 'widget'] ?? Widget;

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ChatKitProvider server={server}>
      <Page />
    </ChatKitProvider>
  </StrictMode>,
);
