import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { root, Server } from '../harness/server.js';
import { type Answer, builtPages, proxyTo, Site } from '../harness/site.js';

let browser: Browser;
let server: Server;
/** What Astro made of examples/astro: ChatKitWidget.astro on `/`, ChatWidget.astro on `/quote/`. */
let built: Record<string, string>;
before(async () => {
  const env = { CHATKIT_WORKFLOW_ID: 'wf_echo', CHATKITD_LIMIT_ANONYMOUS: '0' };
  [browser, server, built] = await Promise.all([openBrowser(), Server.start({ env }), builtPages(join(root, 'examples/astro/dist'))]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

interface Visit {
  page: Page;
  site: Site;
  chat: Chat;
  complaints: string[];
  /** The path of each request so far. */
  asked: string[];
  /** What sessions were asked for with. */
  sessions: Record<string, unknown>[];
}

/** The built pages beside chatkitd on one origin, as the example's README says. */
async function visit(t: TestContext, path = '/', answers: Record<string, Answer> = {}, options: BrowserContextOptions = {}): Promise<Visit> {
  const site = await Site.start(t, { ...built, '/favicon.ico': '', '*': proxyTo(server.url), ...answers });
  const context = await visitor(t, browser, options);
  return { ...(await open(await context.newPage(), `${site.url}${path}`)), site };
}

async function open(page: Page, url: string): Promise<Omit<Visit, 'site'>> {
  const asked: string[] = [];
  const sessions: Visit['sessions'] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    asked.push(pathname);
    if (pathname === '/api/chatkit/session') sessions.push(request.postDataJSON() as Record<string, unknown>);
  });
  const complaints = complaintsOf(page);
  await page.goto(url);
  return { page, chat: new Chat(page), complaints, asked, sessions };
}

const openButton = (page: Page) => page.getByRole('button', { name: 'Open chat' });
const closeButton = (page: Page) => page.getByRole('button', { name: 'Close chat' });
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Chat' });

test('nothing of the chat is asked for before it is first opened, and one session is made then', async (t) => {
  const { page, chat, complaints, asked, sessions } = await visit(t);
  await page.waitForLoadState('networkidle');
  assert.deepEqual(asked.filter((path) => path.includes('chatkit')), []);
  const minted = page.waitForResponse((response) => response.url().endsWith('/api/chatkit/session'));
  await openButton(page).click();
  await minted;
  await chat.ask('Hello');
  await chat.lastItem.getByText('Hello').waitFor();
  await closeButton(page).click();
  await dialog(page).waitFor({ state: 'hidden' });
  await openButton(page).click();
  await chat.lastItem.getByText('Hello').waitFor();
  await chat.ask('Again');
  assert.deepEqual(sessions, [{}], 'opened twice, it is still one session');
  assert.deepEqual(complaints, [], "nothing hurts the page's CSP");
});

test('the chat is 380 by 500 pixels, with greeting, prompts and placeholder', async (t) => {
  const { page, chat } = await visit(t);
  await openButton(page).click();
  await chat.element.getByText('Hi! How can I help you?').waitFor();
  await chat.element.getByLabel('Ask a question...').waitFor();
  const box = await chat.element.boundingBox();
  assert.deepEqual([box?.width, box?.height], [380, 500]);
  await keepPicture(page, 'kit-astro');
  const answered = chat.ended();
  await chat.button('Search docs').click();
  await answered;
  await chat.lastItem.getByText("Help me find what I'm looking for").waitFor();
});

test('?chatbot=open opens the chat at once, and leaves the focus to the page', async (t) => {
  const { page, chat } = await visit(t, '/?chatbot=open');
  await chat.composer.waitFor();
  assert.equal(await openButton(page).isVisible(), false);
  assert.equal(await page.evaluate(() => document.activeElement?.localName), 'body');
});

test('by keyboard: Enter opens, Escape closes, and the focus comes back', async (t) => {
  const { page, chat } = await visit(t);
  await openButton(page).focus();
  await page.keyboard.press('Enter');
  await chat.composer.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Close chat');
  await chat.composer.click();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Open chat');
  assert.equal(await openButton(page).getAttribute('aria-expanded'), 'false');
});

test('Escape closes what is open in the chat before it closes the chat', async (t) => {
  const { page, chat } = await visit(t);
  await openButton(page).click();
  await chat.button('Conversations').click();
  const history = chat.element.getByRole('dialog');
  await history.waitFor();
  await page.keyboard.press('Escape');
  await history.waitFor({ state: 'detached' });
  assert.equal(await chat.element.isVisible(), true);

  await chat.configure({ api: { url: '/chatkit', domainKey: 'local' }, composer: { models: [{ id: 'small', label: 'Small', default: true }] } });
  await chat.button('Model').click();
  const menu = chat.element.getByRole('menu');
  await menu.waitFor();
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'hidden' });
  assert.equal(await chat.element.isVisible(), true);
});

test('Escape that throws away a composed word leaves the chat open', async (t) => {
  const { page, chat } = await visit(t);
  await openButton(page).click();
  await chat.composer.click();
  const client = await page.context().newCDPSession(page);
  await client.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Escape', code: 'Escape', windowsVirtualKeyCode: 229 });
  await client.send('Input.insertText', { text: '' });
  assert.equal(await chat.element.isVisible(), true);
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
});

test('Escape that stops an answer leaves the chat open', async (t) => {
  const slow = await Server.start({ config: '[workflows.wf_slow]\nagent = "echo"\ndelay = "500ms"\n', env: { CHATKIT_WORKFLOW_ID: 'wf_slow' } });
  t.after(() => slow.stop());
  const { page, chat } = await visit(t, '/', { '*': proxyTo(slow.url) });
  await openButton(page).click();
  await chat.composer.waitFor();
  const stopped = chat.ended();
  await chat.say('one two three four five six seven eight nine ten eleven twelve');
  await chat.button('Stop').waitFor();
  await chat.composer.press('Escape');
  await stopped;
  assert.equal(await chat.element.isVisible(), true);
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
});

// The chat within has tests of its own.
test('axe finds nothing in the popup, closed, open and with an error', async (t) => {
  const { page, site, chat } = await visit(t);
  const violations = async () => (await new AxeBuilder({ page }).exclude('openai-chatkit').analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  assert.deepEqual(await violations(), []);
  await openButton(page).click();
  await chat.composer.waitFor();
  assert.deepEqual(await violations(), []);
  site.put('/chatkit-config.json', (_, response) => response.writeHead(503).end());
  await page.reload();
  await openButton(page).click();
  await dialog(page).getByRole('alert').waitFor();
  assert.deepEqual(await violations(), []);
});

test('on a phone the chat stays within the screen', async (t) => {
  const { page, chat } = await visit(t, '/', {}, { viewport: { width: 320, height: 480 } });
  await openButton(page).click();
  await chat.composer.waitFor();
  const [panel, close] = await Promise.all([chat.element.boundingBox(), closeButton(page).boundingBox()]);
  assert.ok(panel!.x >= 0 && panel!.x + panel!.width <= 320, JSON.stringify(panel));
  assert.ok(close!.y >= 0 && panel!.y + panel!.height <= 480, JSON.stringify([close, panel]));
  await keepPicture(page, 'kit-astro-phone');
});

for (const [width, height] of [[320, 256], [667, 375]] as const) {
  test(`on a screen of ${width} by ${height} pixels, all of the chat can be used, and closed`, async (t) => {
    const { page, chat } = await visit(t, '/', {}, { viewport: { width, height } });
    await openButton(page).click();
    await chat.ask('Hello');
    await keepPicture(page, `kit-astro-${height}`);
    for (const part of [chat.button('Conversations'), chat.composer, chat.button('Send'), closeButton(page)]) {
      const box = (await part.boundingBox())!;
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, `${part}: ${JSON.stringify(box)}`);
    }
    const thread = (await chat.element.locator('.thread').boundingBox())!;
    assert.ok(thread.height > 60, `${thread.height} pixels are left to read in`);
    await closeButton(page).click();
    await dialog(page).waitFor({ state: 'hidden' });
  });
}

test("ChatWidget tells its endpoint the page's language and address", async (t) => {
  const { page, site, chat, sessions, complaints } = await visit(t, '/quote/');
  await openButton(page).click();
  await chat.element.getByText('What may we repair?').waitFor();
  await chat.ask('My roof');
  await chat.lastItem.getByText('My roof').waitFor();
  assert.deepEqual(sessions, [{ locale: 'en', pageUrl: `${site.url}/quote/` }]);
  assert.deepEqual(complaints, []);
});

test('data-chat-session-url may be an endpoint of the page that hands out the secret alone', async (t) => {
  let made = 0;
  const endpoint: Answer = async (_, response) => {
    made++;
    const { client_secret } = (await (await fetch(`${server.url}/api/chatkit/session`, { method: 'POST' })).json()) as { client_secret: string };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ client_secret }));
  };
  const quote = withAttribute(built['/quote/']!, 'data-chat-session-url', '/own/session');
  const { page, chat } = await visit(t, '/quote/', { '/quote/': quote, '/own/session': endpoint });
  await openButton(page).click();
  await chat.ask('By the back end');
  await chat.lastItem.getByText('By the back end').waitFor();
  assert.equal(made, 1);
});

test('apiEndpoint may be on another site, and chatkit-config.json says where the script is', async (t) => {
  const index = withAttribute(built['/']!, 'data-chat-session-url', `${server.url}/api/chatkit/session`);
  const config = JSON.stringify({ server: server.url, greeting: 'The file may not say this', placeholder: 'Said by the file' });
  const site = await Site.start(t, { ...built, '/': index, '/chatkit-config.json': config });
  // The policy of the example's page allows its own origin alone.
  const context = await visitor(t, browser, { bypassCSP: true });
  const { page, chat, asked } = await open(await context.newPage(), site.otherSite);
  await openButton(page).click();
  await chat.element.getByText('Hi! How can I help you?').waitFor();
  await chat.element.getByLabel('Said by the file').waitFor();
  await chat.ask('From afar');
  await chat.lastItem.getByText('From afar').waitFor();
  assert.ok(asked.includes('/v1/chatkit/conversation'));
});

test('a chat that cannot be loaded says why in the popup, and is tried again', async (t) => {
  const { page, chat, site } = await visit(t, '/', { '/chatkit-config.json': (_, response) => response.writeHead(503).end() });
  await openButton(page).click();
  const alert = dialog(page).getByRole('alert');
  await alert.getByText(`${site.url}/chatkit-config.json cannot be read: the server answered 503.`).waitFor();
  await keepPicture(page, 'kit-astro-error');
  site.put('/chatkit-config.json', '{}');
  await alert.getByRole('button', { name: 'Try again' }).press('Enter');
  await chat.composer.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Close chat', 'from where Escape closes it');
  await chat.ask('There you are');
});

test('a server that is away is said in the chat, and the message is sent once it is back', async (t) => {
  const { page, site, chat } = await visit(t, '/', { '/api/chatkit/session': (_, response) => response.socket!.destroy() });
  await openButton(page).click();
  await chat.say('Hello?');
  await chat.element.getByRole('alert').getByText('The server cannot be reached. Check your connection.').waitFor();
  site.put('/api/chatkit/session', proxyTo(server.url));
  const answered = chat.ended();
  await chat.button('Try again').click();
  await answered;
  await chat.lastItem.getByText('Hello?').waitFor();
});

test('a session that is refused is said in the chat', async (t) => {
  const { page, chat } = await visit(t, '/', { '/api/chatkit/session': (_, response) => {
    response.writeHead(403, { 'content-type': 'application/json' }).end('{"error": "This page may not chat here.", "code": "origin_refused"}');
  } });
  await openButton(page).click();
  await chat.say('Hello?');
  await chat.element.getByText('This page may not chat here.').waitFor();
});

/** The page as it is built when the component is given another value. */
function withAttribute(html: string, name: string, value: string): string {
  const changed = html.replace(new RegExp(`${name}="[^"]*"`), `${name}="${value}"`);
  assert.notEqual(changed, html);
  return changed;
}
