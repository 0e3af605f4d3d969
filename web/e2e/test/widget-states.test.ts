// Which of the states that a widget has had is the one that is shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { held, json, refused, thread, widget } from '../harness/stand-in.js';

const text = (value: string): object => ({ type: 'Text', value });
const card = (...children: object[]) => ({ type: 'Card', children });

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
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
});
