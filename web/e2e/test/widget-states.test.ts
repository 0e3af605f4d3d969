// Which of the states that a widget has had is the one that is shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { openPage } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { assistantMessage, done, events, held, inRun, json, refused, thread, userMessage, widget } from '../harness/stand-in.js';

const text = (value: string): object => ({ type: 'Text', value });
const card = (...children: object[]) => ({ type: 'Card', children });
const toggle = { type: 'Button', label: 'Toggle', onClickAction: { type: 'toggle', streaming: false } };

let browser: Browser;
let server: Server;
before(async () => {
  const script = {
    turns: [[{ widget: card(text('As it was'), toggle) }, { say: 'That is it.' }, { hang: true }]],
    sync_actions: { toggle: { type: 'widget', widget: card(text('Toggled')) } },
  };
  [browser, server] = await Promise.all([openBrowser(), Server.answering(script)]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const size = {
  type: 'RadioGroup', name: 'size', options: [{ label: 'Small', value: 's' }, { label: 'Large', value: 'l' }],
  onChangeAction: { type: 'size', streaming: false },
};

test('of two choices without a stream the later one stands, however long the first takes', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const first = held(json({ updated_item: widget(card(text('It is small'), size)) }));
  standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [widget(card(text('Nothing yet'), size))], has_more: false }));
  standIn.on('threads.sync_custom_action', first.reply, json({ updated_item: widget(card(text('It is large'), size)) }));
  await chat.call('setThreadId', thread.id);
  await chat.element.getByLabel('Small').check();
  await first.asked;
  await chat.element.getByLabel('Large').check();
  await chat.call('fetchUpdates');
  assert.equal(standIn.of('threads.sync_custom_action').length, 1);
  first.letGo();
  await chat.element.getByText('It is large').waitFor();
  assert.deepEqual(standIn.of('threads.sync_custom_action').map(({ body }) => (body!.params.action as { payload: unknown }).payload), [{ size: 's' }, { size: 'l' }]);
});

test('a choice without a stream that fails does not keep the next from being sent', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const first = held(refused(409, 'Not small.'));
  standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [widget(card(size))], has_more: false }));
  standIn.on('threads.sync_custom_action', first.reply, json({ updated_item: widget(card(text('It is large'))) }));
  await chat.call('setThreadId', thread.id);
  await chat.element.getByLabel('Small').check();
  await first.asked;
  await chat.element.getByLabel('Large').check();
  first.letGo();
  await chat.element.getByText('It is large').waitFor();
  await chat.element.getByRole('alert').getByText('Not small.').waitFor();
  assert.equal(await chat.button('Try again').count(), 0, 'the older choice is not offered over the newer one');
});

test('a choice without a stream that is never answered keeps the next waiting for a minute', async (t) => {
  const { standIn, chat, told } = await sceneWith(t, browser, server);
  await chat.page.clock.install();
  const first = held(json({}));
  standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [widget(card(size))], has_more: false }));
  standIn.on('threads.sync_custom_action', first.reply, json({ updated_item: widget(card(text('It is large'))) }));
  await chat.call('setThreadId', thread.id);
  await chat.element.getByLabel('Small').check();
  await first.asked;
  await chat.element.getByLabel('Large').check();
  await chat.page.clock.fastForward(61_000);
  await chat.element.getByText('It is large').waitFor();
  assert.deepEqual((await told()).map(({ code }) => code), ['timeout']);
});

test('a widget that was changed while an answer is given stays so after a reload', async (t) => {
  const page = await openPage(t, await visitor(t, browser), server, `
    await customElements.whenDefined('openai-chatkit');
    chat.addEventListener('chatkit.thread.change', ({ detail }) => { location.hash = detail.threadId ?? ''; });
    chat.setOptions({ api: { url: '${server.url}/chatkit', domainKey: 'any' }, initialThread: location.hash.slice(1) || null });`);
  const chat = new Chat(page);
  await chat.composer.waitFor();
  await chat.say('Show me');
  await chat.button('Toggle').click();
  await chat.element.getByText('Toggled').waitFor();
  await page.reload();
  const ended = chat.ended();
  await chat.lastItem.getByText('That is it.').waitFor();
  const shown = chat.element.locator('article.widget');
  assert.equal(await shown.innerText(), 'Toggled');
  await chat.button('Stop').click();
  await ended;
  assert.equal(await shown.innerText(), 'Toggled');
  assert.equal(await chat.items.count(), 3);
});

test('a widget that the answer itself has changed, and somebody since, is shown as it is when the answer is over', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const [now, then] = [widget(card(text('As it is'))), widget(card(text('As it was')))];
  standIn.on('threads.get_by_id', inRun('run_1', json(thread)), json(thread));
  standIn.on('items.list', json({ data: [now, userMessage('Hello')], has_more: false }), json({ data: [assistantMessage('Done.', 'cti_done'), now, userMessage('Hello')], has_more: false }));
  standIn.onResume('run_1', inRun('run_1', events({ type: 'thread.item.replaced', item: then }, done('Done.', 'cti_done'))));
  await chat.call('setThreadId', thread.id);
  await chat.lastItem.getByText('Done.').waitFor();
  await chat.element.getByText('As it is').waitFor();
  assert.equal(await chat.element.getByText('As it was').count(), 0);
});

test('a message that was half written when it was read is whole as soon as it is done', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const half = done('Half a', 'cti_half') as { item: object };
  standIn.on('threads.get_by_id', inRun('run_1', json(thread))).on('items.list', json({ data: [half.item], has_more: false }));
  standIn.onResume('run_1', inRun('run_1', (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(done('Half a message', 'cti_half'))}\n\n`);
  }));
  await chat.call('setThreadId', thread.id);
  await chat.element.getByText('Half a message').waitFor();
  await chat.button('Stop').waitFor();
});

test('an answer that is over is taken up once, also where its server goes on naming it', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const then = widget(card(text('As it was')));
  standIn.on('threads.get_by_id', inRun('run_1', json(thread)));
  standIn.on('items.list', json({ data: [then], has_more: false }), json({ data: [widget(card(text('As it is')))], has_more: false }));
  standIn.onResume('run_1', inRun('run_1', events({ type: 'thread.item.done', item: then })), held(events()).reply);
  await chat.call('setThreadId', thread.id);
  await chat.element.getByText('As it is').waitFor();
  await chat.button('Send').waitFor();
  assert.equal(standIn.of('resume').length, 1);
});

test('a widget is shown as it is when the answer that it is from cannot be watched to its end', async (t) => {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const then = widget(card(text('As it was')));
  standIn.on('threads.get_by_id', inRun('run_1', json(thread)));
  standIn.on('items.list', json({ data: [widget(card(text('Used once')))], has_more: false }), json({ data: [widget(card(text('Used twice')))], has_more: false }));
  standIn.onResume('run_1', inRun('run_1', (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ type: 'thread.item.replaced', item: then })}\n\n`);
  }));
  await chat.call('setThreadId', thread.id);
  await chat.element.getByText('As it was').waitFor();
  // The server knows of no such answer when it is told to stop it.
  await chat.button('Stop').click();
  await chat.element.getByText('Used twice').waitFor();
  await chat.button('Send').waitFor();
});
