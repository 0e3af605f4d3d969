import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import { Chat, type ToldError } from '../harness/chat.js';
import { type Passed, Proxy } from '../harness/proxy.js';
import { Server } from '../harness/server.js';
import { pageWith, Site } from '../harness/site.js';

const key = 'a key of the application, of thirty-two bytes';

let browser: Browser;
let server: Server;
before(async () => {
  const env = { CHATKIT_WORKFLOW_ID: 'wf_echo', CHATKITD_AUTH_HS256_SECRET: key, CHATKITD_AUTH_ISSUER: 'app', CHATKITD_AUTH_AUDIENCE: 'chat', CHATKITD_ANONYMOUS: 'true', CHATKITD_LIMIT_ANONYMOUS: '0' };
  [browser, server] = await Promise.all([openBrowser(), Server.start({ env })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** The site's own back end: it mints for somebody who is signed in, or, knowing nobody, for a newcomer each time. */
class BackEnd {
  constructor(private readonly user: string | null) {}

  readonly minted: { client_secret: string; session_id: string }[] = [];

  async mint(): Promise<string> {
    const headers: Record<string, string> = this.user === null ? {} : { authorization: `Bearer ${this.token(this.user)}` };
    const response = await fetch(`${server.url}/api/chatkit/session`, { method: 'POST', headers });
    const session = (await response.json()) as (typeof this.minted)[number];
    assert.equal(response.status, 200, JSON.stringify(session));
    this.minted.push(session);
    return session.client_secret;
  }

  private token(user: string): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, iss: 'app', aud: 'chat', exp: Math.floor(Date.now() / 1000) + 600 })}`;
    return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
  }

  /** Ends what it minted last: the secret does not work any more. */
  async revoke(): Promise<void> {
    const { session_id, client_secret } = this.minted.at(-1)!;
    const response = await fetch(`${server.url}/api/chatkit/session/${session_id}`, { method: 'DELETE', headers: { authorization: `Bearer ${client_secret}` } });
    assert.equal(response.status, 204);
  }
}

interface Scene {
  context: BrowserContext;
  page: Page;
  proxy: Proxy;
  chat: Chat;
  backEnd: BackEnd;
  told: () => Promise<ToldError[]>;
}

const ASK_BACK_END = "async (current) => (await fetch('/mint', { method: 'POST', body: current ?? '' })).text()";

const begin = (page: Page): Promise<void> => page.evaluate(() => (globalThis as unknown as { begin: () => Promise<void> }).begin());

/** A page whose `getClientSecret` is this; before the chat begins there, `prepare` is done. */
async function scene(
  t: TestContext, getClientSecret = ASK_BACK_END, user: string | null = 'ada', prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<Scene> {
  const backEnd = new BackEnd(user);
  const proxy = await Proxy.start(t, server.url);
  const site = await Site.start(t, {
    '/': pageWith(`${proxy.url}/chatkit.js`, `globalThis.begin = async () => {
      await customElements.whenDefined('openai-chatkit');
      chat.setOptions({ api: { getClientSecret: ${getClientSecret} }, locale: 'en' });
    };`),
    '/mint': (_, response) => void backEnd.mint().then((secret) => response.end(secret)),
  });
  const context = await visitor(t, browser);
  const page = await context.newPage();
  await page.goto(site.url);
  const chat = new Chat(page);
  const told = await chat.errors();
  await prepare(page);
  await begin(page);
  await chat.composer.waitFor();
  return { context, page, proxy, chat, backEnd, told };
}

function asked(proxy: Proxy): Passed[] {
  return proxy.passed.filter(({ path, method }) => path.startsWith('/v1/chatkit/') && method !== 'OPTIONS');
}

/** The requests with this secret that also show who the visitor was before. */
function introductions(proxy: Proxy, secret: string): (string | undefined)[] {
  const own = asked(proxy).filter(({ headers }) => headers.authorization === `Bearer ${secret}`);
  return own.map(({ headers }) => headers['chatkit-device-token'] as string | undefined).filter((token) => token !== undefined);
}

/** The device token that the first secret's first answer brought. */
function tokenGiven(proxy: Proxy): string {
  return asked(proxy)[0]!.answered!['chatkit-device-token'] as string;
}

test('one secret is asked for, and every request carries it', async (t) => {
  const { chat, proxy, backEnd, told } = await scene(t);
  await chat.ask('Hello');
  await chat.call('showHistory');
  assert.equal(backEnd.minted.length, 1);
  const secrets = new Set(asked(proxy).map(({ headers }) => headers.authorization));
  assert.deepEqual([...secrets], [`Bearer ${backEnd.minted[0]!.client_secret}`]);
  const secret = backEnd.minted[0]!.client_secret;
  assert.deepEqual(introductions(proxy, secret), [secret], 'who is new asks to be remembered, once');
  assert.deepEqual(await told(), []);
});

test('a secret that does not work any more is replaced once, for all requests at once, and nobody notices', async (t) => {
  const { chat, proxy, backEnd, told } = await scene(t);
  await chat.ask('Hello');
  await backEnd.revoke();
  const answered = chat.ended();
  await Promise.all([chat.call('fetchUpdates'), chat.call('showHistory'), chat.call('sendUserMessage', { text: 'Again' }), answered]);
  await chat.lastItem.getByText('Again').waitFor();
  assert.equal(backEnd.minted.length, 2);
  const [first, second] = backEnd.minted.map((session) => session.client_secret);
  assert.deepEqual(introductions(proxy, second!), [first]);
  assert.deepEqual(await told(), []);
  assert.equal(await chat.element.getByRole('alert').count(), 0);
});

test('an answer that breaks off while the secret runs out is gone on with under the next one', async (t) => {
  const { chat, proxy, backEnd, told } = await scene(t);
  await chat.ask('Hello');
  await backEnd.revoke();
  proxy.losesAnswerTo = 'threads.add_user_message';
  const lost = chat.page.waitForEvent('requestfailed', (request) => request.method() === 'POST');
  await chat.say('Once');
  await lost;
  proxy.losesAnswerTo = null;
  await chat.lastItem.getByText('Once').waitFor();
  await chat.button('Send').waitFor();
  assert.equal(await chat.items.count(), 4);
  assert.equal(backEnd.minted.length, 2);
  assert.deepEqual(await told(), []);
});

test('after a reload the visitor is who they were, and the secret was not kept', async (t) => {
  const { chat, page, proxy, backEnd } = await scene(t, ASK_BACK_END, null);
  await chat.ask('Hello');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.equal(kept.includes('ek_'), false, kept);
  await page.reload();
  await begin(page);
  await chat.composer.waitFor();
  const answered = chat.ended();
  await Promise.all([chat.call('showHistory'), chat.call('sendUserMessage', { text: 'Hello again' }), answered]);
  assert.deepEqual(introductions(proxy, backEnd.minted[1]!.client_secret), [tokenGiven(proxy)]);
  await chat.call('fetchUpdates');
  const conversations = chat.element.getByRole('dialog').locator('li.entry');
  await conversations.nth(1).waitFor();
  assert.equal(await conversations.count(), 2, 'both conversations are theirs');
});

const failures = [
  ["async () => { throw new Error('The back end is down.'); }", /getClientSecret failed: The back end is down\./],
  ["() => { throw new Error('No.'); }", /getClientSecret failed: No\./],
  ['async () => ({ client_secret: "ek_1" })', /must return the client secret/],
  ["async () => ''", /must return the client secret/],
  ["async () => '<!doctype html>\\n<title>Sign in</title>'", /must return the client secret/],
] as const;

/** Another `getClientSecret` under the same chat, as a page sets it that renders anew. */
async function replaceGetClientSecret(chat: Chat, source: string): Promise<void> {
  await chat.element.evaluate((element, source) => {
    const { options } = element as HTMLElement & { options: object };
    Object.assign(element, { options: { ...options, api: { getClientSecret: new Function(`return (${source})`)() as unknown } } });
  }, source);
}

test('a getClientSecret that fails or returns nonsense is told to the page, and the visitor may try again', async (t) => {
  const { chat, page, told } = await scene(t, failures[0][0], 'ada', async (page) => {
    await page.evaluate(() => {
      const element = document.querySelector('openai-chatkit')!;
      Object.assign(globalThis, { hears: new Promise((resolve) => element.addEventListener('chatkit.error', resolve, { once: true })) });
    });
  });
  await page.evaluate(() => (globalThis as unknown as { hears: Promise<void> }).hears.then(() => undefined));
  assert.match((await told())[0]!.message, failures[0][1]);
  assert.equal(await chat.element.getByRole('alert').count(), 0, 'nobody has said anything yet');
  for (const [before, [source, message]] of failures.entries()) {
    const at = before + 1;
    await replaceGetClientSecret(chat, source);
    const ended = chat.ended();
    await chat.say('Hello');
    await ended;
    await chat.element.getByRole('alert').getByText('The answer failed.').waitFor();
    const [error, ...more] = (await told()).slice(at);
    assert.equal(error!.code, 'client_secret');
    assert.match(error!.message, message);
    assert.deepEqual(more, []);
  }
  // One with the status of its own back end's answer is no more than that answer.
  await replaceGetClientSecret(chat, "async () => { throw Object.assign(new Error('You may not chat.'), { status: 403, code: 'forbidden' }); }");
  await chat.say('Hello');
  await chat.element.getByRole('alert').getByText('You may not chat.').waitFor();
  assert.deepEqual((await told()).slice(failures.length + 1), [{ message: 'You may not chat.', code: 'forbidden', status: 403 }]);
  assert.equal(await chat.button('Try again').count(), 0);
  await replaceGetClientSecret(chat, failures[0][0]);
  // What was refused for good lies in the composer again.
  await chat.composer.getByText('Hello').waitFor();
  await chat.button('Send').click();
  await chat.button('Try again').waitFor();
  await replaceGetClientSecret(chat, ASK_BACK_END);
  await chat.button('Try again').click();
  await chat.element.locator('article.assistant_message').getByText('Hello').waitFor();
  assert.equal(await chat.items.count(), 2);
});

test('of a secret that the server refuses twice the page reads why, and the visitor in their language that the answer failed', async (t) => {
  const { chat, proxy, told } = await scene(t, "async (current) => (current === null ? 'ek_nobody' : 'ek_nobody_either')");
  await chat.element.evaluate((element) => {
    const { options } = element as HTMLElement & { options: object };
    Object.assign(element, { options: { ...options, locale: 'de' } });
  });
  await chat.element.getByRole('button', { name: 'Senden' }).waitFor();
  await chat.ask('Hallo');
  const alert = chat.element.getByRole('alert');
  await alert.getByText('Die Antwort ist fehlgeschlagen.').waitFor();
  assert.equal(await alert.getByText('client secret').count(), 0);
  assert.equal(asked(proxy).length, 2);
  assert.deepEqual(await told(), [{ message: 'This client secret is not valid here. Create a new session.', code: 'secret_unknown', status: 401 }]);
});

test('a getClientSecret that never comes back is waited for no longer than half a minute, and can be stopped before', async (t) => {
  const { chat, page, told } = await scene(t, 'async () => new Promise(() => {})', 'ada', (page) => page.clock.install());
  const stopped = chat.ended();
  await chat.say('Hello');
  await chat.button('Stop').click();
  await page.clock.fastForward(6_000);
  await stopped;
  assert.deepEqual(await told(), []);
  await chat.say('Hello');
  await page.clock.fastForward(31_000);
  await chat.button('Try again').waitFor();
  assert.match((await told())[0]!.message, /longer than 30 seconds/);
});

test('a message that is stopped while it waits for the secret does not hold up the next one', async (t) => {
  const slow = `async () => { await new Promise((resolve) => (globalThis.letGo = resolve)); return (${ASK_BACK_END})(null); }`;
  const { chat, page, backEnd, told } = await scene(t, slow, 'ada', (page) => page.clock.install());
  const stopped = chat.ended();
  await chat.say('Never mind');
  await chat.button('Stop').click();
  await page.clock.fastForward(6_000);
  await stopped;
  await page.evaluate(() => (globalThis as unknown as { letGo: () => void }).letGo());
  // The page's clock is ahead of the test's, which cannot tell by it which end is which.
  await chat.say('Hello');
  await chat.items.nth(1).getByText('Hello').waitFor();
  assert.equal(await chat.items.count(), 2);
  assert.equal(backEnd.minted.length, 1);
  assert.deepEqual(await told(), []);
});

test('a visitor of another site is known by a token, without cookies, and is the same after a reload', async (t) => {
  const open = await Server.start();
  t.after(() => open.stop());
  const proxy = await Proxy.start(t, open.url);
  const there = `http://localhost:${proxy.port}`;
  const site = await Site.start(t, {
    '/': pageWith(`${there}/chatkit.js`, `await customElements.whenDefined('openai-chatkit'); chat.setOptions({ api: { url: '${there}/chatkit', domainKey: 'any' }, locale: 'en' });`),
  });
  const context = await visitor(t, browser);
  const page = await context.newPage();
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.composer.waitFor();
  // Both at once, by somebody whom the server has never seen: they are one visitor.
  const answered = chat.ended();
  await Promise.all([chat.call('showHistory'), chat.call('sendUserMessage', { text: 'Remember me' }), answered]);
  await page.reload();
  await chat.composer.waitFor();
  await chat.button('Conversations').click();
  await chat.element.getByRole('dialog').locator('li.entry').waitFor();
  const posts = proxy.passed.filter(({ op }) => op !== undefined);
  const tokens = posts.map(({ headers }) => headers['chatkit-device-token']);
  const given = posts[0]!.answered!['chatkit-device-token'];
  assert.ok(given);
  assert.deepEqual(tokens, [undefined, ...tokens.slice(1).fill(given)]);
  assert.deepEqual(posts.filter(({ headers }) => headers.cookie !== undefined), []);
});
