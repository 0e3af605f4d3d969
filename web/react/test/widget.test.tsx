import '../../client/test/page.js';
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { OpenAIChatKit } from '@openai/chatkit';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { createRef, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { chats, defineFakeElement } from '../../client/test/fake-element.js';
import { StandIn } from '../../client/test/stand-in.js';
import { ChatKitWidget, type ChatKitConfig } from '../src/index.js';

let server: StandIn;
const servers: StandIn[] = [];
before(defineFakeElement);
beforeEach(async () => {
  server = await StandIn.start();
  servers.push(server);
});
afterEach(cleanup);
after(() => Promise.all(servers.map((each) => each.stop())));

const at = (config: ChatKitConfig = {}) => ({ server: server.url, config });
const chat = async () => {
  await waitFor(() => assert(chats()[0]?.given.length));
  return chats()[0]!;
};

test('props win over the configuration, key by key', async () => {
  const config = { greeting: 'From the file', placeholder: 'Ask', theme: 'dark' as const, locale: 'de' as const };
  render(<ChatKitWidget {...at(config)} startScreen={{ greeting: 'From code' }} locale="fr" theme={undefined} />);
  const { startScreen, composer, theme, locale } = (await chat()).options;
  assert.equal(startScreen?.greeting, 'From code');
  assert.equal(composer?.placeholder, 'Ask');
  assert.equal(theme, 'dark');
  assert.equal(locale, 'fr');
});

test('what is there and undefined in startScreen and composer leaves the configuration as it is', async () => {
  const config = { greeting: 'From the file', placeholder: 'Ask' };
  const [startScreen, composer] = [{ greeting: undefined, prompts: [] }, { placeholder: undefined, tools: [] }] as object[];
  render(<ChatKitWidget {...at(config)} startScreen={startScreen!} composer={composer!} />);
  const { options } = await chat();
  assert.deepEqual([options.startScreen, options.composer], [{ greeting: 'From the file', prompts: [] }, { placeholder: 'Ask', tools: [] }]);
});

test("the file's workflow is asked for, and the prop's before it", async () => {
  server.config = { status: 200, body: { workflowId: 'wf_file' } };
  const config = `${server.url}/chatkit-config.json`;
  const { rerender } = render(<ChatKitWidget config={config} />);
  await (await chat()).getClientSecret(null);
  rerender(<ChatKitWidget config={config} workflowId="wf_prop" />);
  await (await chat()).getClientSecret(null);
  assert.deepEqual(server.sessions.map(({ body }) => body.workflowId), ['wf_file', 'wf_prop']);
});

test('rendering again with new objects sets no options again', async () => {
  const page = () => (
    <ChatKitWidget {...at({ theme: 'dark' })} history={{ enabled: true }} getToken={() => null} onReady={() => undefined} />
  );
  const { rerender } = render(page());
  const element = await chat();
  const times = element.given.length;
  rerender(page());
  rerender(page());
  assert.equal(chats()[0], element);
  assert.equal(element.given.length, times);
});

test('another user is another chat', async () => {
  const { rerender } = render(<ChatKitWidget {...at()} userId="ada" />);
  const first = await chat();
  rerender(<ChatKitWidget {...at()} userId="bea" />);
  assert.notEqual(await chat(), first);
});

test('the token is the newest that the page gave', async () => {
  const { rerender } = render(<ChatKitWidget {...at()} getToken={() => 'token_of_old'} />);
  const element = await chat();
  rerender(<ChatKitWidget {...at()} getToken={() => 'token_of_new'} />);
  await element.getClientSecret(null);
  assert.equal(server.sessions[0]!.headers.authorization, 'Bearer token_of_new');
});

test('strict mode makes one chat and one session', async () => {
  render(<ChatKitWidget {...at()} />, { wrapper: StrictMode });
  await (await chat()).getClientSecret(null);
  assert.equal(chats().length, 1);
  assert.equal(server.sessions.length, 1);
});

test('events reach their handlers, and the ref is the element', async () => {
  const changes: unknown[] = [];
  const ref = createRef<OpenAIChatKit>();
  render(<ChatKitWidget {...at()} ref={ref} onThreadChange={(event) => changes.push(event)} />);
  const element = await chat();
  element.dispatchEvent(new CustomEvent('chatkit.thread.change', { detail: { threadId: 'cthr_1' } }));
  assert.deepEqual(changes, [{ threadId: 'cthr_1' }]);
  assert.equal(ref.current as unknown, element);
});

test('a broken configuration is said to the visitor and to the page, and can be tried again', async () => {
  server.config = { status: 200, body: { theme: 'blue' } };
  const errors: Error[] = [];
  render(<ChatKitWidget config={`${server.url}/chatkit-config.json`} onError={({ error }) => errors.push(error)} />);
  const alert = await screen.findByRole('alert');
  assert.match(alert.textContent!, /"theme" must be "light", "dark" or a theme/);
  assert.deepEqual(errors.map(({ name }) => name), ['ConfigError']);
  assert.equal(chats().length, 0);
  server.config = { status: 200, body: { theme: 'dark' } };
  fireEvent.click(screen.getByText('Try again'));
  assert.equal((await chat()).options.theme, 'dark');
  assert.equal(screen.queryByRole('alert'), null);
});

test('while it is tried again the button stays, and does nothing more', async () => {
  server.config = { status: 200, body: { theme: 'blue' } };
  render(<ChatKitWidget config={`${server.url}/chatkit-config.json`} retryLabel="Noch einmal" />);
  const button = await screen.findByText('Noch einmal');
  for (const theme of ['green', 'dark']) {
    let letGo = () => {};
    server.gate = new Promise((resolve) => (letGo = resolve));
    server.config = { status: 200, body: { theme } };
    const asked = server.asked.length;
    fireEvent.click(button);
    fireEvent.click(button);
    assert.equal(button.getAttribute('aria-busy'), 'true');
    await waitFor(() => assert(server.asked.length > asked));
    assert.equal(screen.getByText('Noch einmal'), button);
    letGo();
    await waitFor(() => assert(!button.isConnected || button.getAttribute('aria-busy') === 'false'));
    assert.equal(server.asked.length, asked + 1);
  }
  assert.equal((await chat()).options.theme, 'dark');
});

test('a server renders the room for the chat, and asks for nothing', () => {
  assert.equal(renderToString(<ChatKitWidget {...at()} className="chat" />), '<div class="chat"></div>');
  assert.equal(renderToString(<ChatKitWidget {...at()} />), '<div style="height:600px;width:100%"></div>');
  assert.equal(server.asked.length, 0);
});
