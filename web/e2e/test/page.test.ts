import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { root, Server } from '../harness/server.js';
import { Site } from '../harness/site.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start({ env: { CHATKITD_LIMIT_ANONYMOUS: '0' } })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** For work on the page: its files as they lie in the source, under the policy that the binary sends. */
async function pageFromDisk(context: BrowserContext): Promise<void> {
  const { headers } = await fetch(server.url);
  const files: Record<string, [string, string]> = {
    '/': ['index.html', 'text/html'], '/page.css': ['page.css', 'text/css'],
    '/page.js': ['page.js', 'text/javascript'], '/page-tour.js': ['page-tour.js', 'text/javascript'],
  };
  for (const [path, [file, contentType]] of Object.entries(files)) {
    await context.route(server.url + path, async (route) => route.fulfill({
      body: await readFile(join(root, 'crates/http/src/page', file)), contentType,
      headers: { 'content-security-policy': headers.get('content-security-policy')! },
    }));
  }
}

async function openPage(t: TestContext, options: BrowserContextOptions = {}): Promise<{ page: Page; chat: Chat; complaints: string[] }> {
  const context = await visitor(t, browser, { viewport: { width: 1280, height: 1000 }, reducedMotion: 'reduce', ...options });
  if (process.env.E2E_BUNDLE === 'disk') await pageFromDisk(context);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(server.url);
  const chat = new Chat(page);
  await chat.composer.waitFor();
  return { page, chat, complaints };
}

function step(page: Page, title: string): Locator {
  return page.getByRole('region', { name: 'What it can do' }).getByRole('listitem').filter({ hasText: title });
}

/** Clicks a step that says something, and waits until it has lit up. */
async function take(page: Page, title: string): Promise<void> {
  await step(page, title).getByRole('button').click();
  await isDone(page, title);
}

async function isDone(page: Page, title: string): Promise<void> {
  await step(page, title).getByText(', done').waitFor({ state: 'attached' });
}

test('the guided demo can be gone through by clicking, and each step lights up when the chat has done it', async (t) => {
  const { page, chat, complaints } = await openPage(t);
  await page.getByText('0 of 10').waitFor();
  await take(page, 'Markdown, code, maths');
  await chat.element.locator('article.assistant_message table').waitFor();
  await chat.element.locator('article.assistant_message math').first().waitFor();
  await chat.element.locator('article.assistant_message .hljs-keyword').first().waitFor();
  await keepPicture(page, 'page');
  if (process.env.E2E_UPDATE_SCREENSHOT === '1') {
    await copyFile(join(root, 'target/screenshots/page.png'), join(root, 'docs/page.png'));
  }

  await take(page, 'Sources');
  await chat.lastItem.getByText('Sources · 2').waitFor();
  await take(page, 'Reasoning');
  await chat.element.getByText('Thought for 2 s').waitFor();

  await step(page, 'A form').getByRole('button').click();
  await chat.element.getByRole('textbox', { name: /Ada Lovelace|Your name/ }).fill('Grace');
  assert.equal(await step(page, 'A form').getByText(', done').count(), 0, 'the form was shown, and not yet used');
  await chat.button('Book').click();
  await isDone(page, 'A form');
  await chat.element.getByText('See you at noon.').waitFor();

  await take(page, 'A client tool');
  await chat.element.getByText('Your page has answered').first().waitFor();

  await step(page, 'An upload').getByRole('button').click();
  await chat.element.getByText('sunset.png').waitFor();
  await chat.element.getByRole('button', { name: 'Send', disabled: false }).click();
  await isDone(page, 'An upload');
  await chat.element.getByRole('img', { name: 'sunset.png' }).waitFor();
  await chat.element.getByText('Your file has arrived.').first().waitFor();

  await chat.button('Good answer').last().click();
  await isDone(page, 'Feedback');
  await chat.button('Try again').last().click();
  await isDone(page, 'Retry');
  await take(page, 'History');
  await chat.element.getByRole('dialog').getByRole('button', { name: /^A guided tour/ }).first().waitFor();
  await page.keyboard.press('Escape');
  await take(page, 'Dark mode');
  await chat.element.and(page.locator('[data-dark]')).waitFor();
  await page.getByText('All of it seen').waitFor();
  await keepPicture(page, 'page-dark');
  assert.deepEqual(complaints, []);
});

for (const pinned of [false, true]) {
  test(`the snippet is a chat on a page of one's own${pinned ? ', pinned to a version by its hash' : ''}`, async (t) => {
    const { page } = await openPage(t, { permissions: ['clipboard-read', 'clipboard-write'] });
    if (pinned) await page.getByRole('checkbox', { name: /integrity hash/ }).check();
    const copy = page.getByRole('button', { name: 'Copy', exact: true });
    // It says so for two seconds only.
    const copied = await copy.evaluateHandle((button) => ({
      said: new Promise((resolve) => new MutationObserver(() => resolve(button.textContent)).observe(button, { childList: true })),
    }));
    await copy.click();
    assert.equal(await copied.evaluate(({ said }) => said), 'Copied');
    const snippet = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(snippet, pinned ? /\/chatkit@[^"]+\.js"\s+integrity="sha384-[^"]+" crossorigin="anonymous"/ : /\/chatkit\.js" async/);
    const site = await Site.start(t, { '/': `<!doctype html><html lang="en"><title>Mine</title><link rel="icon" href="data:,"><body>${snippet}` });
    // The pinned hash is that of the binary's own script, which is therefore not replaced here.
    const context = await visitor(t, browser);
    await context.unrouteAll();
    const own = await context.newPage();
    const complaints = complaintsOf(own);
    await own.goto(site.url);
    await new Chat(own).ask('Show me sources');
    await own.getByText("ChatKit's protocol is open").first().waitFor();
    assert.deepEqual(complaints, []);
  });
}

test('the hash can be asked for as soon as the page knows it, and not before', async (t) => {
  const context = await visitor(t, browser);
  if (process.env.E2E_BUNDLE === 'disk') await pageFromDisk(context);
  let tell = (): void => undefined;
  const told = new Promise<void>((resolve) => { tell = resolve; });
  await context.route(`${server.url}/page.json`, async (route) => told.then(() => route.continue()));
  const page = await context.newPage();
  await page.goto(server.url);
  const choice = page.getByRole('checkbox', { name: /integrity hash/ });
  assert.equal(await choice.isDisabled(), true);
  tell();
  await choice.check();
  await page.getByRole('region', { name: 'The snippet' }).getByText('sha384-').waitFor();
});

test('the page says what is configured, and makes a session', async (t) => {
  const { page } = await openPage(t);
  await page.getByText('up and ready').waitFor();
  const facts = page.getByRole('region', { name: 'What is configured' });
  await facts.getByRole('row', { name: 'Workflows of site default' }).getByText('wf_demo, wf_echo').waitFor();
  await facts.getByRole('row', { name: 'Files of site default' }).getByText('visitors may send 5').waitFor();
  await page.getByRole('button', { name: 'Make a session' }).click();
  const answer = page.getByRole('region', { name: 'The answer' });
  await answer.waitFor();
  assert.match(await answer.innerText(), /^200\n[\s\S]*"client_secret": "ek_/);
});

test('the page says where the server does not say what is configured, and shows what a proxy answers for it', async (t) => {
  const { page } = await openPage(t);
  const html = '<h1>Bad gateway</h1>';
  await page.route(/\/(page\.json|api\/chatkit\/session)$/, (route) => route.fulfill({ status: 502, contentType: 'text/html', body: html }));
  await page.reload();
  const facts = page.getByRole('region', { name: 'What is configured' });
  await facts.getByRole('row', { name: 'The server' }).getByText('does not say (502). If it is still running, reload this page.').waitFor();
  await page.getByRole('button', { name: 'Make a session' }).click();
  const answer = page.getByRole('region', { name: 'The answer' });
  await answer.waitFor();
  assert.equal(await answer.innerText(), `502\n${html}`);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the page (${colorScheme})`, async (t) => {
    const { page } = await openPage(t, { colorScheme });
    await take(page, 'Markdown, code, maths');
    const { violations } = await new AxeBuilder({ page }).options({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
  });
}

test('the page follows the colours of the system until somebody chooses', async (t) => {
  const { page, chat } = await openPage(t, { colorScheme: 'dark' });
  const dark = chat.element.and(page.locator('[data-dark]'));
  await dark.waitFor();
  await page.emulateMedia({ colorScheme: 'light' });
  await dark.waitFor({ state: 'detached' });
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
  await dark.waitFor();
  await page.emulateMedia({ colorScheme: 'light' });
  assert.equal(await dark.count(), 1);
});

test('on a phone the page needs no scrolling to the side', async (t) => {
  const { page } = await openPage(t, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  await take(page, 'Markdown, code, maths');
  await page.getByRole('checkbox', { name: /integrity hash/ }).check();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  await page.screenshot({ path: join(root, 'target/screenshots/page-phone.png'), fullPage: true });
});
