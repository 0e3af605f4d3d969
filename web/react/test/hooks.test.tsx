import '../../client/test/page.js';
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { StrictMode, useEffect } from 'react';
import { refusal, StandIn } from '../../client/test/stand-in.js';
import { useChatKitSession, useChatSession, type ChatKitConfig } from '../src/index.js';

let server: StandIn;
const servers: StandIn[] = [];
beforeEach(async () => {
  server = await StandIn.start();
  servers.push(server);
});
afterEach(cleanup);
after(() => Promise.all(servers.map((each) => each.stop())));

const at = (config: ChatKitConfig = {}) => ({ server: server.url, config });

test('nothing is asked for before createSession', () => {
  const { result } = renderHook(() => useChatSession(at()));
  const { createSession, ...state } = result.current;
  assert.deepEqual(state, { sessionData: null, isLoading: false, error: null });
  assert.equal(typeof createSession, 'function');
  assert.equal(server.asked.length, 0);
});

test('createSession hands back what the server answered, and keeps it', async () => {
  const { result } = renderHook(() => useChatSession(at()));
  const made = await act(() => result.current.createSession('user-123', 'workflow-456', { plan: 'pro' }));
  assert.deepEqual(server.sessions[0]!.body, { userId: 'user-123', workflowId: 'workflow-456', metadata: { plan: 'pro' } });
  assert.equal(result.current.sessionData, made);
  assert.equal(made.workflow_id, 'workflow-456');
  assert.deepEqual(made.metadata, { plan: 'pro' });
  assert.equal(result.current.isLoading, false);
});

test('while the server thinks, the hook is loading', async () => {
  let open = () => {};
  server.gate = new Promise((resolve) => (open = resolve));
  const { result } = renderHook(() => useChatSession(at()));
  let made: Promise<unknown>;
  act(() => void (made = result.current.createSession()));
  assert.equal(result.current.isLoading, true);
  open();
  await act(() => made);
  assert.equal(result.current.isLoading, false);
});

test('an error is a text, createSession throws it, and the next session clears it', async () => {
  server.next.push(refusal(403, 'workflow_not_allowed', 'This workflow is not on the list.'));
  const { result } = renderHook(() => useChatSession(at()));
  await act(() => assert.rejects(result.current.createSession('u', 'wf_other'), { code: 'workflow_not_allowed', status: 403 }));
  assert.equal(result.current.error, 'This workflow is not on the list.');
  assert.equal(result.current.isLoading, false);
  await act(() => result.current.createSession());
  assert.equal(result.current.error, null);
});

test("the configuration's workflow is asked for where none is named", async () => {
  const { result } = renderHook(() => useChatSession(at({ workflowId: 'wf_shop' })));
  await act(() => result.current.createSession());
  assert.deepEqual(server.sessions[0]!.body, { workflowId: 'wf_shop' });
});

test('createSession stays the same function', () => {
  const { result, rerender } = renderHook(() => useChatSession({ ...at(), getToken: async () => 'token_of_ada' }));
  const before = result.current.createSession;
  rerender();
  assert.equal(result.current.createSession, before);
});

test('an effect that strict mode runs twice asks the server once', async () => {
  const useStarted = () => {
    const chat = useChatSession(at());
    const { createSession } = chat;
    useEffect(() => void createSession('u', 'w'), [createSession]);
    return chat;
  };
  const { result } = renderHook(useStarted, { wrapper: StrictMode });
  await waitFor(() => assert(result.current.sessionData));
  assert.equal(server.sessions.length, 1);
});

test('of two sessions under way the one asked for last counts', async () => {
  const { result } = renderHook(() => useChatSession(at()));
  await act(() => Promise.all([result.current.createSession('a'), result.current.createSession('b')]));
  assert.deepEqual(server.sessions.map(({ body }) => body.userId).sort(), ['a', 'b']);
  const last = server.sessions.findIndex(({ body }) => body.userId === 'b') + 1;
  assert.equal(result.current.sessionData?.session_id, `cksess_${last}`);
  assert.equal(result.current.isLoading, false);
});

test('an answer without a session is an error', async () => {
  server.next.push({ status: 200, body: { client_secret: 'ek_1' } });
  const { result } = renderHook(() => useChatSession(at()));
  await act(() => assert.rejects(result.current.createSession(), { code: 'no_session' }));
  assert.match(result.current.error!, /with no session/);
});

test('useChatKitSession sends token and metadata and returns the session', async () => {
  const settings = () => ({ ...at(), getToken: async () => 'token_of_ada', metadata: { source: 'web' } });
  const { result } = renderHook(() => useChatKitSession(settings()));
  assert.equal(result.current.session, null);
  const session = await act(() => result.current.createSession());
  assert.equal(session.userId, 'ada');
  assert.equal(result.current.session, session);
  assert.equal(result.current.loading, false);
  assert.deepEqual(server.sessions[0]!.body, { metadata: { source: 'web' } });
  assert.equal(server.sessions[0]!.headers.authorization, 'Bearer token_of_ada');
});
