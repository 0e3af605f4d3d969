// Client tools, and actions of widgets that the page handles.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, operationsOf, toldOf } from '../harness/page.js';
import { Server } from '../harness/server.js';

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
