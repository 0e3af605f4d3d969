// What is still under way when the visitor goes on to another conversation is none of that one's.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { eventsOf } from '../harness/page.js';
import { type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { brokenOff, type Call, done, events, held, inRun, json, opening, refused, type Reply, thread, userMessage, widget } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const ONE = 'cthr_1';
const TWO = 'cthr_2';

const idIn = (call: Call): string => call.body!.params.thread_id as string;
const aThread: Reply = (response, call) => json({ ...thread, id: idIn(call) })(response, call);

/** A chat, and conversations with these items, newest first; the first of them is shown. */
async function scene(t: TestContext, items: Record<string, object[]>, more: { options?: object; functions?: Record<string, string> } = {}): Promise<Scene> {
  const here = await sceneWith(t, browser, server, more);
  here.standIn.on('threads.get_by_id', aThread);
  here.standIn.on('items.list', (response, call) => json({ data: items[idIn(call)], has_more: false })(response, call));
  here.standIn.on('threads.add_user_message', events({ type: 'thread.item.done', item: userMessage('And?', 'cti_and') }, done('That is all.', 'cti_all')));
  await here.chat.call('setThreadId', ONE);
  return here;
}

/** The answer to this operation has come, whatever becomes of it. */
async function letGo(chat: Chat, op: string, act: () => void): Promise<void> {
  const answer = chat.page.waitForResponse((response) => response.request().postData()?.includes(op) ?? false);
  act();
  await (await answer).finished();
}

/** Whatever has changed can be seen. */
async function drawn(chat: Chat): Promise<void> {
  await chat.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

const card = (...children: object[]) => widget({ type: 'Card', children });
const toggle = { type: 'Button', label: 'Toggle', onClickAction: { type: 'toggle', streaming: false } };

test('the answer to an action is not put into the conversation that is shown by then', async (t) => {
  const { chat, standIn } = await scene(t, { [ONE]: [card(toggle)], [TWO]: [userMessage('Another matter')] });
  const slow = held(json({ updated_item: card({ type: 'Text', value: 'Toggled' }) }));
  standIn.on('threads.sync_custom_action', slow.reply);
  await chat.button('Toggle').click();
  await slow.asked;
  await chat.call('setThreadId', TWO);
  await letGo(chat, 'sync_custom_action', slow.letGo);
  await chat.ask('And?');
  assert.deepEqual(await chat.items.locator('.bubble, chatkitd-markdown').allInnerTexts(), ['Another matter', 'And?', 'That is all.']);
  assert.equal(await chat.items.count(), 3);
});

test('an action that is not answered keeps none from being sent in the conversation that is shown by then', async (t) => {
  const { chat, standIn } = await scene(t, { [ONE]: [card(toggle)], [TWO]: [card(toggle)] });
  const slow = held(json({}));
  standIn.on('threads.sync_custom_action', slow.reply, json({ updated_item: card({ type: 'Text', value: 'Toggled' }) }));
  await chat.button('Toggle').click();
  await slow.asked;
  await chat.call('setThreadId', TWO);
  await chat.button('Toggle').click();
  await chat.element.getByText('Toggled').waitFor();
});

test('an item of another conversation under the same id is not the one that was shown', async (t) => {
  const { chat, standIn } = await scene(t, { [ONE]: [card(toggle)], [TWO]: [card(toggle)] });
  const slow = held(json({}));
  standIn.on('threads.sync_custom_action', slow.reply);
  await chat.button('Toggle').click();
  await slow.asked;
  // A page that draws nothing until both are there goes from the one straight to the other.
  await chat.page.evaluate(() => (globalThis.requestAnimationFrame = () => 0));
  await chat.call('setThreadId', TWO);
  await chat.element.locator('.control[aria-busy="false"]').waitFor();
});

test('an action or a vote that fails later is told to the page, and not in the conversation that is shown by then', async (t) => {
  const options = { threadItemActions: { feedback: true } };
  const { chat, standIn, told } = await scene(t, { [ONE]: [card(toggle), userMessage('Hello')], [TWO]: [userMessage('Another matter')] }, { options });
  const [action, vote] = [held(refused(409, 'No such action.')), held(refused(403, 'No votes.'))];
  standIn.on('threads.sync_custom_action', action.reply).on('items.feedback', vote.reply);
  await chat.button('Toggle').click();
  await chat.button('Good answer').click();
  await Promise.all([action.asked, vote.asked]);
  await chat.call('setThreadId', TWO);
  for (const late of [action, vote]) {
    const failed = chat.next('chatkit.error');
    late.letGo();
    await failed;
  }
  await drawn(chat);
  assert.deepEqual((await told()).map(({ status }) => status), [409, 403]);
  assert.equal(await chat.element.getByRole('alert').count(), 0);
});

/** A choice that waits, since an action of the page is under way; then another conversation is opened. */
async function waitingChoice(t: TestContext): Promise<{ scene: Scene; finish: () => Promise<void> }> {
  const pay = { type: 'RadioGroup', name: 'pay', options: [{ label: 'Cash', value: 'cash' }, { label: 'Card', value: 'card' }], onChangeAction: { type: 'pay' } };
  const here = { type: 'Button', label: 'Here', onClickAction: { type: 'here', handler: 'client' } };
  const functions = { 'widgets.onAction': '() => new Promise((resolve) => { globalThis.finish = resolve; })' };
  const opened = await scene(t, { [ONE]: [card(here, pay)], [TWO]: [userMessage('Another matter')] }, { functions });
  const { chat } = opened;
  await chat.button('Here').click();
  await chat.element.getByLabel('Card').check();
  await chat.call('setThreadId', TWO);
  await chat.element.getByText('Another matter').waitFor();
  return { scene: opened, finish: () => chat.page.evaluate(() => (globalThis as unknown as { finish: () => void }).finish()) };
}

test('a choice that waits for its turn is not sent into another conversation', async (t) => {
  const { scene: { chat, standIn }, finish } = await waitingChoice(t);
  await finish();
  await chat.ask('And?');
  assert.deepEqual(standIn.of('threads.custom_action'), []);
});

test('a choice that waits for its turn is not sent when its conversation is opened again', async (t) => {
  const { scene: { chat, standIn }, finish } = await waitingChoice(t);
  await chat.call('setThreadId', ONE);
  await chat.element.getByLabel('Card').waitFor();
  await finish();
  await chat.ask('And?');
  assert.deepEqual(standIn.of('threads.custom_action'), []);
});

test('a conversation that is opened again is not failed by the load that was given up', async (t) => {
  const here = await scene(t, { [ONE]: [userMessage('Hello')], [TWO]: [userMessage('Another matter')] });
  const { chat, standIn } = here;
  await chat.call('setThreadId', null);
  const [first, second] = [held(refused(409, 'Not now.')), held(aThread)];
  standIn.on('threads.get_by_id', first.reply, aThread, second.reply);
  const given = chat.call('setThreadId', ONE);
  await first.asked;
  await chat.call('setThreadId', TWO);
  const wanted = chat.call('setThreadId', ONE);
  await second.asked;
  first.letGo();
  await given;
  second.letGo();
  await wanted;
  await chat.element.getByText('Hello').waitFor();
  assert.equal(await chat.element.getByRole('alert').count(), 0);
});

test('older messages of a conversation can be loaded while those of another are still on their way', async (t) => {
  const { chat, standIn } = await scene(t, { [ONE]: [userMessage('Hello')] });
  const late = held(json({ data: [userMessage('Long ago', 'cti_0')], has_more: false }));
  const older = held(json({ data: [userMessage('Another past', 'cti_1')], has_more: false }));
  const newest = (text: string, id: string) => json({ data: [userMessage(text, id)], has_more: true, after: id });
  standIn.on('items.list', newest('One matter', 'cti_2'), late.reply, newest('Another matter', 'cti_3'), older.reply);
  // What does not fill the view is followed by more without anybody asking.
  await chat.call('setThreadId', TWO);
  await late.asked;
  await chat.call('setThreadId', 'cthr_3');
  await older.asked;
  await letGo(chat, 'items.list', late.letGo);
  await drawn(chat);
  assert.equal(await chat.button('Load older messages').isDisabled(), true);
  older.letGo();
  await chat.element.getByText('Another past').waitFor();
  assert.equal(await chat.element.getByText('Long ago').count(), 0);
});

const call = { type: 'client_tool_call', id: 'cti_call', thread_id: TWO, created_at: thread.created_at, call_id: 'call_1', name: 'where', arguments: {}, status: 'pending' };

test('an answer that its server has forgotten ends in its own conversation', async (t) => {
  const functions = { onClientTool: '() => { globalThis.runs = (globalThis.runs ?? 0) + 1; return {}; }' };
  const { chat, standIn } = await scene(t, { [ONE]: [userMessage('Hello')], [TWO]: [call] }, { functions });
  const reread = held(aThread);
  const said = held(events({ type: 'thread.item.done', item: userMessage('And?', 'cti_and') }, done('That is all.', 'cti_all')));
  standIn.on('threads.add_user_message', inRun('run_1', brokenOff(...opening('More').slice(1))), inRun('run_2', said.reply));
  standIn.onResume('run_1', refused(404, 'No such answer.'));
  standIn.on('threads.get_by_id', reread.reply, aThread);
  await chat.say('More');
  await reread.asked;
  await assert.rejects(chat.call('sendUserMessage', { text: 'Too early' }), /An answer is still being given/);
  await chat.call('setThreadId', TWO);
  await chat.say('And?');
  await said.asked;
  await letGo(chat, 'get_by_id', reread.letGo);
  await drawn(chat);
  await chat.element.locator('article.unconfirmed').getByText('And?').waitFor();
  const ended = chat.ended();
  said.letGo();
  await ended;
  await chat.lastItem.getByText('That is all.').waitFor();
  assert.equal(await chat.page.evaluate(() => (globalThis as { runs?: number }).runs), undefined);
  const [starts, ends] = await Promise.all(['start', 'end'].map((what) => eventsOf(chat.page, `chatkit.response.${what}`)));
  assert.deepEqual([starts!.length, ends!.length], [2, 2]);
});

test('a tool that a conversation waits for is not begun by the end of an answer in another one', async (t) => {
  const functions = { onClientTool: '() => { globalThis.runs = (globalThis.runs ?? 0) + 1; return {}; }' };
  const { chat, standIn } = await scene(t, { [ONE]: [userMessage('Hello')], [TWO]: [call] }, { functions });
  const reread = held(aThread);
  standIn.on('threads.add_user_message', inRun('run_1', brokenOff(...opening('More').slice(1))));
  standIn.onResume('run_1', refused(404, 'No such answer.'));
  standIn.on('threads.get_by_id', reread.reply, aThread);
  await chat.say('More');
  await reread.asked;
  await chat.call('setThreadId', TWO);
  await letGo(chat, 'get_by_id', reread.letGo);
  await chat.call('fetchUpdates');
  assert.equal(await chat.page.evaluate(() => (globalThis as { runs?: number }).runs), undefined);
  assert.equal(standIn.of('threads.add_client_tool_output').length, 0);
});

test('an answer that its server has forgotten can be stopped while the conversation is read', async (t) => {
  const { chat, standIn } = await scene(t, { [ONE]: [userMessage('Hello')] });
  const reread = held(aThread);
  standIn.on('threads.add_user_message', inRun('run_1', brokenOff(...opening('More').slice(1))));
  standIn.onResume('run_1', refused(404, 'No such answer.'));
  standIn.on('threads.get_by_id', reread.reply);
  await chat.say('More');
  await reread.asked;
  await chat.button('Stop').click();
  await chat.button('Send').waitFor();
});
