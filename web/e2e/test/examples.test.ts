import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { serve } from '../harness/program.js';
import { root, Server } from '../harness/server.js';
import { Site } from '../harness/site.js';

// What examples/build.sh has built is opened here.
const examples = join(root, 'examples');

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start({ env: { CHATKITD_LIMIT_ANONYMOUS: '0' } })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

async function open(t: TestContext, url: string) {
  const context = await visitor(t, browser);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(url);
  return { page, complaints, chat: new Chat(page) };
}

/** Asks for something of the tour that only wf_demo knows. */
async function tour(chat: Chat): Promise<void> {
  await chat.ask('Show me markdown');
  await chat.lastItem.getByRole('table').waitFor();
}

const example = (name: string, script: string) => (t: TestContext) =>
  serve(t, join(examples, name), script, { CHATKITD_URL: server.url });

test("the README's snippet alone is a chat on a page that is opened from the disk", async (t) => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const snippet = /```html\n([^`]+)```/.exec(readme)![1]!;
  const folder = await mkdtemp(join(tmpdir(), 'chatkitd-page-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'index.html'), snippet.replaceAll('http://127.0.0.1:8787', server.url));
  const { chat, complaints } = await open(t, pathToFileURL(join(folder, 'index.html')).href);
  await tour(chat);
  await chat.lastItem.locator('math').first().waitFor();
  await chat.ask('And a widget');
  await chat.button('Add an orange').waitFor();
  assert.deepEqual(complaints, []);
});

/** The files of examples/html, changed as its README says, on a site that its chatkitd lists. */
async function plainPage(t: TestContext, origin: (site: Site) => string): Promise<string> {
  const site = await Site.start(t, { '/favicon.ico': '' });
  const listing = await Server.start({ env: { CHATKIT_ALLOWED_ORIGINS: origin(site) } });
  t.after(() => listing.stop());
  let places = 0;
  for (const name of ['index.html', 'page.js', 'page.css']) {
    const text = await readFile(join(examples, 'html', name), 'utf8');
    places += text.split('http://127.0.0.1:8787').length - 1;
    site.put(name === 'index.html' ? '/' : `/${name}`, text.replaceAll('http://127.0.0.1:8787', listing.url));
  }
  assert.equal(places, 2, '"(twice)", says the README');
  return origin(site);
}

async function comesBack(t: TestContext, url: string): Promise<void> {
  const { page, chat, complaints } = await open(t, url);
  await chat.button('What can you do?').click();
  await chat.lastItem.getByText('I am a script that runs here').waitFor();
  await keepPicture(page, 'example-html');
  await page.reload();
  await chat.button('Conversations').click();
  await chat.element.getByRole('dialog').getByRole('button', { name: /What can you do|New conversation/ }).first().click();
  await chat.lastItem.getByText('I am a script that runs here').waitFor();
  assert.deepEqual(complaints, []);
}

test('html: the page of another site has its visitor back after a reload', async (t) => {
  await comesBack(t, await plainPage(t, (site) => site.otherSite));
});

// As www.example.com and chat.example.com are.
test('html: the page of a sister host has its visitor back after a reload', async (t) => {
  await comesBack(t, await plainPage(t, (site) => site.url));
});

for (const script of ['preview', 'dev']) {
  test(`vite-react: npm run ${script} serves a widget and a session by hand, through its proxy`, async (t) => {
    const url = await example('vite-react', script)(t);
    const { page, chat, complaints } = await open(t, url);
    await chat.element.getByText('Hi! How can I help you?').waitFor();
    await tour(chat);
    await keepPicture(page, `example-vite-${script}`);
    await page.getByRole('button', { name: 'Start a session by hand' }).click();
    await page.getByRole('button', { name: 'Start the chat' }).click();
    await tour(chat);
    assert.deepEqual(complaints, []);
  });

  test(`astro: npm run ${script} serves both widgets under a strict CSP`, async (t) => {
    const url = await example('astro', script)(t);
    for (const [path, greeting] of [['/?chatbot=open', 'Hi! How can I help you?'], ['/quote/?chatbot=open', 'What may we repair?']] as const) {
      const { page, chat, complaints } = await open(t, `${url}${path}`);
      await chat.element.getByText(greeting).waitFor();
      await tour(chat);
      // The dev server puts its own scripts inline, which no built page has.
      if (script === 'preview') assert.deepEqual(complaints, []);
      await page.close();
    }
  });
}

// Clerk itself cannot be reached by a test: what it needs no keys for is tested.
const KEYLESS = { NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: '', CLERK_SECRET_KEY: '' };

test('nextjs-clerk: without keys the built app says which are missing', async (t) => {
  const url = await serve(t, join(examples, 'nextjs-clerk'), 'start', KEYLESS);
  const { page, complaints } = await open(t, url);
  await page.getByRole('alert').getByText('Copy .env.example to .env.local').waitFor();
  assert.deepEqual(complaints, []);
});

test('nextjs-clerk: its rewrites reach chatkitd, and answers stream through them', async (t) => {
  const url = await serve(t, join(examples, 'nextjs-clerk'), 'dev', { ...KEYLESS, CHATKITD_URL: server.url });
  const created = await fetch(`${url}/api/chatkit/session`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  const session = (await created.json()) as { client_secret: string; session_id: string };
  const headers = { authorization: `Bearer ${session.client_secret}`, 'content-type': 'application/json' };
  const refreshed = await fetch(`${url}/api/chatkit/session/${session.session_id}/refresh`, { method: 'POST', headers });
  assert.deepEqual([created.status, refreshed.status], [200, 200]);
  assert.equal((await fetch(`${url}/chatkit-config.json`).then((answer) => answer.json() as Promise<{ greeting: string }>)).greeting, 'Welcome back!');
  for (const path of await elementFiles(server.url)) {
    const [through, direct] = await Promise.all([`${url}${path}`, `${server.url}${path}`].map(async (one) => (await fetch(one)).text()));
    assert.equal(through, direct, path);
  }

  const message = { input: { content: [{ type: 'input_text', text: 'Show me markdown' }], attachments: [], inference_options: {} } };
  const answer = await fetch(`${url}/v1/chatkit/conversation`, { method: 'POST', headers, body: JSON.stringify({ type: 'threads.create', params: message }) });
  let pieces = 0;
  for await (const piece of answer.body!) if (piece.length > 0) pieces++;
  assert.ok(pieces > 2, `the answer came in ${pieces} pieces`);

  // In place of the page that only somebody who signed in sees: one with the same element, on the app's own origin.
  const page = await (await visitor(t, browser)).newPage();
  await page.route(`${url}/signed-in`, (route) => route.fulfill({
    contentType: 'text/html', body: '<!doctype html><title>Signed in</title><script src="/chatkit.js" async></script><openai-chatkit></openai-chatkit>',
  }));
  await page.goto(`${url}/signed-in`);
  const chat = new Chat(page);
  await chat.configure({ api: {} }, {
    'api.getClientSecret': "async () => (await (await fetch('/api/chatkit/session', { method: 'POST' })).json()).client_secret",
  });
  await tour(chat);
  await keepPicture(page, 'example-nextjs');
});

/** The addresses of the element's script: by its name, by its version, and one of its further files. */
async function elementFiles(url: string): Promise<string[]> {
  const script = await (await fetch(`${url}/chatkit.js`)).text();
  const further = /chatkit-assets@[\w.-]+/.exec(script)?.[0];
  assert.ok(further !== undefined);
  const version = further.split('@')[1]!;
  return ['/chatkit.js', `/chatkit@${version}.js`, `/${further}/highlight.js`];
}
