import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { complaintsOf, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { startNginx } from '../harness/nginx.js';
import { Server } from '../harness/server.js';

const config = `[workflows.wf_parrot]
agent = "echo"
delay = "100ms"
[sites.default.configuration.file_upload]
enabled = true`;
const env = { CHATKIT_WORKFLOW_ID: 'wf_parrot', CHATKITD_TRUSTED_PROXIES: '127.0.0.1/32' };
const words = Array.from({ length: 40 }, (_, at) => `word-${at}.`).join(' ');
const page = `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"><openai-chatkit id="chat"></openai-chatkit>`;

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start({ config, env })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** nginx as its documentation shows it, with nothing said about buffering, before a page and chatkitd. */
async function chatBehindNginx(t: TestContext, { below = '', target = server.url } = {}): Promise<{ chat: Chat; url: string; complaints: string[] }> {
  const passOn = `proxy_pass ${target}/; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;
  const html = `default_type text/html; return 200 '${page}';`;
  const url = await startNginx(t, `location = /page { ${html} } location ${below}/ { ${passOn} }`);
  const context = await visitor(t, browser, { viewport: { width: 900, height: 600 } });
  const tab = await context.newPage();
  const complaints = complaintsOf(tab);
  await tab.goto(`${url}/page`);
  await tab.addScriptTag({ url: `${url}${below}/chatkit.js` });
  const chat = new Chat(tab);
  await chat.configure({ api: { url: `${below}/chatkit`, domainKey: 'any' }, locale: 'de-DE', composer: { attachments: { enabled: true } } });
  return { chat, url, complaints };
}

/** How much of the answer could be seen, from its first word to its last. */
async function lengthsOfAnswer(chat: Chat): Promise<number[]> {
  const lengths = chat.element.evaluate((element) => new Promise<number[]>((resolve) => {
    const seen = new Set<number>();
    const look = (): void => {
      const { length } = element.shadowRoot!.querySelector('article.assistant_message')?.textContent ?? '';
      seen.add(length);
      requestAnimationFrame(look);
    };
    look();
    element.addEventListener('chatkit.response.end', () => resolve([...seen]), { once: true });
  }));
  await chat.say(words);
  return lengths;
}

test('behind nginx with its defaults an answer comes word by word', async (t) => {
  const { chat, complaints } = await chatBehindNginx(t);
  const lengths = await lengthsOfAnswer(chat);
  assert.ok(lengths.length > 5, `seen in ${lengths.length} steps`);
  await chat.lastItem.getByText('word-39.').waitFor();
  assert.deepEqual(complaints, []);
});

test('below a path that nginx takes off, the script, its languages and the server are found', async (t) => {
  const { chat, complaints } = await chatBehindNginx(t, { below: '/support/chat' });
  await chat.button('Unterhaltungen').waitFor();
  const lengths = await lengthsOfAnswer(chat);
  assert.ok(lengths.length > 5, `seen in ${lengths.length} steps`);
  assert.deepEqual(complaints, []);
});

test('below a path, getClientSecret needs no address either', async (t) => {
  const { chat, url } = await chatBehindNginx(t, { below: '/support' });
  const answered = chat.page.waitForResponse(`${url}/support/v1/chatkit/conversation`);
  await chat.configure({}, { api: `{ getClientSecret: async () => (await (await fetch('/support/api/chatkit/session', { method: 'POST' })).json()).client_secret }` });
  await chat.ask('Hello');
  assert.equal((await answered).status(), 200);
});

test('an answer that breaks because chatkitd crashes behind nginx is taken up again, though nginx ends it as if it were whole', async (t) => {
  const crashing = await Server.start({ config, env });
  let back: Server | undefined;
  t.after(() => back?.stop());
  const { chat } = await chatBehindNginx(t, { target: crashing.url });
  await chat.say(words);
  await chat.element.locator('article.assistant_message').getByText('word-5.').waitFor();
  back = await crashing.crash();
  await chat.element.getByRole('alert').waitFor();
  await chat.button('Erneut versuchen').click();
  await chat.element.locator('article.assistant_message').getByText('word-39.').waitFor();
});

test('files pass, and one that nginx finds too large is said to be', async (t) => {
  const { chat } = await chatBehindNginx(t);
  const files = chat.element.locator('input[type=file]').first();
  await files.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Remember the milk.') });
  await chat.element.locator('.uploads li.ready').getByText('notes.txt').waitFor();
  await files.setInputFiles({ name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.alloc(3 << 20, 'a') });
  await chat.element.getByRole('alert').getByText('large.txt ist zu groß').waitFor();
});
