// What did not get through is not lost, and takes nothing else away.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { eventsOf } from '../harness/page.js';
import { type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { assistantMessage, cutLater, done, events, held, json, opening, type Reply, refused, thread, userMessage } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** A conversation in which an answer can be given anew. */
async function scene(t: TestContext, ...replies: Reply[]): Promise<Scene> {
  const here = await sceneWith(t, browser, server, { options: { threadItemActions: { retry: true } } });
  here.standIn.on('threads.create', events(...opening('Hello'), done('Hello to you.'))).on('threads.add_user_message', ...replies);
  await here.chat.ask('Hello');
  return here;
}

const answered = (text: string): Reply => events({ type: 'thread.item.done', item: userMessage(text, `cti_${text}`) }, done(`${text}, indeed.`, `cti_to_${text}`));
const refusal = refused(409, 'Not now.');

test('a message that failed goes back to where it was written when another one is sent', async (t) => {
  const { chat } = await scene(t, refusal, answered('Second'));
  await chat.ask('A long text');
  await chat.ask('Second');
  await chat.lastItem.getByText('Second, indeed.').waitFor();
  assert.equal(await chat.composer.innerText(), 'A long text');
  assert.equal(await chat.element.getByRole('alert').count(), 0);
  assert.equal(await chat.items.count(), 4);
});

test('of two messages that failed neither is lost', async (t) => {
  const { chat } = await scene(t, refusal);
  await chat.ask('First');
  await chat.ask('Second');
  assert.equal(await chat.composer.innerText(), 'First');
  await chat.element.locator('article.unconfirmed').getByText('Second').waitFor();
  await chat.button('Dismiss').click();
  await chat.composer.getByText('Second').waitFor();
  assert.equal(await chat.composer.innerText(), 'Second\nFirst');
});

test('a message that failed goes back to where it was written when an answer is given anew, or another conversation is opened', async (t) => {
  const { chat, standIn } = await scene(t, refusal);
  standIn.on('threads.retry_after_item', events(done('Hello again.', 'cti_again')));
  await chat.ask('A long text');
  const again = chat.ended();
  await chat.element.locator('.actions').getByRole('button', { name: 'Try again' }).click();
  await again;
  await chat.lastItem.getByText('Hello again.').waitFor();
  assert.equal(await chat.composer.innerText(), 'A long text');
  const failed = chat.ended();
  await chat.button('Send').click();
  await failed;
  await chat.call('setThreadId', null);
  await chat.composer.getByText('A long text').waitFor();
});

test('a message that failed stays with its offer when an action is answered', async (t) => {
  const { chat, standIn } = await scene(t, refusal, answered('Later'));
  standIn.on('threads.custom_action', events(done('It is done.', 'cti_done')));
  await chat.ask('Later');
  await chat.during('chatkit.response.end', () => chat.call('sendCustomAction', { type: 'do' }));
  await chat.element.getByText('It is done.').waitFor();
  await chat.element.locator('article.unconfirmed').getByText('Later').waitFor();
  await chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await chat.lastItem.getByText('Later, indeed.').waitFor();
  assert.equal(await chat.element.locator('article.unconfirmed').count(), 0);
});

test('an answer that the server does not give anew stays', async (t) => {
  const { chat, standIn, told } = await scene(t, answered('Second'));
  await chat.ask('Second');
  standIn.on('threads.retry_after_item', refused(429, 'No more today.', { 'retry-after': '3600' }), events(done('Hello again.', 'cti_again')));
  const failed = chat.ended();
  await chat.button('Try again').first().click();
  await failed;
  await chat.element.getByRole('alert').waitFor();
  assert.deepEqual(await chat.items.locator('.bubble, chatkitd-markdown').allInnerTexts(), ['Hello', 'Hello to you.', 'Second', 'Second, indeed.']);
  assert.deepEqual((await told()).map(({ status }) => status), [429]);
  const given = chat.ended();
  await chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await given;
  await chat.lastItem.getByText('Hello again.').waitFor();
  assert.equal(await chat.items.count(), 2);
});

test('a message that failed goes back to where it was written when another conversation is opened in the middle of an answer', async (t) => {
  const { chat, standIn } = await scene(t, refusal);
  const slow = held(events());
  standIn.on('threads.custom_action', slow.reply);
  await chat.ask('A long text');
  const acted = chat.call('sendCustomAction', { type: 'do' });
  await slow.asked;
  await chat.call('setThreadId', null);
  await chat.composer.getByText('A long text').waitFor();
  await acted;
});

test('a message that the server has not taken yet goes back to where it was written when another conversation is opened', async (t) => {
  const { chat } = await scene(t, refused(503, 'Too many at once.', { 'retry-after': '30' }));
  const answer = chat.page.waitForResponse((response) => response.status() === 503);
  await chat.say('A long text');
  await (await answer).finished();
  await chat.call('setThreadId', null);
  await chat.composer.getByText('A long text').waitFor();
});

test('a message that the server answers already does not go back to where it was written', async (t) => {
  const { chat } = await scene(t, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ type: 'progress_update', text: 'Looking it up' })}\n\n`);
  });
  await chat.say('A long text');
  await chat.element.getByText('Looking it up').waitFor();
  await chat.call('setThreadId', null);
  await chat.button('Send').waitFor();
  assert.equal(await chat.composer.innerText(), '');
});

test('a message goes back to where it was written when its own offer is taken away, whatever else is offered', async (t) => {
  const { chat, standIn } = await scene(t, refusal);
  standIn.on('threads.custom_action', refused(409, 'Not that.'));
  await chat.ask('A long text');
  await chat.during('chatkit.response.end', () => chat.call('sendCustomAction', { type: 'do' }));
  const [message, action] = ['Not now.', 'Not that.'].map((words) => chat.element.getByRole('alert').filter({ hasText: words }));
  await action!.waitFor();
  await message!.getByRole('button', { name: 'Dismiss' }).click();
  await chat.composer.getByText('A long text').waitFor();
  await action!.getByRole('button', { name: 'Try again' }).waitFor();
});

test('an action that has begun is not sent again because a message before it has not arrived', async (t) => {
  const { chat, standIn } = await scene(t, refusal);
  const begun = cutLater(done('It is done.', 'cti_done'));
  standIn.on('threads.custom_action', begun.reply).on('threads.retry_after_item', events(done('Hello again.', 'cti_again')));
  await chat.ask('A long text');
  const acted = chat.call('sendCustomAction', { type: 'do' });
  await chat.items.getByText('It is done.').waitFor();
  begun.cut();
  await acted;
  await chat.element.getByRole('alert').nth(1).getByRole('button', { name: 'Try again' }).click();
  await chat.items.getByText('Hello again.').waitFor();
  assert.equal(standIn.of('threads.custom_action').length, 1);
});

/** Takes the element out of the page, and puts it back when it has seen that it is not merely being moved. */
function takeOutAndPutBack(chat: Chat): Promise<void> {
  return chat.element.evaluate(async (element) => {
    element.remove();
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    document.body.append(element);
  });
}

test('what is written in an element that is taken out of the page is there when it is put back, and the page is told nothing new', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server, { options: { composer: {
    tools: [{ id: 'search', icon: 'search', label: 'Search' }],
    models: [{ id: 'quick', label: 'Quick', default: true }, { id: 'deep', label: 'Deep' }],
  } } });
  standIn.on('threads.create', events(...opening('Look'), done('I see.')));
  const attachments = [{ type: 'file', id: 'atc_1', name: 'note.txt', mime_type: 'text/plain' }];
  const content = [{ type: 'input_text', text: 'Ask ' }, { type: 'input_tag', id: 'ada', text: 'Ada' }];
  await chat.call('setComposerValue', { content, reply: 'Two oranges', attachments, selectedToolId: 'search', selectedModelId: 'deep' });
  await takeOutAndPutBack(chat);
  await chat.composer.getByText('Ask Ada').waitFor();
  await chat.ask(' about it');
  const { input } = standIn.of('threads.create')[0]!.body!.params as { input: { content: { text: string }[]; attachments: string[]; quoted_text: string; inference_options: object } };
  assert.equal(input.content.map(({ text }) => text).join(''), 'Ask Ada about it');
  assert.deepEqual([input.attachments, input.quoted_text], [['atc_1'], 'Two oranges']);
  assert.deepEqual(input.inference_options, { tool_choice: { id: 'search' }, model: 'deep' });
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'search' }, { toolId: null }]);
});

test('a tool that the options have no more is let go when the element is put back', async (t) => {
  const { chat } = await sceneWith(t, browser, server, { options: { composer: { tools: [{ id: 'search', icon: 'search', label: 'Search' }] } } });
  await chat.call('setComposerValue', { selectedToolId: 'search' });
  await chat.element.evaluate(async (element) => {
    const chat = element as HTMLElement & { options: object };
    chat.remove();
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    chat.options = { ...chat.options, composer: {} };
    document.body.append(chat);
  });
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'search' }, { toolId: null }]);
});

test('a message that did not arrive lies in the composer when the element is put back', async (t) => {
  for (const reply of [refusal, refused(403, 'Never.'), held(events()).reply]) {
    const { chat, standIn } = await scene(t, reply);
    standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [assistantMessage('Hello to you.'), userMessage('Hello')], has_more: false }));
    const sent = chat.page.waitForRequest((request) => request.postData()?.includes('threads.add_user_message') === true);
    await chat.say('A long text');
    await sent;
    await takeOutAndPutBack(chat);
    await chat.composer.getByText('A long text').waitFor();
    await chat.lastItem.getByText('Hello to you.').waitFor();
    assert.equal(await chat.items.count(), 2);
  }
});

test('nothing that was written is taken along to another server, nor to what may be another visitor of it', async (t) => {
  for (const url of ['/elsewhere', '/chatkit']) {
    const { chat } = await sceneWith(t, browser, server);
    await chat.call('setComposerValue', { text: 'A long text' });
    await chat.element.evaluate(async (element, url) => {
      const chat = element as HTMLElement & { options: object };
      chat.remove();
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      chat.options = { ...chat.options, api: { url, domainKey: 'any' } };
      document.body.append(chat);
    }, url);
    await chat.call('setComposerValue', { reply: 'Two oranges' });
    assert.equal(await chat.composer.innerText(), '');
  }
});

test('a history that is open when the element is taken out of the page is closed, and the page is told so', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  standIn.on('threads.list', json({ data: [], has_more: false }));
  await chat.call('showHistory');
  const closed = chat.next('chatkit.history.close');
  await takeOutAndPutBack(chat);
  await closed;
  await chat.composer.waitFor();
  assert.equal(await chat.element.getByRole('dialog').count(), 0);
});
