import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat, type ToldError } from '../harness/chat.js';
import { Proxy } from '../harness/proxy.js';
import { Server } from '../harness/server.js';
import { pageWith, Site } from '../harness/site.js';

/** Says the visitor's words back, slowly enough to be interrupted. */
const config = `[workflows.wf_parrot]
agent = "echo"
delay = "100ms"`;
const env = { CHATKIT_WORKFLOW_ID: 'wf_parrot', CHATKITD_LIMIT_ANONYMOUS: '1000' };
/** Some five seconds of answer, in which a word that is lost or said twice is seen. */
const words = Array.from({ length: 50 }, (_, at) => `word-${at}.`).join(' ');

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start({ config, env })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

interface Scene {
  context: BrowserContext;
  page: Page;
  proxy: Proxy;
  chat: Chat;
  told: () => Promise<ToldError[]>;
}

/** A page whose chat reaches the server through a network that can be cut. */
async function scene(t: TestContext, target = server): Promise<Scene> {
  const proxy = await Proxy.start(t, target.url);
  const site = await Site.start(t, { '/': pageWith(`${proxy.url}/chatkit.js`, '') });
  const context = await visitor(t, browser);
  const page = await context.newPage();
  await page.goto(site.url);
  const chat = new Chat(page);
  const told = await chat.errors();
  await chat.configure({ api: { url: `${proxy.url}/chatkit`, domainKey: 'any' }, locale: 'en' });
  return { context, page, proxy, chat, told };
}

async function sayAndWaitForSome({ chat }: Scene): Promise<void> {
  await chat.say(words);
  await answer(chat).getByText('word-5.').waitFor();
}

function answer(chat: Chat) {
  return chat.element.locator('article.assistant_message');
}

/** Everything that was said, each word once. */
async function assertWhole({ chat }: Scene): Promise<void> {
  await answer(chat).getByText('word-49.').waitFor();
  await chat.button('Send').waitFor();
  assert.equal((await answer(chat).locator('chatkitd-markdown').innerText()).trim(), words);
  assert.equal(await chat.items.count(), 2);
}

test('an answer whose connection is cut goes on where it was, without a word', async (t) => {
  const here = await scene(t);
  await sayAndWaitForSome(here);
  here.proxy.cut();
  await assertWhole(here);
  const [resumed] = here.proxy.of('/events');
  assert.ok(Number(resumed!.headers['last-event-id']) >= 5);
  assert.equal(here.proxy.of('threads.create').length, 1);
  assert.deepEqual(await here.told(), []);
});

test('it also goes on after several cuts and a while without any network', async (t) => {
  // It is still being given after the while.
  const slow = await Server.start({ config: config.replace('100ms', '200ms'), env });
  t.after(() => slow.stop());
  const here = await scene(t, slow);
  await sayAndWaitForSome(here);
  here.proxy.isAway = true;
  here.proxy.cut();
  await here.page.waitForFunction(() =>
    chatkitEvents.filter(({ name, detail }) => name === 'chatkit.log' && (detail as { name: string }).name === 'response.resume').length >= 3);
  here.proxy.isAway = false;
  await answer(here.chat).getByText('word-30.').waitFor();
  here.proxy.cut();
  await assertWhole(here);
  assert.equal(here.proxy.of('/events').length, 2, 'once after the while, and once after the second cut');
  assert.deepEqual(await here.told(), []);
});

test('a browser that is offline for a moment takes the answer up when it is back', async (t) => {
  const here = await scene(t);
  await sayAndWaitForSome(here);
  await here.context.setOffline(true);
  // What is open stays open when a browser is told to be offline; a real network takes it away.
  here.proxy.cut();
  await here.page.waitForEvent('requestfailed', (request) => request.url().endsWith('/events'));
  await here.context.setOffline(false);
  await assertWhole(here);
  assert.equal(here.proxy.of('/events').length, 1);
  assert.deepEqual(await here.told(), []);
});

test('a line that is dead without being closed is left after a while, for another', async (t) => {
  const here = await scene(t);
  await here.page.clock.install();
  await sayAndWaitForSome(here);
  here.proxy.stall();
  await here.page.clock.fastForward(40_000);
  assert.equal(here.proxy.of('/events').length, 0);
  await here.page.clock.fastForward(6_000);
  await assertWhole(here);
  assert.equal(here.proxy.of('/events').length, 1);
});

test('a server that crashes and comes back is asked for the rest, which is an offer to try again', async (t) => {
  const crashing = await Server.start({ config, env });
  t.after(() => back?.stop());
  let back: Server | undefined;
  const here = await scene(t, crashing);
  await sayAndWaitForSome(here);
  back = await crashing.crash();
  await here.chat.element.getByRole('alert').waitFor();
  assert.match(await answer(here.chat).innerText(), /word-5\./);
  await keepPicture(here.page, 'interrupted');
  assert.equal((await here.told()).length, 1);
  await here.chat.button('Try again').click();
  await assertWhole(here);
});

test('a message whose answer got lost on the way is not said twice', async (t) => {
  const here = await scene(t);
  here.proxy.losesAnswerTo = 'threads.create';
  const sent = here.page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/chatkit'));
  await here.chat.say(words);
  await sent;
  await here.page.waitForEvent('requestfailed', (request) => request.method() === 'POST');
  here.proxy.losesAnswerTo = null;
  await assertWhole(here);
  const keys = here.proxy.of('threads.create').map(({ headers }) => headers['idempotency-key']);
  assert.ok(keys.length >= 2);
  assert.equal(new Set(keys).size, 1);
});

test('an answer whose server stays away can be gone on with later', async (t) => {
  const here = await scene(t);
  await here.page.clock.install();
  await sayAndWaitForSome(here);
  here.proxy.isAway = true;
  here.proxy.cut();
  const alert = here.chat.element.getByRole('alert');
  while (!(await alert.isVisible())) await here.page.clock.runFor(1_000);
  await alert.getByText('The server cannot be reached.').waitFor();
  assert.match(await answer(here.chat).innerText(), /word-5\./);
  assert.deepEqual((await here.told()).map(({ code }) => code), ['network']);
  here.proxy.isAway = false;
  await here.chat.button('Try again').click();
  await assertWhole(here);
  assert.equal(await alert.count(), 0);
  assert.equal(here.proxy.of('threads.retry_after_item').length, 0);
});

test('a server that stays away is said to, and what was said goes out when the visitor tries again', async (t) => {
  const here = await scene(t);
  here.proxy.isAway = true;
  const ended = here.chat.ended();
  await here.chat.say(words);
  await ended;
  await here.chat.element.getByRole('alert').getByText('The server cannot be reached. Check your connection.').waitFor();
  await here.chat.element.locator('article.user_message').getByText('word-49.').waitFor();
  assert.deepEqual((await here.told()).map(({ code }) => code), ['network']);
  await keepPicture(here.page, 'away');
  here.proxy.isAway = false;
  await here.chat.button('Try again').click();
  await assertWhole(here);
  assert.equal(await here.chat.element.getByRole('alert').count(), 0);
});

const asking = { turns: [[{ item: { type: 'structured_input', inputs: [{ type: 'freeform', id: 'name', question: 'Your name?' }] } }]], structured_inputs: { name: 'Thank you.' } };

test('a form that did not get through is sent again when the visitor says so, and nothing is deleted', async (t) => {
  const target = await Server.answering(asking);
  t.after(() => target.stop());
  const here = await scene(t, target);
  await here.chat.ask('Ask me');
  await here.chat.element.getByLabel('Your name?').fill('Ada');
  here.proxy.isAway = true;
  here.proxy.cut();
  const ended = here.chat.ended();
  await here.chat.button('Submit').click();
  await ended;
  const alert = here.chat.element.getByRole('alert');
  await alert.getByText('The server cannot be reached.').waitFor();
  // The network alone sends nothing.
  here.proxy.isAway = false;
  const read = here.page.waitForResponse((response) => response.request().postData()?.includes('items.list') ?? false);
  await here.page.evaluate(() => dispatchEvent(new Event('online')));
  await (await read).finished();
  assert.equal(here.proxy.of('threads.add_structured_input').length, 0);
  await here.chat.button('Try again').click();
  await answer(here.chat).getByText('Thank you.').waitFor();
  assert.equal(await here.chat.element.locator('article.structured_input').getByText('Ada').count(), 1);
  assert.equal(here.proxy.of('threads.add_structured_input').length, 1);
  assert.equal(here.proxy.of('threads.retry_after_item').length, 0);
  assert.equal(await alert.count(), 0);
});
