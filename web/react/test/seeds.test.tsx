/** The front ends of seeds 003 and 004 as their authors wrote them, with nothing changed but where they import from. */
import '../../client/test/page.js';
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useEffect } from 'react';
import { chats, defineFakeElement } from '../../client/test/fake-element.js';
import { StandIn } from '../../client/test/stand-in.js';
import ChatKitWidget from '../src/ChatKitWidget.js';
import { ChatKitProvider } from '../src/index.js';
import { useChatKitSession } from '../src/useChatKitSession.js';
import useChatSession from '../src/useChatSession.js';

let server: StandIn;
before(async () => {
  defineFakeElement();
  server = await StandIn.start();
});
after(() => server.stop());
afterEach(() => {
  cleanup();
  server.asked.length = 0;
});

/** What both seeds get from being served by the same origin. */
function SameOrigin({ children }: { children: React.ReactNode }) {
  return (
    <ChatKitProvider server={server.url} config={{}} getToken={async () => 'token_of_user_123'}>
      {children}
    </ChatKitProvider>
  );
}

function App() {
  return (
    <div className="App">
      <h1>My App with ChatKit</h1>
      <ChatKitWidget workflowId="your-openai-workflow-id" userId="current-user-id" />
    </div>
  );
}

function MyComponent() {
  const { sessionData, isLoading, error, createSession } = useChatSession();

  const handleStartChat = async () => {
    try {
      await createSession('user-123', 'workflow-456');
    } catch (err) {
      console.error('Failed to create session:', err);
    }
  };

  if (isLoading) return <div>Loading chat...</div>;
  if (error) return <div>Error: {error}</div>;

  return (
    <div>
      Chat ready! <button onClick={handleStartChat}>Start</button> {sessionData?.session_id}
    </div>
  );
}

export default function ChatWidget() {
  const { session, loading, createSession } = useChatKitSession();

  useEffect(() => {
    createSession();
  }, []);

  if (loading) return <div>Loading...</div>;
  if (!session) return null;

  return <ChatKitWidget sessionId={session.chatKitSessionId} />;
}

test("seed 003's widget chats as its workflow and user", async () => {
  render(<App />, { wrapper: SameOrigin });
  await waitFor(() => assert.equal(chats()[0]?.given.length, 1));
  assert.match(await chats()[0]!.getClientSecret(null), /^ek_/);
  const [asked] = server.sessions;
  assert.deepEqual(asked!.body, { workflowId: 'your-openai-workflow-id', userId: 'current-user-id' });
});

test("seed 003's hook makes a session", async () => {
  render(<MyComponent />, { wrapper: SameOrigin });
  fireEvent.click(screen.getByText('Start'));
  await waitFor(() => screen.getByText('Loading chat...'));
  await waitFor(() => screen.getByText(/cksess_/));
  assert.deepEqual(server.sessions[0]!.body, { userId: 'user-123', workflowId: 'workflow-456' });
});

test("seed 004's hook and widget share a session", async () => {
  render(<ChatWidget />, { wrapper: SameOrigin });
  await waitFor(() => assert.equal(chats().length, 1));
  const id = /cksess_\d+/.exec(await chats()[0]!.getClientSecret(null))?.[0];
  assert.deepEqual(
    server.sessions.map(({ path, headers }) => [path, headers.authorization]),
    [
      ['/api/chatkit/session', 'Bearer token_of_user_123'],
      [`/api/chatkit/session/${id}/refresh`, 'Bearer token_of_user_123'],
    ],
  );
});
