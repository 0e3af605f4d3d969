import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { bundle } from '../harness/bundle.js';
import { Chat } from '../harness/chat.js';
import { Server } from '../harness/server.js';
import { type Answer, proxyTo, Site } from '../harness/site.js';
import type { KitPage } from '../pages/kit.js';

const ECHO = '[workflows.wf_kit]\nagent = "echo"\n[workflows.wf_other]\nagent = "echo"\nrepeat = 2\n';
const WORKFLOWS = { CHATKIT_WORKFLOW_ID: 'wf_kit,wf_other', CHATKITD_LIMIT_ANONYMOUS: '0' };
const KEY = 'the key of the tests, which is long enough';

let browser: Browser;
let server: Server;
let script: string;
before(async () => {
  [browser, server, script] = await Promise.all([openBrowser(), Server.start({ config: ECHO, env: WORKFLOWS }), bundle('kit.tsx')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** A React app. Strict CSP: nothing is inline, and nothing comes from elsewhere unless `elsewhere` says so. */
async function app(t: TestContext, answers: Record<string, Answer> = {}, { page = {}, elsewhere = '' }: { page?: KitPage; elsewhere?: string } = {}): Promise<Site> {
  const shell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>An app</title><link rel="icon" href="/icon.svg">
    <script src="/settings.js"></script><script type="module" src="/page.js"></script></head><body><div id="root"></div></body></html>`;
  const pages = { '/': shell, '/page.js': script, '/settings.js': `window.settings = ${JSON.stringify(page)}`, '/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>' };
  return Site.start(t, { ...pages, ...answers }, { 'content-security-policy': `default-src 'self' ${elsewhere}` });
}

/** The app with chatkitd behind the same origin. */
const behindProxy = async (t: TestContext, server: Server, page?: KitPage, answers?: Record<string, Answer>) =>
  app(t, { ...answers, '*': proxyTo(server.url) }, { page });

interface Visit {
  page: Page;
  chat: Chat;
  complaints: string[];
  /** What was sent to make or refresh sessions, and the answers. */
  sessions: { path: string; body: unknown; answer: Promise<Record<string, unknown>> }[];
}

async function open(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage();
  const sessions: Visit['sessions'] = [];
  page.on('response', (response) => {
    const request = response.request();
    const { pathname: path } = new URL(request.url());
    if (request.method() !== 'POST' || !path.startsWith('/api/chatkit/session')) return;
    const answer = response.json() as Promise<Record<string, unknown>>;
    // A page that goes away takes with it what nobody asked for.
    answer.catch(() => undefined);
    sessions.push({ path, body: request.postDataJSON(), answer });
  });
  const complaints = complaintsOf(page);
  await page.goto(url);
  return { page, chat: new Chat(page), complaints, sessions };
}

/** What a page shows in its `<output>`. */
async function shown(page: Page): Promise<Record<string, unknown>> {
  return JSON.parse(await page.locator('output').innerText()) as Record<string, unknown>;
}

/** A token of the site's own back end. */
function tokenOf(user: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${signed}.${createHmac('sha256', KEY).update(signed).digest('base64url')}`;
}

/** Waits until the server does not take this secret any more. */
async function runsOut(server: Server, secret: string): Promise<void> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const status = async () => (await fetch(`${server.url}/v1/chatkit/conversation`, { method: 'POST', headers, body: '{"type":"threads.list","params":{}}' })).status;
  const deadline = Date.now() + 10_000;
  while ((await status()) !== 401) {
    assert.ok(Date.now() < deadline, 'the secret does not run out');
    await pause(100);
  }
}

test("seed 003's widget chats through the page's own origin, under a strict CSP", async (t) => {
  const site = await behindProxy(t, server);
  const context = await visitor(t, browser);
  const { page, chat, sessions, complaints } = await open(context, `${site.url}/?show=app`);
  await chat.ask('Good morning');
  await chat.lastItem.getByText('Good morning').waitFor();
  assert.deepEqual(sessions.map(({ body }) => body), [{ workflowId: 'wf_kit', userId: 'current-user-id' }]);
  const { user_id, device_token } = await sessions[0]!.answer;
  assert.match(String(user_id), /^anon_/, 'a browser does not choose its user');
  assert.equal(device_token, undefined, 'a cookie knows the visitor');
  const box = await chat.element.boundingBox();
  assert.equal(box?.height, 600);
  assert.deepEqual(complaints, []);
  await keepPicture(page, 'kit-react');
});

test('a visitor finds their conversations again after a reload', async (t) => {
  const site = await behindProxy(t, server);
  const context = await visitor(t, browser);
  const { page, chat } = await open(context, site.url);
  await chat.ask('What I said before');
  await page.reload();
  await chat.button('Conversations').click();
  await chat.element.getByRole('dialog').getByText(/What I said before|New conversation/).click();
  await chat.element.getByText('What I said before').first().waitFor();
});

test('on another site the visitor stays the same person, without a cookie', async (t) => {
  const site = await app(t, { '/chatkit-config.json': JSON.stringify({ server: server.url }) }, { elsewhere: `${server.url} data:` });
  const context = await visitor(t, browser);
  const { page, chat, sessions, complaints } = await open(context, site.otherSite);
  await chat.ask('Across the border');
  await page.reload();
  await chat.ask('And once more');
  assert.equal(sessions.length, 2);
  const [first, second] = await Promise.all(sessions.map(({ answer }) => answer));
  assert.equal(second!.user_id, first!.user_id);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(complaints, []);
});

test("seed 003's hook makes a session, and the widget goes on with it", async (t) => {
  const site = await behindProxy(t, server);
  const context = await visitor(t, browser);
  const { page, chat, sessions } = await open(context, `${site.url}/?show=hook`);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('Chat ready!').waitFor();
  const { client_secret, session_id, workflow_id, metadata, session } = await shown(page);
  assert.match(String(client_secret), /^ek_/);
  assert.equal(workflow_id, 'wf_kit');
  assert.deepEqual(metadata, { source: 'e2e' });
  assert.equal((session as Record<string, unknown>).chatKitSessionId, session_id);
  await chat.ask('Same session?');
  await chat.lastItem.getByText('Same session?').waitFor();
  assert.equal(sessions.length, 1, 'the widget takes the secret that the hook has');
});

test("the hook's error is a sentence for people", async (t) => {
  const site = await behindProxy(t, server);
  const context = await visitor(t, browser);
  const { page } = await open(context, `${site.url}/?show=hook&workflow=wf_forbidden`);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText(/^Error: .*workflow.*\.$/i).waitFor();

  site.put('/api/chatkit/session', (_, response) => response.writeHead(502).end());
  await page.reload();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('Error: The session could not be made: the server answered 502.').waitFor();
});

test("the hook says when the server is away", async (t) => {
  const gone = await Server.start();
  await gone.stop();
  const site = await app(t, { '/chatkit-config.json': JSON.stringify({ server: gone.url }) }, { elsewhere: gone.url });
  const context = await visitor(t, browser);
  const { page } = await open(context, `${site.url}/?show=session`);
  await page.getByRole('alert').getByText(`The chat server cannot be reached at ${gone.url}/api/chatkit/session.`).waitFor();
});

test("seed 004's hook and widget share the session of the user who signed in", async (t) => {
  const signedIn = await Server.start({ config: ECHO, env: { ...WORKFLOWS, CHATKITD_AUTH_HS256_SECRET: KEY } });
  t.after(() => signedIn.stop());
  const site = await behindProxy(t, signedIn);
  const context = await visitor(t, browser);
  const { page, chat, sessions } = await open(context, `${site.url}/?show=session&token=${tokenOf('ada')}`);
  await chat.ask('Do you know me?');
  const { chatKitSessionId, userId, workflowId, metadata } = await shown(page);
  assert.deepEqual([userId, workflowId, metadata], ['ada', 'wf_kit', { source: 'web' }]);
  assert.deepEqual(sessions.map(({ path }) => path), ['/api/chatkit/session', `/api/chatkit/session/${String(chatKitSessionId)}/refresh`]);

  await page.reload();
  await chat.composer.waitFor();
  assert.equal((await shown(page)).chatKitSessionId, chatKitSessionId, 'the session that still stands is used again');

  await page.goto(`${site.url}/?show=session`);
  await page.getByRole('alert').getByText(/sign/i).waitFor();
});

test('a secret that has run out is refreshed once, without a word to the visitor', async (t) => {
  const brief = await Server.start({ config: ECHO, env: { ...WORKFLOWS, CHATKITD_SECRET_TTL: '4s' } });
  t.after(() => brief.stop());
  const site = await behindProxy(t, brief);
  const context = await visitor(t, browser);
  const { page, chat, sessions } = await open(context, site.url);
  await chat.ask('Before');
  const { client_secret, session_id } = await sessions[0]!.answer;
  await runsOut(brief, String(client_secret));
  await chat.ask('After');
  await chat.lastItem.getByText('After').waitFor();
  assert.deepEqual(sessions.map(({ path }) => path), ['/api/chatkit/session', `/api/chatkit/session/${String(session_id)}/refresh`]);
  assert.equal(await chat.items.count(), 4, 'the conversation goes on');
  assert.deepEqual(await page.evaluate(() => window.errors), []);
});

test('a session that was ended is begun anew', async (t) => {
  const site = await behindProxy(t, server);
  const context = await visitor(t, browser);
  const { page, chat, sessions } = await open(context, site.url);
  await chat.ask('Before');
  const { client_secret, session_id, user_id } = await sessions[0]!.answer;
  await page.evaluate(([id, secret]) => fetch(`/api/chatkit/session/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${secret}` } }),
    [String(session_id), String(client_secret)] as const);
  await chat.ask('After');
  await chat.lastItem.getByText('After').waitFor();
  const last = await sessions.at(-1)!.answer;
  assert.notEqual(last.session_id, session_id);
  assert.equal(last.user_id, user_id);
});

test('a prop wins over chatkit-config.json, and the file over the default, key by key', async (t) => {
  const file = { workflowId: 'wf_other', greeting: 'From the file', prompts: [{ label: 'A prompt of the file', prompt: 'Hello' }], placeholder: 'Placeholder of the file', theme: 'dark' };
  const site = await behindProxy(t, server, { widget: { startScreen: { greeting: 'From the prop' } } }, { '/chatkit-config.json': JSON.stringify(file) });
  const context = await visitor(t, browser);
  const { chat, sessions } = await open(context, site.url);
  await chat.element.getByText('From the prop').waitFor();
  await chat.element.getByLabel('Placeholder of the file').waitFor();
  assert.equal(await chat.element.evaluate((element) => getComputedStyle(element).colorScheme), 'dark');
  const answered = chat.ended();
  await chat.button('A prompt of the file').click();
  await answered;
  assert.deepEqual(sessions[0]!.body, { workflowId: 'wf_other' });
});

test("one address, chatkitd's own file, is all that a page of another site needs", async (t) => {
  const chatkitd = await Site.start(t, { '*': proxyTo(server.url) });
  const site = await app(t, {}, { page: { provider: { config: `${chatkitd.url}/chatkit-config.json` } }, elsewhere: chatkitd.url });
  const context = await visitor(t, browser);
  const { chat, sessions } = await open(context, site.otherSite);
  await chat.ask('Found you');
  await chat.lastItem.getByText('Found you').waitFor();
  assert.equal((await sessions[0]!.answer).workflow_id, 'wf_kit');
});

test('a chat that cannot be loaded says so, tells the page, and is tried again', async (t) => {
  const site = await behindProxy(t, server, {}, { '/chatkit.js': (_, response) => response.writeHead(502).end() });
  const context = await visitor(t, browser);
  // The bundle from the disk would come in spite of the broken proxy.
  await context.unrouteAll();
  const { page, chat } = await open(context, site.url);
  const alert = page.getByRole('alert');
  await alert.getByText(`The chat cannot be loaded from ${site.url}/chatkit.js.`).waitFor();
  assert.match((await page.evaluate(() => window.errors))[0]!, /cannot be loaded/);
  site.put('/chatkit.js', proxyTo(server.url));
  await alert.getByRole('button', { name: 'Try again' }).click();
  await chat.ask('Here you are');
});

test('a widget that is taken off the page and put back chats on', async (t) => {
  const site = await behindProxy(t, server);
  const context = await visitor(t, browser);
  const { page, chat, complaints } = await open(context, site.url);
  await chat.ask('One');
  await page.getByRole('button', { name: 'Hide' }).click();
  await chat.element.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Show' }).click();
  await chat.ask('Two');
  await chat.lastItem.getByText('Two').waitFor();
  assert.deepEqual(complaints, []);
});
