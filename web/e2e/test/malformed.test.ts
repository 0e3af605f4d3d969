// What other servers send that is not, or not quite, what the protocol says: it costs no more than itself.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { eventsOf } from '../harness/page.js';
import { type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { done, events, json, opening, type Reply, thread, userMessage } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const scene = (t: TestContext): Promise<Scene> => sceneWith(t, browser, server, { options: { threadItemActions: { retry: true } } });

const codes = async ({ told }: Scene): Promise<unknown[]> => (await told()).map(({ code }) => code);

const nothingAtAll: Reply = (response) => response.writeHead(204).end();

test('a message that is answered with nothing at all is not lost', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const again = chat.element.getByRole('alert').getByRole('button', { name: 'Try again' });
  standIn.on('threads.create', nothingAtAll, events(...opening('Hello'), done('Hello to you.')));
  await chat.ask('Hello');
  await chat.element.getByRole('article').getByText('Hello').waitFor();
  assert.deepEqual(await codes(here), ['wrong_content_type']);
  await again.click();
  await chat.lastItem.getByText('Hello to you.').waitFor();

  standIn.on('threads.add_user_message', nothingAtAll, events({ type: 'thread.item.done', item: userMessage('And?', 'cti_2') }, done('That is all.', 'cti_3')));
  await chat.ask('And?');
  await chat.element.getByRole('article').getByText('And?').waitFor();
  await again.click();
  await chat.lastItem.getByText('That is all.').waitFor();

  standIn.on('threads.retry_after_item', nothingAtAll, events(done('That is really all.', 'cti_4')));
  const failed = chat.ended();
  await chat.lastItem.getByRole('button', { name: 'Try again' }).click();
  await failed;
  await again.click();
  await chat.lastItem.getByText('That is really all.').waitFor();
  assert.deepEqual(await codes(here), Array(3).fill('wrong_content_type'));
});

test('a thread that is none, or another one than is shown, is left out', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const broken = [{}, { ...thread, status: 'active' }, { ...thread, allowed_image_domains: 'example.com' }, { ...thread, id: 7 }];
  const told = ['thread.created', 'thread.updated'].flatMap((type) => broken.map((thread) => ({ type, thread })));
  standIn.on('threads.create', events(...told, ...opening('Hello'), ...told, { type: 'thread.updated', thread: { ...thread, id: 'cthr_2', title: 'Another' } }, done('Hello to you.')));
  await chat.ask('Hello');
  await chat.lastItem.getByText('Hello to you.').waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.change'), [{ threadId: thread.id }]);
  assert.equal(await chat.element.getByText('Another').count(), 0);
  assert.deepEqual(await codes(here), ['invalid_event']);

  standIn.on('threads.add_user_message', events({ type: 'thread.updated', thread: { ...thread, title: 'A fine title' } }, { type: 'thread.item.done', item: userMessage('And?', 'cti_2') }, done('That is all.', 'cti_3')));
  await chat.ask('And?');
  await chat.element.getByRole('heading', { name: 'A fine title' }).waitFor();
  assert.equal(standIn.of('threads.add_user_message')[0]!.body!.params.thread_id, thread.id);
});

test('a thread that is answered with another document is a failure, and can be asked for again', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  standIn.on('threads.get_by_id', json({}), json(thread)).on('items.list', json({ data: [userMessage('Long ago')], has_more: false }));
  await chat.call('setThreadId', thread.id);
  assert.deepEqual(await codes(here), ['invalid_response']);
  await chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await chat.element.getByText('Long ago').waitFor();
});
