// What did not get through is not lost, and takes nothing else away.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { done, events, opening, type Reply, refused, userMessage } from '../harness/stand-in.js';

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
