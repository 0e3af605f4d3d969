import '../../client/test/page.js';
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { chats, defineFakeElement, until } from '../../client/test/fake-element.js';
import { visit } from '../../client/test/page.js';
import { StandIn } from '../../client/test/stand-in.js';
import type { PopupElement } from '../src/popup.js';
import type { PopupOptions } from '../src/options.js';

let server: StandIn;
const servers: StandIn[] = [];
before(async () => {
  defineFakeElement();
  await import('../src/popup.js');
});
beforeEach(async () => {
  server = await StandIn.start();
  servers.push(server);
});
afterEach(() => {
  document.body.replaceChildren();
  visit('http://page.example/shop?x=1');
});
after(() => Promise.all(servers.map((each) => each.stop())));

/** The markup that Popup.astro renders. */
function popup(attributes: Record<string, string>, options: PopupOptions = {}): PopupElement {
  const element = document.createElement('chatkitd-popup') as PopupElement;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.dataset.options = JSON.stringify(options);
  element.innerHTML = `
    <button type="button" data-part="open" aria-expanded="false"></button>
    <div data-part="panel" hidden><button type="button" data-part="close"></button><div data-part="frame"></div></div>`;
  document.body.append(element);
  return element;
}

const part = (name: string) => document.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
const here = () => ({
  'data-chat-session-url': `${server.url}/api/chatkit/session`,
  'data-config': `${server.url}/chatkit-config.json`,
});
const chat = async () => {
  await until(() => chats().length === 1);
  return chats()[0]!;
};

test('nothing is asked for before the chat is opened', async () => {
  popup(here());
  assert.equal(part('panel').hidden, true);
  assert.equal(server.asked.length, 0);
  part('open').click();
  const element = await chat();
  assert.deepEqual(server.asked.map(({ path }) => path), ['/chatkit-config.json']);
  assert.match(await element.getClientSecret(null), /^ek_/);
  assert.equal(server.sessions.length, 1);
});

test('opening what is open and closing what is closed tells the page nothing', async () => {
  const element = popup(here());
  const told: string[] = [];
  for (const name of ['chatkitd.open', 'chatkitd.close']) element.addEventListener(name, () => told.push(name));
  for (const act of ['close', 'open', 'open', 'close', 'close', 'open'] as const) element[act]();
  assert.deepEqual(told, ['chatkitd.open', 'chatkitd.close', 'chatkitd.open']);
  await chat();
});

test('opening, closing and opening again keeps the one chat', async () => {
  popup(here());
  part('open').click();
  assert.equal(part('panel').hidden, false);
  assert.equal(part('open').hidden, true);
  assert.equal(part('open').getAttribute('aria-expanded'), 'true');
  const element = await chat();
  part('close').click();
  assert.equal(part('panel').hidden, true);
  assert.equal(part('open').hidden, false);
  assert.equal(document.activeElement, part('open'));
  part('open').click();
  // Another beginning would need no request any more, and be through within a turn of the event loop.
  await new Promise(setImmediate);
  assert.equal(await chat(), element);
  assert.equal(element.given.length, 1);
});

test('Escape closes, unless the chat or an input method took it', () => {
  const element = popup(here());
  part('open').click();
  const taken = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
  taken.preventDefault();
  element.dispatchEvent(taken);
  assert.equal(part('panel').hidden, false);
  element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, isComposing: true }));
  assert.equal(part('panel').hidden, false);
  element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  assert.equal(part('panel').hidden, true);
});

test('?chatbot=open opens the chat and leaves the focus where it is', async () => {
  visit('http://page.example/shop?chatbot=open');
  popup(here());
  assert.equal(part('panel').hidden, false);
  assert.equal(document.activeElement, document.body);
  await chat();
});

test('props win over the configuration', async () => {
  server.config = { status: 200, body: { greeting: 'From the file', placeholder: 'Ask', workflowId: 'wf_file' } };
  const prompts = [{ label: 'Prices', prompt: 'What does it cost?', icon: 'search' as const }];
  popup(here(), { greeting: 'From the page', prompts });
  part('open').click();
  const element = await chat();
  assert.deepEqual(element.options.startScreen, { greeting: 'From the page', prompts });
  assert.deepEqual(element.options.composer, { placeholder: 'Ask' });
  await element.getClientSecret(null);
  assert.deepEqual(server.sessions[0]!.body, { workflowId: 'wf_file' });
});

test('ChatWidget sends language and address of the page', async () => {
  document.documentElement.lang = 'de';
  popup(here(), { sendPage: true });
  part('open').click();
  await (await chat()).getClientSecret(null);
  assert.deepEqual(server.sessions[0]!.body, { locale: 'de', pageUrl: 'http://page.example/shop?x=1' });
});

test('what goes wrong is said in the chat, and can be tried again', async () => {
  server.config = { status: 200, body: { greeting: 5 } };
  popup(here());
  part('open').click();
  await until(() => document.querySelector('[role="alert"]') !== null);
  assert.match(part('frame').textContent!, /"greeting" must be a text/);
  server.config = { status: 200, body: { greeting: 'Hello' } };
  document.querySelector<HTMLElement>('[role="alert"] button')!.click();
  assert.equal((await chat()).options.startScreen?.greeting, 'Hello');
  assert.equal(document.querySelector('[role="alert"]'), null);
});

test('while it is tried again the button stays and keeps the focus, and does nothing more', async () => {
  server.config = { status: 200, body: { greeting: 5 } };
  popup({ ...here(), 'data-retry-label': 'Noch einmal' });
  part('open').click();
  const button = () => document.querySelector<HTMLElement>('[role="alert"] button')!;
  await until(() => button() !== null);
  for (const greeting of [6, 'Hello']) {
    assert.equal(button().textContent, 'Noch einmal');
    button().focus();
    let letGo = () => {};
    server.gate = new Promise((resolve) => (letGo = resolve));
    server.config = { status: 200, body: { greeting } };
    const [pressed, asked] = [button(), server.asked.length];
    pressed.click();
    pressed.click();
    await until(() => server.asked.length > asked);
    assert.equal(pressed.getAttribute('aria-busy'), 'true');
    assert.equal(document.activeElement, pressed);
    letGo();
    await until(() => !pressed.isConnected);
    assert.equal(server.asked.length, asked + 1);
    assert.equal(document.activeElement, greeting === 6 ? button() : part('close'));
  }
});

test('a popup that left the page hears nothing any more', () => {
  const element = popup(here());
  element.remove();
  element.querySelector<HTMLElement>('[data-part="open"]')!.click();
  assert.equal(element.querySelector<HTMLElement>('[data-part="panel"]')!.hidden, true);
  assert.equal(server.asked.length, 0);
});
