import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { complaintsOf, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { eventsOf } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { proxyTo, Site } from '../harness/site.js';
import { json, thread } from '../harness/stand-in.js';

const config = `[workflows.wf_parrot]
agent = "echo"
delay = "40ms"`;
const someWords = (length: number): string => Array.from({ length }, (_, at) => `word-${at}.`).join(' ');
const words = someWords(100);

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start({ config, env: { CHATKIT_WORKFLOW_ID: 'wf_parrot' } })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,"><style>openai-chatkit { display: block; height: 500px }</style>';
const script = '<script src="/chatkit.js"></script>';
const element = '<openai-chatkit></openai-chatkit>';
const options = { api: { url: '/chatkit', domainKey: 'any' }, locale: 'en' };

/** A site with the chat on its own origin, and a visitor of it. */
async function visit(t: TestContext, body: string, target = server): Promise<{ context: BrowserContext; open: () => Promise<{ page: Page; chat: Chat; complaints: string[] }> }> {
  const site = await Site.start(t, { '/': head + body, '*': proxyTo(target.url) });
  const context = await visitor(t, browser);
  const open = async () => {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(site.url);
    return { page, chat: new Chat(page), complaints };
  };
  return { context, open };
}

function answer(chat: Chat) {
  return chat.element.locator('article.assistant_message').last();
}

test('a second tab on the same thread sees what is said in the first, while it is said', async (t) => {
  const { open } = await visit(t, script + element);
  const [one, two] = [await open(), await open()];
  await one.chat.configure(options);
  const changed = one.chat.next('chatkit.thread.change') as Promise<{ threadId: string }>;
  await one.chat.ask('Hello');
  await two.chat.configure({ ...options, initialThread: (await changed).threadId });
  await answer(two.chat).getByText('Hello').waitFor();
  const live = two.chat.next('chatkit.response.start');
  await one.chat.say(words);
  await answer(two.chat).getByText('word-3.').waitFor();
  await live;
  await answer(two.chat).getByText('word-99.').waitFor();
  await two.chat.button('Send').waitFor();
  assert.equal(await two.chat.items.count(), 4);
  // And the other way round.
  await two.chat.ask('Good bye');
  await answer(one.chat).getByText('Good bye').waitFor();
  assert.equal(await one.chat.items.count(), 6);
  assert.deepEqual([...one.complaints, ...two.complaints], []);
});

test('an answer that is stopped in one tab has stopped in the other', async (t) => {
  const { open } = await visit(t, script + element);
  const [one, two] = [await open(), await open()];
  await one.chat.configure(options);
  const changed = one.chat.next('chatkit.thread.change') as Promise<{ threadId: string }>;
  await one.chat.say(someWords(400));
  await two.chat.configure({ ...options, initialThread: (await changed).threadId });
  await answer(two.chat).getByText('word-3.').waitFor();
  await two.chat.button('Stop').click();
  await one.chat.button('Send').waitFor();
  await two.chat.button('Send').waitFor();
  assert.equal(await answer(one.chat).locator('chatkitd-markdown').innerText(), await answer(two.chat).locator('chatkitd-markdown').innerText());
});

test('a list of conversations that is open in one tab has what was begun in the other', async (t) => {
  const { open } = await visit(t, script + element);
  const [one, two] = [await open(), await open()];
  await one.chat.configure({ ...options });
  await two.chat.configure(options);
  await one.chat.ask('First');
  await two.chat.button('Conversations').click();
  await two.chat.element.locator('li.entry').waitFor();
  await one.chat.button('New chat').click();
  await one.chat.ask('Second');
  await two.chat.element.locator('li.entry').nth(1).waitFor();
});

test('what was said on another device is there when the visitor comes back to the page', async (t) => {
  const { open } = await visit(t, script + element);
  const { page, chat, complaints } = await open();
  await chat.configure(options);
  const changed = chat.next('chatkit.thread.change') as Promise<{ threadId: string }>;
  await chat.ask('Hello');
  // The same visitor, and no chat that could tell the other one.
  await page.evaluate(async (thread_id) => {
    const input = { content: [{ type: 'input_text', text: 'From elsewhere' }], attachments: [], inference_options: {} };
    const body = JSON.stringify({ type: 'threads.add_user_message', params: { thread_id, input } });
    const response = await fetch('/chatkit', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await response.text();
  }, (await changed).threadId);
  assert.equal(await chat.items.count(), 2);
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await answer(chat).getByText('From elsewhere').waitFor();
  assert.equal(await chat.items.count(), 4);
  assert.deepEqual(complaints, []);
});

test('a client tool is run by the tab that asked, and not by the one that looks on', async (t) => {
  const call = { type: 'client_tool_call', id: 'call', call_id: 'call_1', name: 'where', arguments: {}, status: 'pending' };
  const tools = await Server.answering({ turns: [[{ say: words, every: '20ms' }, { item: call }]], tool_outputs: { where: 'You are here.' } });
  t.after(() => tools.stop());
  const { open } = await visit(t, script + element, tools);
  const [one, two] = [await open(), await open()];
  const onClientTool = '() => { globalThis.runs = (globalThis.runs ?? 0) + 1; return { place: "here" }; }';
  await one.chat.configure(options, { onClientTool });
  const changed = one.chat.next('chatkit.thread.change') as Promise<{ threadId: string }>;
  await two.chat.configure(options, { onClientTool });
  await one.chat.say('Where am I?');
  await answer(one.chat).getByText('word-3.').waitFor();
  await two.chat.call('setThreadId', (await changed).threadId);
  await answer(one.chat).getByText('You are here.').waitFor();
  await answer(two.chat).getByText('You are here.').waitFor();
  const runs = (page: Page) => page.evaluate(() => (globalThis as { runs?: number }).runs ?? 0);
  assert.deepEqual([await runs(one.page), await runs(two.page)], [1, 0]);
  assert.deepEqual([...one.complaints, ...two.complaints], []);
});

test('two chats on one page have their own threads, and one visitor', async (t) => {
  const { context, open } = await visit(t, `${script}<openai-chatkit id="one"></openai-chatkit><openai-chatkit id="two"></openai-chatkit>`);
  const { page, complaints } = await open();
  const [one, two] = [new Chat(page, '#one'), new Chat(page, '#two')];
  await Promise.all([one.configure(options), two.configure(options)]);
  const ends = [one.ended(), two.ended()];
  await Promise.all([one.call('sendUserMessage', { text: 'To the first' }), two.call('sendUserMessage', { text: 'To the second' }), ...ends]);
  await answer(one).getByText('To the first').waitFor();
  await answer(two).getByText('To the second').waitFor();
  assert.deepEqual([await one.items.count(), await two.items.count()], [2, 2]);
  await one.button('Conversations').click();
  await one.element.locator('li.entry').nth(1).waitFor();
  assert.equal((await context.cookies()).filter(({ name }) => name.startsWith('chatkit_device')).length, 1);
  assert.deepEqual(complaints, []);
});

test('options that are set again in mid-stream change the look, and the answer goes on', async (t) => {
  const { open } = await visit(t, script + element);
  const { chat, complaints } = await open();
  await chat.configure(options);
  const ended = chat.ended();
  await chat.say(words);
  await answer(chat).getByText('word-3.').waitFor();
  for (const colorScheme of ['dark', 'light', 'dark']) await chat.configure({ ...options, theme: colorScheme, header: { title: { text: `In the ${colorScheme}` } } });
  await chat.element.getByRole('heading', { name: 'In the dark' }).waitFor();
  await ended;
  assert.equal((await answer(chat).locator('chatkitd-markdown').innerText()).trim(), words);
  assert.equal(await chat.items.count(), 2);
  assert.deepEqual(complaints, []);
});

test('an element that is moved within the page in mid-stream goes on', async (t) => {
  const { open } = await visit(t, `${script}<div id="a">${element}</div><div id="b"></div>`);
  const { page, chat, complaints } = await open();
  await chat.configure(options);
  const ended = chat.ended();
  await chat.say(words);
  await answer(chat).getByText('word-3.').waitFor();
  await page.evaluate(() => document.getElementById('b')!.append(document.querySelector('openai-chatkit')!));
  await ended;
  assert.equal((await answer(chat).locator('chatkitd-markdown').innerText()).trim(), words);
  assert.equal(await page.locator('#b openai-chatkit').count(), 1);
  assert.deepEqual(complaints, []);
});

test('an element that is taken out in mid-stream and put back later shows the whole answer', async (t) => {
  const { open } = await visit(t, script + element);
  const { page, chat, complaints } = await open();
  await chat.configure(options);
  await chat.say(words);
  await answer(chat).getByText('word-3.').waitFor();
  const kept = await page.evaluateHandle(() => {
    const taken = document.querySelector('openai-chatkit')!;
    taken.remove();
    return taken;
  });
  // Long enough for the element to see that it is not merely being moved.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await kept.evaluate((taken) => document.body.append(taken));
  await answer(chat).getByText('word-99.').waitFor();
  await chat.button('Send').waitFor();
  assert.equal((await answer(chat).locator('chatkitd-markdown').innerText()).trim(), words);
  assert.equal(await chat.items.count(), 2);
  assert.deepEqual(complaints, []);
});

test('a page that has the script and no element asks nothing and says nothing', async (t) => {
  const { context, open } = await visit(t, script);
  const requests: string[] = [];
  context.on('request', (request) => requests.push(new URL(request.url()).pathname));
  const { page, complaints } = await open();
  await page.waitForFunction(() => customElements.get('openai-chatkit') !== undefined);
  await page.waitForLoadState('networkidle');
  assert.deepEqual(requests.filter((path) => path !== '/' && path !== '/chatkit.js'), []);
  assert.deepEqual(complaints, []);
});

test('an element without options is empty and quiet, and its methods say what is missing', async (t) => {
  const { context, open } = await visit(t, script + element);
  const requests: string[] = [];
  context.on('request', (request) => requests.push(new URL(request.url()).pathname));
  const { page, chat, complaints } = await open();
  await page.waitForLoadState('networkidle');
  await assert.rejects(chat.call('sendUserMessage', { text: 'Hello' }), /Call setOptions first/);
  await assert.rejects(chat.call('setOptions', {}), /setOptions needs api/);
  assert.deepEqual(requests.filter((path) => path !== '/' && path !== '/chatkit.js'), []);
  assert.deepEqual(complaints, []);
});

test('the script may be there twice', async (t) => {
  const { open } = await visit(t, script + script.replace('.js', '.js?again') + element);
  const { chat, complaints } = await open();
  await chat.configure(options);
  await chat.ask('Hello');
  await answer(chat).getByText('Hello').waitFor();
  assert.deepEqual(complaints, []);
});

test('an element that is made before the script is there works when it is', async (t) => {
  const { open } = await visit(t, '');
  const { page, chat, complaints } = await open();
  await page.evaluate((options) => {
    const early = Object.assign(document.createElement('openai-chatkit'), { options });
    early.addEventListener('chatkit.ready', () => (document.title = 'Ready'));
    document.body.append(early);
  }, options);
  await page.addScriptTag({ url: '/chatkit.js' });
  await page.waitForFunction(() => document.title === 'Ready');
  await chat.composer.waitFor();
  await chat.ask('Hello');
  await answer(chat).getByText('Hello').waitFor();
  assert.deepEqual(complaints, []);
});

test('an element that is made before the script, and put into the page after it, works as well', async (t) => {
  const { open } = await visit(t, '');
  const { page, chat, complaints } = await open();
  const early = await page.evaluateHandle((options) => Object.assign(document.createElement('openai-chatkit'), { options }), options);
  await page.addScriptTag({ url: '/chatkit.js' });
  await early.evaluate((made) => document.body.append(made));
  await chat.composer.waitFor();
  await chat.ask('Hello');
  await answer(chat).getByText('Hello').waitFor();
  assert.deepEqual(complaints, []);
});

test('an element that is put back before it was drawn says once that it is ready', async (t) => {
  const { open } = await visit(t, script + element);
  const { page, chat, complaints } = await open();
  await page.evaluate(async (options) => {
    const chat = document.querySelector('openai-chatkit') as HTMLElement & { setOptions(options: unknown): void };
    chat.setOptions({ ...options, locale: 'de' });
    chat.remove();
    // The element sees then that it is not merely being moved.
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    document.body.append(chat);
  }, options);
  await chat.composer.waitFor();
  await page.waitForFunction(() => chatkitEvents.some(({ name }) => name === 'chatkit.ready'));
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(resolve)))));
  assert.deepEqual(await eventsOf(page, 'chatkit.ready'), [null]);
  assert.deepEqual(complaints, []);
});

test('what an element showed when it was taken out is shown once more, and not each time that its server is set', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const opened = async (configure: () => Promise<unknown>): Promise<unknown> => {
    const changed = chat.next('chatkit.thread.change');
    await configure();
    return changed;
  };
  standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [], has_more: false }));
  await chat.call('setThreadId', thread.id);
  const back = await opened(() => chat.element.evaluate(async (element) => {
    element.remove();
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    document.body.append(element);
  }));
  assert.deepEqual(back, { threadId: thread.id });
  await chat.configure({ ...options, api: { url: '/elsewhere', domainKey: 'any' } });
  assert.deepEqual(await opened(() => chat.configure({ ...options, initialThread: 'cthr_first' })), { threadId: 'cthr_first' });
});
