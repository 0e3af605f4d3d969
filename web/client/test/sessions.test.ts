import './page.js';
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ClientSecrets, SessionError, Sessions } from '../src/index.js';
import { refusal, StandIn } from './stand-in.js';

let server: StandIn;
let sessions: Sessions;
const servers: StandIn[] = [];

beforeEach(async () => {
  server = await StandIn.start();
  servers.push(server);
  sessions = Sessions.at(`${server.url}/api/chatkit/session`);
});
after(() => Promise.all(servers.map((each) => each.stop())));

const paths = () => server.asked.map(({ path }) => path);

test('a chat begins a session, and refreshes it from then on', async () => {
  const chat = new ClientSecrets(sessions, { begin: () => ({ workflowId: 'wf_shop', userId: 'u1' }) });
  const first = await chat.getClientSecret(null);
  const second = await chat.getClientSecret(first);
  assert.notEqual(first, second);
  assert.deepEqual(paths(), ['/api/chatkit/session', '/api/chatkit/session/cksess_1/refresh']);
  assert.deepEqual(server.asked[0]!.body, { workflowId: 'wf_shop', userId: 'u1' });
  assert.equal(server.asked[0]!.headers.authorization, undefined);
  assert.equal(server.asked[1]!.headers.authorization, `Bearer ${first}`);
});

test('a refresh says again what the session was begun with, for a server without a database', async () => {
  const begun = { workflowId: 'wf_shop', metadata: { source: 'web' }, pageUrl: 'https://shop.example/' };
  const chat = new ClientSecrets(sessions, { begin: () => begun });
  await chat.getClientSecret(await chat.getClientSecret(null));
  assert.deepEqual(server.asked[1]!.body, begun);
});

test("a signed-in user's token goes along with each request", async () => {
  const chat = new ClientSecrets(sessions, { begin: () => ({}) }, async () => 'token_of_ada');
  await chat.getClientSecret(await chat.getClientSecret(null));
  assert.deepEqual(server.asked.map(({ headers }) => headers.authorization), ['Bearer token_of_ada', 'Bearer token_of_ada']);
});

test('a session that is over is begun anew', async () => {
  const chat = new ClientSecrets(sessions, { begin: () => ({}) });
  const first = await chat.getClientSecret(null);
  server.next.push(refusal(401, 'session_too_old', 'Sign in again.'));
  const second = await chat.getClientSecret(first);
  assert.match(second, /^ek_cksess_2_/);
  assert.deepEqual(paths().slice(1), ['/api/chatkit/session/cksess_1/refresh', '/api/chatkit/session']);
});

test('a server that is overloaded does not make the chat begin anew', async () => {
  const chat = new ClientSecrets(sessions, { begin: () => ({}) });
  const first = await chat.getClientSecret(null);
  server.next.push(refusal(503, 'overloaded', 'Come again.'));
  await assert.rejects(chat.getClientSecret(first), { message: 'Come again.', status: 503, code: 'overloaded' });
  assert.match(await chat.getClientSecret(first), /^ek_cksess_1_/);
});

test('who continues a session of this page takes its secret', async () => {
  const { client_secret, session_id } = await sessions.create({}, null);
  const chat = new ClientSecrets(sessions, { sessionId: session_id! });
  assert.equal(await chat.getClientSecret(null), client_secret);
  assert.equal(server.asked.length, 1);
  await chat.getClientSecret(client_secret);
  assert.equal(server.asked[1]!.path, `/api/chatkit/session/${session_id}/refresh`);
});

test('a secret with no time left is not handed on', async () => {
  server.lifetime = 20;
  const { client_secret, session_id } = await sessions.create({}, null);
  const chat = new ClientSecrets(sessions, { sessionId: session_id! });
  assert.notEqual(await chat.getClientSecret(null), client_secret);
  assert.equal(server.asked[1]!.headers.authorization, `Bearer ${client_secret}`);
});

test("a session of a back end is continued with the user's token", async () => {
  await sessions.create({}, 'token_of_ada');
  const elsewhere = Sessions.at(`${server.url}/api/chatkit/session/`);
  const chat = new ClientSecrets(elsewhere, { sessionId: 'cksess_1' }, () => 'token_of_ada');
  assert.match(await chat.getClientSecret(null), /^ek_cksess_1_/);
  const mallory = new ClientSecrets(elsewhere, { sessionId: 'cksess_1' }, () => 'token_of_mallory');
  await assert.rejects(mallory.getClientSecret('ek_other'), { status: 404, message: 'There is no such session.' });
});

test('a device token is kept and sent as long as nobody is signed in', async () => {
  server.crossSite = true;
  const first = await sessions.create({}, null);
  assert.equal(first.device_token, `device_of_${first.user_id}`);
  assert.equal(localStorage.getItem(`chatkit.device:${server.url}/api/chatkit/session`), first.device_token);
  const second = await sessions.create({}, null);
  assert.equal(server.asked[1]!.headers['chatkit-device-token'], first.device_token);
  assert.equal(second.user_id, first.user_id);
  await sessions.create({}, 'token_of_ada');
  assert.equal(server.asked[2]!.headers['chatkit-device-token'], undefined);
});

test('a page without storage remembers the device while it is there', async (t) => {
  server.crossSite = true;
  const storage = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')!;
  t.after(() => Object.defineProperty(globalThis, 'localStorage', storage));
  const denied = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  Object.defineProperty(globalThis, 'localStorage', { get: denied, configurable: true });
  const first = await sessions.create({}, null);
  assert.equal((await sessions.create({}, null)).user_id, first.user_id);
});

test('a back end that answers with the secret alone will do', async () => {
  const chat = new ClientSecrets(sessions, { begin: () => ({}) });
  for (const secret of ['ek_1', 'ek_2']) server.next.push({ status: 200, body: { client_secret: secret } });
  assert.equal(await chat.getClientSecret(null), 'ek_1');
  assert.equal(await chat.getClientSecret('ek_1'), 'ek_2');
  assert.deepEqual(paths(), ['/api/chatkit/session', '/api/chatkit/session']);
});

test('what goes wrong is said in one sentence', async () => {
  server.next.push({ status: 502, type: 'text/html', body: '<h1>Bad gateway</h1>' });
  await assert.rejects(sessions.create({}, null), { message: 'The session could not be made: the server answered 502.', status: 502 });
  server.next.push({ status: 200, body: { ok: true } });
  await assert.rejects(sessions.create({}, null), /did not answer with a client_secret/);
  await server.stop();
  await assert.rejects(sessions.create({}, null), (error) => {
    assert(error instanceof SessionError);
    assert.equal(error.code, 'unreachable');
    assert(error.cause instanceof Error);
    return true;
  });
});
