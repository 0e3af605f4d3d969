import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { ChatKitOptions } from '@openai/chatkit-react';
import type { Browser, Page } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { bundle } from '../harness/bundle.js';
import { Chat } from '../harness/chat.js';
import { root, Server } from '../harness/server.js';
import { Site } from '../harness/site.js';
import type {} from '../pages/official-react.js';

let browser: Browser;
let server: Server;
let script: string;
before(async () => {
  const config = `
[workflows.wf_handlers]
agent = "script"
file = "${join(root, 'web/e2e/scripts/handlers.yaml')}"
[sites.default.configuration.file_upload]
enabled = true`;
  const env = { CHATKIT_WORKFLOW_ID: 'wf_handlers', CHATKITD_LIMIT_ANONYMOUS: '0' };
  [browser, server, script] = await Promise.all([openBrowser(), Server.start({ config, env }), bundle('official-react.tsx')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

interface Visit {
  page: Page;
  chat: Chat;
  complaints: string[];
  /** The path of everything that was asked of the server so far. */
  asked: string[];
}

/** Somebody's React app on an origin of its own, with nothing rendered yet. */
async function visit(t: TestContext): Promise<Visit> {
  const site = await Site.start(t, {
    '/': `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>An app</title><link rel="icon" href="data:,">
      <script src="${server.url}/chatkit.js" async></script></head>
      <body><main id="root"></main><script type="module" src="/page.js"></script></body></html>`,
    '/page.js': script,
  });
  const context = await visitor(t, browser, { locale: 'en-US' });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && asked.push(new URL(request.url()).pathname));
  const complaints = complaintsOf(page);
  await page.goto(site.otherSite);
  await page.waitForFunction(() => 'official' in window);
  return { page, chat: new Chat(page), complaints, asked };
}

/** Renders with the back end's address alone, and what is in `more` besides. */
async function render({ page, chat }: Visit, more: Partial<ChatKitOptions> = {}): Promise<void> {
  await page.evaluate(([url, more]) => window.official.render({ ...more, api: { url, domainKey: 'local' } }), [`${server.url}/chatkit`, more] as const);
  await chat.composer.waitFor();
}

/** Renders with a `getClientSecret` that asks the server, as a page with a back end does. */
async function renderWithSecret({ page, chat }: Visit, more: Partial<ChatKitOptions> = {}): Promise<void> {
  await page.evaluate(([endpoint, more]) => window.official.render({
    ...more,
    api: {
      async getClientSecret() {
        const response = await fetch(endpoint, { method: 'POST' });
        return ((await response.json()) as { client_secret: string }).client_secret;
      },
    },
  }), [`${server.url}/api/chatkit/session`, more] as const);
  await chat.composer.waitFor();
}

const heard = (page: Page, handler: string) =>
  page.evaluate((handler) => window.official.heard.filter((one) => one.handler === handler).map((one) => one.detail), handler);

/** Waits until this handler was called. */
const hears = (page: Page, handler: string) =>
  page.waitForFunction((handler) => window.official.heard.some((one) => one.handler === handler), handler);

/** Waits until a function among the options was called. */
const called = (page: Page, name: string) => page.waitForFunction((name) => window.official.calls.some(([one]) => one === name), name);

/** Asks the chat, and waits for the end of the answer. */
async function ask({ page, chat }: Visit, text: string): Promise<void> {
  const before = (await heard(page, 'onResponseEnd')).length;
  await chat.say(text);
  await page.waitForFunction((before) => window.official.heard.filter((one) => one.handler === 'onResponseEnd').length > before, before);
}

/** The thread that the page was told of last. */
async function threadOf(page: Page): Promise<string> {
  const { threadId } = (await heard(page, 'onThreadChange')).at(-1) as { threadId: string };
  return threadId;
}

const count = (paths: string[], path: string) => paths.filter((one) => one === path).length;

test('the package that is tested is the one from npm', async () => {
  const manifest = await readFile(join(root, 'web/node_modules/@openai/chatkit-react/package.json'), 'utf8');
  assert.equal((JSON.parse(manifest) as { version: string }).version, '1.6.1');
});

test('the official package mounts the element and chats by api.url', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  const elsewhere: string[] = [];
  page.on('request', (request) => !/^(http:\/\/(127\.0\.0\.1|localhost):|data:)/.test(request.url()) && elsewhere.push(request.url()));
  await render(visited);
  await ask(visited, 'Are you there?');
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(await page.evaluate(() => window.official.hook.ref.current?.localName), 'openai-chatkit');
  assert.deepEqual([visited.complaints, elsewhere], [[], []], 'no CDN is asked for anything');
  await keepPicture(page, 'official-react');
});

test('the official package chats by getClientSecret, with one session in strict mode', async (t) => {
  const visited = await visit(t);
  await renderWithSecret(visited);
  await ask(visited, 'Are you there?');
  await visited.chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(count(visited.asked, '/api/chatkit/session'), 1);
  assert.equal(count(visited.asked, '/v1/chatkit/conversation'), 1);
  assert.deepEqual(visited.complaints, []);
});

test('every handler of the hook hears its event', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  await render(visited, { composer: { tools: [{ id: 'maps', label: 'Maps', icon: 'maps', pinned: true }] } });
  await hears(page, 'onReady');
  await ask(visited, 'Show the effect');
  const thread = await threadOf(page);
  await ask(visited, 'Give me the link');
  await chat.lastItem.getByRole('link', { name: 'Open the order' }).click();
  await ask(visited, 'Who is the newcomer?');
  await ask(visited, 'Please break');
  await chat.button('Maps').click();
  await page.evaluate(() => window.official.hook.showHistory());
  await page.evaluate(() => window.official.hook.hideHistory());
  await page.evaluate(() => window.official.hook.setThreadId(null));
  await page.evaluate((thread) => window.official.hook.setThreadId(thread), thread);
  await hears(page, 'onThreadLoadEnd');

  assert.deepEqual(await heard(page, 'onEffect'), [{ name: 'confetti', data: { pieces: 3 } }]);
  assert.deepEqual(await heard(page, 'onDeeplink'), [{ name: 'order', data: { id: '7' } }]);
  assert.deepEqual(await heard(page, 'onError'), ['The printer is out of paper.']);
  assert.deepEqual(await heard(page, 'onToolChange'), [{ toolId: 'maps' }]);
  assert.deepEqual(await heard(page, 'onThreadChange'), [{ threadId: thread }, { threadId: null }, { threadId: thread }]);
  assert.deepEqual(await heard(page, 'onThreadLoadStart'), [{ threadId: thread }]);
  assert.deepEqual(await heard(page, 'onThreadLoadEnd'), [{ threadId: thread }]);
  assert.equal((await heard(page, 'onReady')).length, 1);
  assert.equal((await heard(page, 'onResponseStart')).length, 4);
  assert.equal((await heard(page, 'onResponseEnd')).length, 4);
  const silent = await page.evaluate(() => window.official.handlers.filter((name) => !window.official.heard.some((one) => one.handler === name)));
  assert.deepEqual(silent, []);
});

test('every method of the hook does what the declarations say', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  await render(visited, { composer: { models: [{ id: 'small', label: 'Small', default: true }, { id: 'large', label: 'Large' }] } });
  await page.evaluate(() => window.official.hook.focusComposer());
  await page.keyboard.insertText('Typed');
  assert.equal(await chat.composer.textContent(), 'Typed');

  await page.evaluate(() => window.official.hook.setComposerValue({ text: 'Set by the page', selectedModelId: 'large' }));
  await chat.composer.getByText('Set by the page').waitFor();
  await chat.button('Model').getByText('Large').waitFor();

  await page.evaluate(() => window.official.hook.sendUserMessage({ text: 'Sent by the page' }));
  await chat.element.getByText('Sent by the page').waitFor();
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(await chat.composer.textContent(), 'Set by the page', 'the draft stays');
  const first = await threadOf(page);

  await page.evaluate(() => window.official.hook.sendCustomAction({ type: 'press', payload: { from: 'page' } }));
  await chat.lastItem.getByText('Pressed.').waitFor();

  await page.evaluate(() => window.official.hook.sendUserMessage({ text: 'Something else', newThread: true }));
  await chat.element.getByText('Something else').waitFor();
  assert.notEqual(await threadOf(page), first);

  await page.evaluate(() => window.official.hook.showHistory());
  await chat.element.getByRole('dialog').waitFor();
  await page.evaluate(() => window.official.hook.hideHistory());
  await chat.element.getByRole('dialog').waitFor({ state: 'detached' });

  await page.evaluate((first) => window.official.hook.setThreadId(first), first);
  await chat.element.getByText('Sent by the page').waitFor();
  const before = visited.asked.length;
  await page.evaluate(() => window.official.hook.fetchUpdates());
  assert.ok(visited.asked.length > before, 'the server is asked');
  assert.deepEqual(visited.complaints, []);
});

test('what the options say is shown', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  await render(visited, {
    locale: 'de',
    theme: { colorScheme: 'dark', radius: 'sharp', density: 'compact', color: { accent: { primary: '#00ff00', level: 2 } } },
    frameTitle: 'Kundendienst',
    initialThread: null,
    header: { enabled: true, title: { enabled: true, text: 'Der Laden' } },
    history: { enabled: false },
    startScreen: { greeting: 'Willkommen im Laden', prompts: [{ label: 'Wo ist mein Paket?', prompt: 'Paket', icon: 'suitcase' }] },
    threadItemActions: { feedback: true, retry: true },
    composer: {
      placeholder: 'Schreiben Sie uns',
      attachments: { enabled: true },
      dictation: { enabled: true },
      tools: [{ id: 'search', label: 'Suche', icon: 'search', pinned: true }],
      models: [{ id: 'small', label: 'Klein', default: true }],
    },
    disclaimer: { text: 'Ohne **Gewähr**' },
    thread: { autoScroll: true },
  });
  const { element } = chat;
  assert.equal(await element.getAttribute('aria-label'), 'Kundendienst');
  assert.equal(await element.getAttribute('lang'), 'de-DE');
  const surface = await element.evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.match(surface, /^oklch\(0\.1/, `${surface} is dark`);
  await element.getByRole('heading', { name: 'Der Laden' }).waitFor();
  await element.getByText('Willkommen im Laden').waitFor();
  await element.getByText('Ohne Gewähr').waitFor();
  await element.getByLabel('Schreiben Sie uns').waitFor();
  for (const name of ['Suche', 'Datei anhängen', 'Diktieren', 'Modell']) await chat.button(name).waitFor();
  assert.equal(await chat.button('Unterhaltungen').count(), 0, 'the history is off');
  await keepPicture(page, 'official-react-options');

  await chat.button('Wo ist mein Paket?').click();
  await chat.lastItem.getByText('Heard.').waitFor();
  for (const name of ['Gute Antwort', 'Schlechte Antwort', 'Erneut versuchen']) await chat.button(name).waitFor();
  assert.deepEqual(visited.complaints, []);
});

test('every function among the options is called, with what the declarations say', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  // Methods, because the compiler of the tests gives arrow functions their names by a function that no page has.
  await page.evaluate((url) => {
    window.official.render({
      api: {
        url,
        domainKey: 'local',
        fetch(...args) {
          window.official.call('api.fetch');
          return fetch(...args);
        },
        uploadStrategy: { type: 'two_phase' },
      },
      header: {
        leftAction: { icon: 'hamburger', onClick() { window.official.call('leftAction'); } },
        rightAction: { icon: 'close', onClick() { window.official.call('rightAction'); } },
      },
      onClientTool(tool) {
        window.official.call('onClientTool', tool);
        return { title: document.title };
      },
      entities: {
        async onTagSearch(query) {
          window.official.call('onTagSearch', query);
          return [{ id: 'ada', title: 'Ada Lovelace', interactive: true }];
        },
        onClick(entity) { window.official.call('entities.onClick', entity.id); },
        async onRequestPreview(entity) {
          window.official.call('onRequestPreview', entity.id);
          return { preview: null };
        },
      },
      commands: {
        enabled: true,
        async onSearch(query) {
          window.official.call('onSearch', query);
          return [{ id: 'wave', label: 'Wave' }];
        },
        async onSelect(command) { window.official.call('onSelect', command.id); },
      },
      widgets: { async onAction(action) { window.official.call('onAction', action); } },
    });
  }, `${server.url}/chatkit`);
  await chat.composer.waitFor();
  const calls = () => page.evaluate(() => window.official.calls.filter(([name]) => name !== 'api.fetch'));

  await chat.button('Menu').click();
  await chat.button('Close').click();
  await chat.composer.click();
  await page.keyboard.insertText('/wa');
  await chat.element.getByRole('option', { name: 'Wave' }).click();
  await page.keyboard.insertText('@ada');
  await chat.element.getByRole('option', { name: 'Ada Lovelace' }).click();
  await page.keyboard.type(' asks for the tool');
  await page.keyboard.press('Enter');
  await chat.lastItem.getByText('Your page has a title.').waitFor();
  await chat.element.getByText('Ada Lovelace').hover();
  await called(page, 'onRequestPreview');
  await chat.element.getByText('Ada Lovelace').click();
  await ask(visited, 'Give me a button');
  await chat.button('Press').click();
  await called(page, 'onAction');

  // A preview is asked for when the tag is pointed at, and again when it gets the focus.
  const different = [...new Set((await calls()).map((call) => JSON.stringify(call)))].map((call) => JSON.parse(call) as unknown);
  assert.deepEqual(different, [
    ['leftAction'],
    ['rightAction'],
    ['onSearch', 'wa'],
    ['onSelect', 'wave'],
    ['onTagSearch', 'ada'],
    ['onClientTool', { name: 'get_page_title', params: { upper: true } }],
    ['onRequestPreview', 'ada'],
    ['entities.onClick', 'ada'],
    ['onAction', { type: 'press', payload: { n: 1 } }],
  ]);
  const fetched = await page.evaluate(() => window.official.calls.filter(([name]) => name === 'api.fetch').length);
  assert.equal(fetched, visited.asked.length, 'everything goes through the page\'s own fetch');
  assert.deepEqual(visited.complaints, []);
});

test('other options between two renders keep session, thread and draft', async (t) => {
  const visited = await visit(t);
  const { chat } = visited;
  await renderWithSecret(visited);
  await ask(visited, 'Remember me');
  const thread = await threadOf(visited.page);
  await chat.composer.click();
  await visited.page.keyboard.insertText('A draft');
  await renderWithSecret(visited);
  await renderWithSecret(visited, { theme: 'dark', locale: 'fr', header: { title: { text: 'Un autre titre' } }, composer: { placeholder: 'Écrivez' } });
  await chat.element.getByRole('heading', { name: 'Un autre titre' }).waitFor();
  await chat.element.getByLabel('Écrivez').waitFor();
  await chat.element.getByText('Remember me').waitFor();
  assert.equal(await chat.composer.textContent(), 'A draft');
  await visited.page.keyboard.press('Enter');
  await chat.element.getByText('A draft').waitFor();
  await visited.page.waitForFunction(() => window.official.heard.filter((one) => one.handler === 'onResponseEnd').length === 2);
  assert.equal(await threadOf(visited.page), thread);
  assert.equal(count(visited.asked, '/api/chatkit/session'), 1);
  assert.deepEqual(visited.complaints, []);
});

test('functions of the newest render are the ones that are called', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  const version = (name: string) => page.evaluate(([url, name]) => window.official.render({
    api: { url, domainKey: 'local' },
    header: { leftAction: { icon: 'home', onClick() { window.official.call(name); } } },
    onClientTool() {
      window.official.call(`tool of ${name}`);
      return {};
    },
  }), [`${server.url}/chatkit`, name] as const);
  await version('the first render');
  await chat.button('Home').click();
  await version('the second render');
  await chat.button('Home').click();
  await ask(visited, 'Use the tool');
  await chat.lastItem.getByText('Your page has a title.').waitFor();
  assert.deepEqual(await page.evaluate(() => window.official.calls.flat()), ['the first render', 'the second render', 'tool of the second render']);
});

test('a chat that was taken off the page comes back with its thread', async (t) => {
  const visited = await visit(t);
  const { page, chat } = visited;
  await renderWithSecret(visited);
  await ask(visited, 'Keep this');
  const thread = await threadOf(page);
  const warnings: string[] = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  await page.evaluate(() => window.official.hide());
  await chat.element.waitFor({ state: 'detached' });
  await page.evaluate(() => window.official.hook.focusComposer());
  assert.deepEqual(warnings, ['ChatKit element is not mounted']);

  await renderWithSecret(visited, { initialThread: thread });
  await chat.element.getByText('Keep this').waitFor();
  await ask(visited, 'And this');
  assert.equal(await chat.element.getByText(/^(Keep|And) this$/).count(), 2);

  await page.evaluate(() => window.official.unmount());
  await renderWithSecret(visited);
  await chat.element.getByText('What can I help with today?').waitFor();
  assert.deepEqual(visited.complaints, []);
});

test('a page that goes over from api.url to getClientSecret has another chat', async (t) => {
  const visited = await visit(t);
  await render(visited);
  await ask(visited, 'By the address');
  await renderWithSecret(visited);
  await visited.chat.element.getByText('What can I help with today?').waitFor();
  await ask(visited, 'By the secret');
  await visited.chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(count(visited.asked, '/chatkit'), 1);
  assert.equal(count(visited.asked, '/v1/chatkit/conversation'), 1);
});
