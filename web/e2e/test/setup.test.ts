// Ways to begin: when the options come, and how the chat finds its server and its visitor.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OpenAIChatKit } from '@openai/chatkit';
import type { Browser } from 'playwright-core';
import { complaintsOf, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, openPage, toldOf } from '../harness/page.js';
import { Server } from '../harness/server.js';
import { pageWith, Site } from '../harness/site.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('greeting')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test('options that are set before the script has come are kept', async (t) => {
  const context = await visitor(t, browser);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await context.route(/\/chatkit\.js$/, async (route) => {
    await held;
    await route.fallback();
  });
  const page = await openPage(t, context, server, `chat.options = { api: { url: '${server.url}/chatkit', domainKey: 'any' }, startScreen: { greeting: 'Early' } };`);
  assert.equal(await page.evaluate(() => customElements.get('openai-chatkit') === undefined), true);
  release();
  const chat = new Chat(page);
  await chat.element.getByText('Early').waitFor();
  await page.waitForFunction(() => chatkitEvents.some(({ name }) => name === 'chatkit.ready'));
  assert.deepEqual(await eventsOf(page, 'chatkit.ready'), [null]);
});

test('options may be set before the element is in the page', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'setOptions()', 'api.url', 'api.domainKey', 'addEventListener()', 'removeEventListener()', 'chatkit.ready');
  const page = await openPage(t, context, server);
  await page.evaluate(async (url) => {
    await customElements.whenDefined('openai-chatkit');
    const chat = document.createElement('openai-chatkit') as OpenAIChatKit;
    chat.id = 'made';
    const unwanted = () => told.push('unwanted');
    chat.addEventListener('chatkit.ready', unwanted);
    chat.removeEventListener('chatkit.ready', unwanted);
    chat.addEventListener('chatkit.ready', ({ detail }) => told.push(detail));
    chat.setOptions({ api: { url, domainKey: 'a key that nobody asks for' } });
    document.getElementById('chat')!.replaceWith(chat);
    chat.style.cssText = 'display: block; height: 600px';
  }, `${server.url}/chatkit`);
  const chat = new Chat(page, '#made');
  await chat.ask('Hi');
  await chat.lastItem.getByText('Hello! What can I do for you?').waitFor();
  assert.deepEqual(await toldOf(page), [null]);
});

test('an element looks the same in the document of a frame, and back in its own', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { locale: 'en' });
  const looks = () => chat.page.evaluate(() => {
    const find = (place: Document) => place.querySelector('openai-chatkit');
    const element = find(document) ?? find(document.querySelector('iframe')!.contentDocument!)!;
    const view = element.ownerDocument.defaultView!;
    const { display, borderRadius, color } = view.getComputedStyle(element.shadowRoot!.querySelector('form.composer')!);
    return { display, borderRadius, color, isMoved: view !== window };
  });
  const here = await looks();
  assert.notEqual(here.borderRadius, '0px');
  await chat.element.evaluate((element) => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    frame.contentDocument!.body.append(element);
  });
  assert.deepEqual(await looks(), { ...here, isMoved: true });
  await chat.page.frameLocator('iframe').locator('[data-composer]').waitFor();
  await chat.page.evaluate(() => document.body.append(document.querySelector('iframe')!.contentDocument!.querySelector('openai-chatkit')!));
  assert.deepEqual(await looks(), here);
});

test('an element that is first put into the document of a frame is drawn there as anywhere', async (t) => {
  const page = await openPage(t, await visitor(t, browser), server);
  await page.evaluate(async (url) => {
    await customElements.whenDefined('openai-chatkit');
    const chat = document.createElement('openai-chatkit') as OpenAIChatKit;
    chat.setOptions({ api: { url, domainKey: 'any' }, locale: 'en' });
    const frame = document.createElement('iframe');
    document.body.append(frame);
    frame.contentDocument!.body.append(chat);
  }, `${server.url}/chatkit`);
  const composer = page.frameLocator('iframe').locator('form.composer');
  assert.notEqual(await composer.evaluate((form) => getComputedStyle(form).borderRadius), '0px');
});

test('new options stand in place of the old ones, and the conversation goes on', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { disclaimer: { text: 'First' }, header: { title: { text: 'One' } } });
  await chat.ask('Hi');
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, header: { title: { text: 'Two' } } });
  await chat.element.getByRole('heading', { name: 'Two' }).waitFor();
  assert.equal(await chat.element.getByText('First').count(), 0);
  await chat.element.getByText('Hello! What can I do for you?').first().waitFor();
});

test('options without a way to the server are refused with words', async (t) => {
  const page = await openPage(t, await visitor(t, browser), server);
  for (const options of [null, {}, { api: {} }, { api: { url: '' } }, { api: { getClientSecret: 'ek_1' } }]) {
    const refusal = await page.evaluate(async (options) => {
      await customElements.whenDefined('openai-chatkit');
      try {
        document.querySelector<OpenAIChatKit>('openai-chatkit')!.setOptions(options as never);
        return 'taken';
      } catch (error) {
        return (error as Error).message;
      }
    }, options);
    assert.match(refusal, /api: \{url, domainKey\} or \{getClientSecret\}/);
  }
});

test("the page's own fetch carries every request", async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'api.fetch');
  const chat = await openChat(t, context, server, {}, {
    'api.fetch': '(input, init) => { told.push(init.method); return fetch(input, { ...init, headers: { ...init.headers, "accept-language": "from-the-page" } }); }',
  });
  const sent = chat.page.waitForRequest((request) => request.headers()['accept-language'] === 'from-the-page' && request.url() === `${server.url}/chatkit`);
  await chat.ask('Hi');
  await sent;
  assert.deepEqual(await toldOf(chat.page), ['POST']);
});

test("a fetch of the page's own that fails is named, and not asked again", async (t) => {
  const answers = [
    ['() => { told.push("asked"); throw "no proxy"; }', { message: "The page's api.fetch failed: no proxy", code: 'callback_failed' }, 'no proxy'],
    ['async () => { told.push("asked"); }', { message: "The page's api.fetch failed: it returned no Response", code: 'callback_failed' }, 'Error: it returned no Response'],
    ['async () => { told.push("asked"); return new Response("<html>", { headers: { "content-type": "text/html" } }); }', { message: `The address ${server.url}/chatkit answered with text/html, which is no ChatKit server's answer. Check api.url.`, code: 'wrong_content_type' }, 'undefined'],
  ] as const;
  for (const [fetch, error, cause] of answers) {
    const chat = await openChat(t, await visitor(t, browser), server, {}, { 'api.fetch': fetch });
    await chat.element.evaluate((element) => element.addEventListener('chatkit.error', (event) => {
      (window as unknown as { told: string[] }).told.push(String((event as CustomEvent<{ error: Error }>).detail.error.cause));
    }));
    const failed = chat.next('chatkit.error');
    await chat.say('Hi');
    assert.deepEqual(await failed, { error });
    assert.deepEqual(await toldOf(chat.page), ['asked', cause]);
  }
});

test('a relative address is relative to the page', async (t) => {
  const context = await visitor(t, browser);
  await context.route('**/my/chatkit', async (route) => {
    const response = await route.fetch({ url: `${server.url}/chatkit` });
    await route.fulfill({ response });
  });
  const chat = await openChat(t, context, server, { api: { url: 'my/chatkit', domainKey: 'any' } });
  await chat.ask('Hi');
  await chat.lastItem.getByText('Hello! What can I do for you?').waitFor();
});

test('a client secret is asked for once, and again when the server does not take it any more', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'api.getClientSecret', 'chatkit.response.start');
  const secrets = await secretsOfOneVisitor();
  const site = await Site.start(t, {
    '/': pageWith(`${server.url}/chatkit.js`, `
      globalThis.told = [];
      await customElements.whenDefined('openai-chatkit');
      const secrets = ${JSON.stringify(secrets)};
      chat.setOptions({ api: { getClientSecret: async (current) => { told.push(current); return secrets[current === null ? 0 : 1]; } } });`),
  });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.ask('Hi');
  await chat.ask('Again');
  assert.deepEqual(await toldOf(page), [null]);

  await context.route('**/v1/chatkit/conversation', (route) =>
    route.request().headers().authorization === `Bearer ${secrets[0]}`
      ? route.fulfill({ status: 401, headers: { 'access-control-allow-origin': '*' }, json: { error: { message: 'It ran out.' } } })
      : route.fallback());
  await chat.ask('refund');
  await chat.lastItem.getByText('Which order is it about?').waitFor();
  assert.deepEqual(await toldOf(page), [null, secrets[0]]);
  assert.equal(complaints.filter((one) => !one.includes('401')).join(), '');
});

/** Two secrets, as the page's back end gets them that passes the visitor's cookie on. */
async function secretsOfOneVisitor(): Promise<string[]> {
  const mint = (headers: Record<string, string>) => fetch(`${server.url}/api/chatkit/session`, { method: 'POST', headers });
  const secretOf = async (response: Response) => ((await response.json()) as { client_secret: string }).client_secret;
  const first = await mint({});
  const [cookie = ''] = first.headers.getSetCookie().map((one) => one.split(';')[0]!);
  return [await secretOf(first), await secretOf(await mint({ cookie }))];
}

test('a page without TLS, on a name of its own, has the whole chat', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  const site = await Site.start(t, {
    '/': pageWith(`${server.url}/chatkit.js`, `
      await customElements.whenDefined('openai-chatkit');
      chat.setOptions({ api: { url: '${server.url}/chatkit', domainKey: 'any' }, threadItemActions: { retry: true } });`),
  });
  const context = await visitor(t, browser);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(site.url.replace('127.0.0.1', 'intranet.example'));
  assert.equal(await page.evaluate(() => isSecureContext), false);
  const chat = new Chat(page);
  await chat.ask('Show me markdown');
  // What draws formulas is loaded with the first of them, and moves what stands below.
  await chat.element.locator('math').first().waitFor();
  await chat.element.locator('.actions').getByRole('button', { name: 'Copy' }).click();
  assert.match(await chat.pasted(), /\*\*/, 'the Markdown of the answer was copied');
  assert.deepEqual(complaints, []);
});
