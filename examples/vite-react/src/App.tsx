import ChatKitWidget from '@chatkitd/react/ChatKitWidget';
import useChatSession from '@chatkitd/react/useChatSession';
import { useState } from 'react';

export default function App() {
  const [own, setOwn] = useState(false);
  return (
    <main className="App">
      <h1>My App with ChatKit</h1>
      <button onClick={() => setOwn(!own)}>{own ? 'Show the widget' : 'Start a session by hand'}</button>
      {own ? <SessionByHand /> : <ChatKitWidget className="chat" history={{ enabled: true }} />}
    </main>
  );
}

/** The hook makes the session; the widget continues it. */
function SessionByHand() {
  const { sessionData, isLoading, error, createSession } = useChatSession();

  const handleStartChat = async () => {
    try {
      await createSession();
    } catch (err) {
      console.error('Failed to create session:', err);
    }
  };

  if (isLoading) return <p>Loading chat...</p>;
  if (error) return <p role="alert">Error: {error}</p>;
  if (!sessionData) return <button onClick={handleStartChat}>Start the chat</button>;
  return <ChatKitWidget className="chat" sessionId={sessionData.session_id} />;
}
