import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { Server } from '../harness/server.js';
import { pageWith, Site } from '../harness/site.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test("the README's snippet is a chat on somebody's own page", async (t) => {
  const site = await Site.start(t, {
    '/': pageWith(`${server.url}/chatkit.js`, `
      await customElements.whenDefined('openai-chatkit');
      chat.setOptions({ api: { url: '${server.url}/chatkit', domainKey: 'any' } });`),
  });
  const context = await visitor(t, browser);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.ask('Show me markdown');
  await chat.element.locator('article.assistant_message strong').first().waitFor();
  await keepPicture(page, 'snippet');
  assert.deepEqual(complaints, []);
});

test('the page of a new server has a chat that works', async (t) => {
  const context = await visitor(t, browser, { viewport: { width: 1200, height: 1000 } });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(server.url);
  const chat = new Chat(page);
  await chat.ask('Show me markdown');
  await chat.element.locator('article.assistant_message strong').first().waitFor();
  await keepPicture(page, 'page');
  assert.deepEqual(complaints, []);
});

test('a page without TLS, on a name of its own, has the whole chat', async (t) => {
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
