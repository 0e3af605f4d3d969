// Client tools, and actions of widgets that the page handles.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page, Response } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, operationsOf, toldOf } from '../harness/page.js';
import { type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { assistantMessage, cutLater, done, events, held, inRun, json, opening, refused, thread, userMessage } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('e2e/answers')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test('the page runs a client tool, and the answer goes on with what came of it', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'onClientTool');
  const chat = await openChat(t, context, server, {}, { onClientTool: '(call) => { told.push(call); return { sky: "grey" }; }' });
  const sent = operationsOf(chat.page);
  await chat.say('How is the weather');
  await chat.lastItem.getByText('Take an umbrella.').waitFor();
  assert.deepEqual(await toldOf(chat.page), [{ name: 'get_weather', params: { city: 'Oslo', days: 3 } }]);
  assert.deepEqual(sent.find(({ type }) => type === 'threads.add_client_tool_output')?.params.result, { sky: 'grey' });
});

test('a client tool may take its time, and one may follow another', async (t) => {
  const tool = "async (call) => { told.push(call.name); await new Promise((next) => setTimeout(next, 50)); return { done: call.name }; }";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: tool });
  const sent = operationsOf(chat.page);
  await chat.say('Use two tools');
  await chat.lastItem.getByText('Both steps are done.').waitFor();
  assert.deepEqual(await toldOf(chat.page), ['step_one', 'step_two']);
  const results = sent.filter(({ type }) => type === 'threads.add_client_tool_output').map(({ params }) => params.result);
  assert.deepEqual(results, [{ done: 'step_one' }, { done: 'step_two' }]);
});

/** A client tool that is done when the page says so. */
const SLOW = '() => new Promise((resolve) => (globalThis.letGo = resolve))';
const letGo = (page: Page) => page.evaluate(() => (globalThis as unknown as { letGo: (result: object) => void }).letGo({ sky: 'grey' }));

test('the answer is not over while a client tool is at work: nothing is said in between', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: SLOW });
  const ended = chat.ended();
  await chat.say('How is the weather');
  await ended;
  await assert.rejects(chat.call('sendUserMessage', { text: 'Hi' }), /An answer is still being given/);
  await chat.button('Stop').waitFor();
  await letGo(chat.page);
  await chat.lastItem.getByText('Take an umbrella.').waitFor();
  await chat.button('Send').waitFor();
  const names = await chat.page.evaluate(() => chatkitEvents.map((event) => event.name));
  assert.deepEqual(names, ['chatkit.ready', 'chatkit.response.start', 'chatkit.thread.change', 'chatkit.response.end', 'chatkit.response.start', 'chatkit.response.end']);
});

test('a client tool may fetch what it has changed', async (t) => {
  const tool = "async () => { await document.querySelector('openai-chatkit').fetchUpdates(); return { sky: 'grey' }; }";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: tool });
  await chat.say('How is the weather');
  await chat.lastItem.getByText('Take an umbrella.').waitFor();
});

/** Says something in a new thread that has a client tool run, and leaves the thread while it does. */
async function leaveAtWork(chat: Chat, text: string): Promise<string> {
  const named = chat.next('chatkit.thread.change');
  await chat.during('chatkit.response.end', () => chat.say(text));
  const { threadId } = (await named) as { threadId: string };
  await chat.call('setThreadId', null);
  return threadId;
}

/** The answer to the next result of a client tool that is sent. */
function outputSent(page: Page): Promise<Response> {
  return page.waitForResponse((response) => response.request().postData()?.includes('threads.add_client_tool_output') ?? false);
}

test('a thread that was left goes on with what came of its client tool', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: SLOW });
  const threadId = await leaveAtWork(chat, 'How is the weather');
  const given = outputSent(chat.page);
  await letGo(chat.page);
  await given;
  await chat.call('setThreadId', threadId);
  await chat.lastItem.getByText('Take an umbrella.').waitFor();
});

test('whoever comes back to a thread, or puts the chat back into the page, sees what comes of its client tool', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: SLOW });
  const threadId = await leaveAtWork(chat, 'How is the weather');
  await chat.call('setThreadId', threadId);
  await letGo(chat.page);
  await chat.lastItem.getByText('Take an umbrella.').waitFor();
  await chat.during('chatkit.response.end', () => chat.say('How is the weather'));
  await chat.page.evaluate(async () => {
    const chat = document.querySelector('openai-chatkit')!;
    const back = new Promise((resolve) => chat.addEventListener('chatkit.thread.load.end', resolve, { once: true }));
    chat.remove();
    await new Promise(requestAnimationFrame);
    document.body.append(chat);
    await back;
  });
  await letGo(chat.page);
  await chat.items.getByText('Take an umbrella.').nth(1).waitFor();
});

test('what comes of a client tool is not sent when something else has been said in its thread', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: SLOW });
  const threadId = await leaveAtWork(chat, 'How is the weather');
  await chat.call('setThreadId', threadId);
  const sent = operationsOf(chat.page);
  await chat.ask('Hi');
  await letGo(chat.page);
  await chat.ask('Hi');
  assert.deepEqual(sent.map(({ type }) => type), ['threads.add_user_message', 'threads.add_user_message']);
  assert.equal(await chat.element.getByRole('alert').count(), 0);
});

test('a thread that was left goes on with each client tool that it asks for', async (t) => {
  const tool = '(call) => (told.push(call.name), new Promise((resolve) => (globalThis.letGo = resolve)))';
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: tool });
  const threadId = await leaveAtWork(chat, 'Use two tools');
  await letGo(chat.page);
  await chat.page.waitForFunction(() => told.length === 2);
  const given = outputSent(chat.page);
  await letGo(chat.page);
  await given;
  await chat.call('setThreadId', threadId);
  await chat.lastItem.getByText('Both steps are done.').waitFor();
});

test('what comes of a client tool goes where it was asked for, as the visitor who was asked', async (t) => {
  const fetched = "(...args) => (told.push('before'), fetch(...args))";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: SLOW, 'api.fetch': fetched });
  await chat.during('chatkit.response.end', () => chat.say('How is the weather'));
  const given = outputSent(chat.page);
  await chat.element.evaluate((element) => {
    const chat = element as HTMLElement & { options: { api: object } };
    chat.options = { ...chat.options, api: { url: '/elsewhere', domainKey: 'any', fetch: () => (told.push('after'), new Promise(() => {})) } };
  });
  await letGo(chat.page);
  assert.equal((await given).url(), `${server.url}/chatkit`);
  assert.ok(!(await toldOf(chat.page)).includes('after'));
});

test('a client tool can be stopped: what comes of it is not sent', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: SLOW });
  const sent = operationsOf(chat.page);
  const ended = chat.ended();
  await chat.say('How is the weather');
  await ended;
  await chat.button('Stop').click();
  await chat.button('Send').waitFor();
  await letGo(chat.page);
  await chat.ask('Hi');
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.deepEqual(sent.map(({ type }) => type), ['threads.create', 'threads.add_user_message']);
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.error'), []);
});

test('a client tool that throws is told to the page and to the server, and the conversation goes on', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: "async () => { throw new Error('no permission'); }" });
  const sent = operationsOf(chat.page);
  const failed = chat.next('chatkit.error');
  await chat.say('How is the weather');
  assert.deepEqual(await failed, { error: { message: "The page's onClientTool failed: no permission", code: 'callback_failed' } });
  await chat.lastItem.getByText('Take an umbrella.').waitFor();
  assert.deepEqual(sent.at(-1)!.params.result, { error: 'no permission' });
});

test('a client tool on a page that has none is an error with its name', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const failed = chat.next('chatkit.error');
  await chat.say("Use nobody's tool");
  assert.deepEqual(await failed, { error: { message: 'The page has no onClientTool for "unheard_of".', code: 'no_client_tool' } });
  await chat.lastItem.getByText('Then not.').waitFor();
});

test('a client tool that returns nothing, or what is no JSON, does not stop the conversation', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { onClientTool: '({ name }) => { if (name === "step_two") { const loop = {}; loop.loop = loop; return loop; } }' });
  const sent = operationsOf(chat.page);
  await chat.say('Use two tools');
  await chat.lastItem.getByText('Both steps are done.').waitFor();
  const results = sent.filter(({ type }) => type === 'threads.add_client_tool_output').map(({ params }) => params.result);
  assert.deepEqual(results[0], {});
  assert.match((results[1] as { error: string }).error, /circular/i);
  assert.equal((await eventsOf(chat.page, 'chatkit.error')).length, 1);
});

test("a widget's client action goes to the page, which may send it on", async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'widgets.onAction', 'sendCustomAction(type)', 'sendCustomAction(payload)');
  const chat = await openChat(t, context, server, {}, {
    'widgets.onAction': "async (action, item) => { told.push({ action, item }); await document.querySelector('openai-chatkit').sendCustomAction(action, item.id); }",
  });
  const sent = operationsOf(chat.page);
  await chat.ask('Show me a card');
  await chat.button('Order').click();
  await chat.lastItem.getByText('It is ordered.').waitFor();
  const [{ action, item }] = (await toldOf(chat.page)) as [{ action: unknown; item: { id: string; widget: { type: string } } }];
  assert.deepEqual(action, { type: 'order', payload: { sku: 7 } });
  assert.equal(item.widget.type, 'Card');
  const { type, params } = sent.at(-1)!;
  assert.deepEqual([type, params.item_id, params.action], ['threads.custom_action', item.id, action]);
});

const call = { type: 'client_tool_call', id: 'cti_call', thread_id: thread.id, created_at: thread.created_at, call_id: 'call_1', name: 'where', arguments: {}, status: 'pending' };
const asked = [...opening('Where am I?'), { type: 'thread.item.done', item: call }];
const COUNTED = '() => { globalThis.runs = (globalThis.runs ?? 0) + 1; return { place: "here" }; }';
const runs = (page: Page) => page.evaluate(() => (globalThis as { runs?: number }).runs ?? 0);
const inList = json({ data: [call, userMessage('Where am I?')], has_more: false });

test('a client tool that is at work in one tab is not begun in another one, which opens the conversation late', async (t) => {
  const { site, standIn, chat } = await sceneWith(t, browser, server, { functions: { onClientTool: SLOW } });
  const page = await chat.page.context().newPage();
  await page.goto(site.url);
  const other = new Chat(page);
  await other.configure({ api: { url: '/chatkit', domainKey: 'any' }, locale: 'en' }, { onClientTool: COUNTED });
  const [answer, list] = [held(events(...asked)), held(inList)];
  standIn.on('threads.create', inRun('run_1', answer.reply)).onResume('run_1', events(...asked));
  standIn.on('threads.get_by_id', inRun('run_1', json(thread))).on('items.list', list.reply);
  await chat.say('Where am I?');
  await answer.asked;
  const ended = other.ended();
  const opened = other.call('setThreadId', thread.id);
  await list.asked;
  const atWork = chat.ended();
  answer.letGo();
  await atWork;
  list.letGo();
  await Promise.all([opened, ended]);
  assert.equal(await runs(page), 0);
  standIn.on('threads.add_client_tool_output', events(done('You are here.')));
  await letGo(chat.page);
  await chat.lastItem.getByText('You are here.').waitFor();
});

test('a client tool is run once when the line is lost right after it was asked for', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server, { functions: { onClientTool: COUNTED } });
  const line = cutLater(...asked, { type: 'progress_update', text: 'Looking around' });
  standIn.on('threads.create', inRun('run_1', line.reply)).onResume('run_1', refused(409, 'Not now.'), inRun('run_1', events(...asked)));
  standIn.on('threads.get_by_id', json(thread)).on('threads.add_client_tool_output', events(done('You are here.')));
  const whole = json({ data: [assistantMessage('You are here.'), call, userMessage('Where am I?')], has_more: false });
  standIn.on('items.list', (...asked) => (standIn.of('threads.add_client_tool_output').length === 0 ? inList : whole)(...asked));
  await chat.say('Where am I?');
  await chat.element.getByText('Looking around').waitFor();
  line.cut();
  const again = chat.element.getByRole('alert').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  assert.equal(await runs(chat.page), 0);
  await again.click();
  await chat.lastItem.getByText('You are here.').waitFor();
  await chat.call('fetchUpdates');
  await chat.lastItem.getByText('You are here.').waitFor();
  assert.equal(await runs(chat.page), 1);
  assert.equal(standIn.of('threads.add_client_tool_output').length, 1);
});

/** As if the line had been away for half a minute. */
const lost = refused(409, 'No way there.', {}, 'network');

/** Asks, and loses the line of the answer for long when it has brought these events. */
async function loseLine({ standIn, chat }: Scene, ...pieces: object[]): Promise<void> {
  const line = cutLater(...pieces, { type: 'progress_update', text: 'Looking around' });
  standIn.on('threads.create', inRun('run_1', line.reply)).onResume('run_1', lost, inRun('run_1', events(...asked)));
  standIn.on('threads.get_by_id', json(thread)).on('items.list', inList).on('threads.add_client_tool_output', events(done('You are here.')));
  await chat.say('Where am I?');
  await chat.element.getByText('Looking around').waitFor();
  line.cut();
  await chat.element.getByRole('alert').waitFor();
}

test('a client tool may fetch what it has changed also where its answer was gone on with by itself', async (t) => {
  const onClientTool = "async () => { await document.querySelector('openai-chatkit').fetchUpdates(); return { place: 'here' }; }";
  const here = await sceneWith(t, browser, server, { functions: { onClientTool } });
  const { chat } = here;
  await loseLine(here, ...asked);
  const sent = chat.page.waitForRequest((request) => request.postData()?.includes('add_client_tool_output') ?? false);
  await chat.page.evaluate(() => dispatchEvent(new Event('online')));
  await sent;
});

test('while a client tool is at work no other answer is gone on with', async (t) => {
  const here = await sceneWith(t, browser, server, { functions: { onClientTool: SLOW } });
  const { standIn, chat } = here;
  await loseLine(here, ...opening('Where am I?'));
  standIn.on('threads.custom_action', events({ type: 'thread.item.done', item: call }));
  const ended = chat.ended();
  const acted = chat.call('sendCustomAction', { type: 'find' });
  await ended;
  await chat.call('fetchUpdates');
  assert.equal((await eventsOf(chat.page, 'chatkit.response.start')).length, 2);
  await letGo(chat.page);
  await chat.lastItem.getByText('You are here.').waitFor();
  await acted;
});

test('a client tool is run in one tab also where another one hears of the answer before the tab that asked', async (t) => {
  const { site, standIn, chat } = await sceneWith(t, browser, server, { functions: { onClientTool: COUNTED } });
  const before = [userMessage('Hello', 'cti_hello')];
  const whole = [assistantMessage('You are here.'), call, userMessage('Where am I?'), ...before];
  standIn.on('threads.get_by_id', json(thread));
  standIn.on('items.list', (...asked) => json({ data: standIn.of('threads.add_client_tool_output').length === 0 ? before : whole, has_more: false })(...asked));
  await chat.call('setThreadId', thread.id);
  const [answer, watched] = [held(inRun('run_1', events(...asked.slice(1)))), held(events(...asked.slice(1)))];
  standIn.on('threads.add_user_message', answer.reply).onResume('run_1', watched.reply);
  standIn.on('threads.add_client_tool_output', events(done('You are here.')));
  const ended = chat.ended();
  await chat.say('Where am I?');
  await answer.asked;
  standIn.on('threads.get_by_id', inRun('run_1', json(thread)), json(thread));
  const page = await chat.page.context().newPage();
  await page.goto(site.url);
  const other = new Chat(page);
  await other.configure({ api: { url: '/chatkit', domainKey: 'any' }, locale: 'en' }, { onClientTool: COUNTED });
  await other.call('setThreadId', thread.id);
  await watched.asked;
  answer.letGo();
  await ended;
  watched.letGo();
  await other.lastItem.getByText('You are here.').waitFor();
  await chat.button('Send').waitFor();
  assert.deepEqual([await runs(chat.page), await runs(page)], [0, 1]);
});

test('what came of a client tool is sent again when the visitor says so, and the tool is not run again', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server, { functions: { onClientTool: COUNTED } });
  standIn.on('threads.create', events(...asked)).on('threads.add_client_tool_output', refused(409, 'Not now.'), events(done('You are here.')));
  await chat.say('Where am I?');
  await chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await chat.lastItem.getByText('You are here.').waitFor();
  assert.equal(await runs(chat.page), 1);
});

test('a chat that looks on does not run the client tool after its line was lost, either', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server, { functions: { onClientTool: COUNTED } });
  const before = json({ data: [userMessage('Where am I?')], has_more: false });
  standIn.on('threads.get_by_id', json(thread), inRun('run_1', json(thread))).on('items.list', before);
  standIn.onResume('run_1', refused(409, 'Not now.'), inRun('run_1', events(...asked)));
  await chat.call('setThreadId', thread.id);
  await chat.call('fetchUpdates');
  const again = chat.element.getByRole('alert').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  const ended = chat.ended();
  await again.click();
  await ended;
  await chat.button('Send').waitFor();
  assert.equal(await runs(chat.page), 0);
});
