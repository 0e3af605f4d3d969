import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { OpenAIChatKit } from '@openai/chatkit';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { answered, show, shownByName, type Shown, type ShowOptions } from '../harness/widgets.js';
import { answers, clicked, preview } from '../widgets/actions.js';

let browser: Browser;
let server: Server;
before(async () => {
  const script = { ...shownByName(clicked), ...answers, otherwise: [{ hang: true }] };
  [browser, server] = await Promise.all([openBrowser(), Server.answering(script)]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const shown = (t: TestContext, name: string, options?: ShowOptions): Promise<Shown> => show(t, browser, server, name, options);
const button = (widget: Locator, name: string) => widget.getByRole('button', { name, exact: true });
const isBusy = (control: Locator) => control.and(control.page().locator('[aria-busy="true"]'));

test('a click goes to the server with its payload and its widget, and the answer changes the widget', async (t) => {
  const page = await shown(t, 'buttons');
  await answered(page.chat, () => button(page.widget, 'Add').click());
  await page.widget.getByText('One orange').waitFor();
  await page.chat.lastItem.getByText('Added.').waitFor();
  const [sent] = page.sent;
  assert.equal(sent!.op, 'threads.custom_action');
  assert.deepEqual(sent!.action, { type: 'add', payload: { sku: 7, deep: { kept: [1, null] } } });
  assert.equal(await page.widget.getAttribute('data-item'), sent!.itemId);
});

test('a payload that is a list, or none, is sent as it is', async (t) => {
  const page = await shown(t, 'buttons');
  await answered(page.chat, () => button(page.widget, 'List').click());
  await answered(page.chat, () => button(page.widget, 'Bare').click());
  assert.deepEqual(page.sent.map(({ action }) => action), [{ type: 'quiet', payload: [1, 'two'] }, { type: 'quiet' }]);
});

test('a button of icons alone has a name, and a disabled one does nothing', async (t) => {
  const page = await shown(t, 'buttons');
  await button(page.widget, 'Favorite').waitFor();
  await button(page.widget, 'Off').click({ force: true });
  assert.deepEqual(page.sent, []);
});

test('an action without a stream replaces the widget, also while an answer is given', async (t) => {
  const page = await shown(t, 'buttons');
  await page.chat.say('take your time');
  await page.chat.button('Stop').waitFor();
  assert.equal(await button(page.widget, 'Add').isDisabled(), true);
  await button(page.widget, 'Toggle').click();
  await page.widget.getByText('Toggled').waitFor();
  assert.equal(page.sent[0]!.op, 'threads.sync_custom_action');
  await page.chat.button('Stop').waitFor();
});

test('an action without a stream that changes nothing leaves the widget alone', async (t) => {
  const page = await shown(t, 'buttons');
  const answer = page.page.waitForResponse((response) => response.request().postData()?.includes('sync_custom_action') ?? false);
  await button(page.widget, 'Nothing').click();
  assert.equal((await answer).status(), 200);
  await button(page.widget, 'Nothing').and(page.page.locator('[aria-busy="false"][aria-disabled="false"]')).waitFor();
  await page.widget.getByText('Nothing yet').waitFor();
});

test('an action of the page goes to onAction with its widget, and not to the server', async (t) => {
  const onAction = '(action, item) => { window.seen = { action, id: item.id, type: item.widget.type }; return new Promise((done) => { window.done = done; }); }';
  const page = await shown(t, 'client', { functions: { 'widgets.onAction': onAction } });
  await button(page.widget, 'Here').click();
  await isBusy(button(page.widget, 'Here')).waitFor();
  assert.equal(await button(page.widget, 'Also').isDisabled(), true);
  const seen = await page.page.evaluate(() => (window as unknown as { seen: unknown }).seen);
  assert.deepEqual(seen, { action: { type: 'here', payload: { at: 'home' } }, id: await page.widget.getAttribute('data-item'), type: 'Card' });
  await page.page.evaluate(() => (window as unknown as { done: () => void }).done());
  await button(page.widget, 'Also').and(page.page.locator('[aria-disabled="false"]')).waitFor();
  assert.deepEqual(page.sent, []);
});

test('an action of the page that fails, or that nobody handles, is an error of the page and leaves the widget usable', async (t) => {
  const page = await shown(t, 'client', { functions: { 'widgets.onAction': 'async () => { throw new Error("no room"); }' } });
  const failed = page.chat.next('chatkit.error');
  await button(page.widget, 'Here').click();
  assert.deepEqual(await failed, { error: { message: "The page's widgets.onAction failed: no room", code: 'callback_failed' } });
  await page.chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } });
  const missing = page.chat.next('chatkit.error');
  await button(page.widget, 'Also').click();
  assert.deepEqual(await missing, { error: { message: 'The page has no widgets.onAction for "also".', code: 'no_widget_handler' } });
  assert.equal(await button(page.widget, 'Here').isEnabled(), true);
});

test('a change of a field sends its value under its name', async (t) => {
  const page = await shown(t, 'changes');
  await answered(page.chat, () => page.widget.getByLabel('Size').selectOption('Large'));
  await answered(page.chat, () => page.widget.getByLabel('A gift').check());
  await answered(page.chat, () => page.widget.getByLabel('Card').check());
  await answered(page.chat, () => page.widget.getByLabel('day').fill('2026-03-14'));
  assert.deepEqual(page.sent.map(({ action }) => action.payload), [{ order: { id: 4, size: 'l' } }, { gift: true }, { pay: 'card' }, { day: '2026-03-14' }]);
});

test('a choice that is made while an answer is given is sent after it', async (t) => {
  const page = await shown(t, 'changes');
  await page.chat.say('take your time');
  await page.chat.button('Stop').waitFor();
  await page.widget.getByLabel('Card').check();
  await page.widget.getByLabel('Cash').check();
  const sent = page.page.waitForRequest((request) => request.postData()?.includes('custom_action') ?? false);
  assert.equal(page.sent.length, 0);
  await page.chat.stop();
  await sent;
  assert.deepEqual(page.sent.map(({ action }) => action), [{ type: 'quiet', payload: { pay: 'cash' } }]);
});

test('choices in several fields that were made meanwhile are sent one after the other', async (t) => {
  const page = await shown(t, 'changes');
  const errors = await page.chat.errors();
  await page.chat.say('take your time');
  await page.chat.button('Stop').waitFor();
  const last = page.page.waitForRequest((request) => request.postData()?.includes('"l"') ?? false);
  await page.widget.getByLabel('Card').check();
  await page.widget.getByLabel('A gift').check();
  await page.widget.getByLabel('Size').selectOption('Large');
  await answered(page.chat, async () => {
    await page.chat.stop();
    await last;
  });
  assert.deepEqual(page.sent.map(({ action }) => action.payload), [{ pay: 'card' }, { gift: true }, { order: { id: 4, size: 'l' } }]);
  assert.deepEqual(await errors(), []);
});

test('a choice waits, too, for what the page begins when an answer ends', async (t) => {
  const page = await shown(t, 'changes');
  const errors = await page.chat.errors();
  await page.chat.say('take your time');
  await page.chat.button('Stop').waitFor();
  await page.widget.getByLabel('Card').check();
  await page.chat.element.evaluate((element) => element.addEventListener('chatkit.response.end', () => {
    void (element as OpenAIChatKit).sendCustomAction({ type: 'slow' });
  }, { once: true }));
  const pay = page.page.waitForRequest((request) => request.postData()?.includes('"pay"') ?? false);
  await page.chat.stop();
  await pay;
  assert.deepEqual(page.sent.map(({ action }) => action), [{ type: 'slow' }, { type: 'quiet', payload: { pay: 'card' } }]);
  assert.deepEqual(await errors(), []);
});

test('a line of a list and a box can be clicked as a whole, with the mouse and with the keyboard', async (t) => {
  const page = await shown(t, 'lines');
  await answered(page.chat, () => page.widget.getByText('First line').click({ force: true }));
  await answered(page.chat, () => button(page.widget, 'A box').press('Enter'));
  await answered(page.chat, () => button(page.widget, 'Inner').click());
  await answered(page.chat, () => button(page.widget, 'First line Inner').press(' '));
  assert.deepEqual(page.sent.map(({ action }) => action.payload), [{ line: 1 }, { box: true }, { inner: true }, { line: 1 }]);
});

test('a box that can be clicked within a line that can be is clicked by itself', async (t) => {
  const { chat, widget, sent } = await shown(t, 'nested');
  // What lies on top gets the click.
  for (const words of ['Within', 'Around', 'Deepest']) await answered(chat, () => widget.getByText(words).click({ force: true }));
  assert.deepEqual(sent.map(({ action }) => action.payload), ['inner', 'outer', 'deepest']);
  const [cover, face] = await Promise.all(['.box > .cover', '.box > .face'].map((part) => widget.locator(part).boundingBox()));
  assert.deepEqual(cover, face);
});

test('the page sends actions of its own, of a widget or of none', async (t) => {
  const page = await shown(t, 'buttons');
  const id = (await page.widget.getAttribute('data-item'))!;
  await page.chat.call('sendCustomAction', { type: 'add', payload: { from: 'page' } }, id);
  await page.widget.getByText('One orange').waitFor();
  await page.chat.call('sendCustomAction', { type: 'quiet' });
  assert.deepEqual(page.sent.map(({ itemId, action }) => [itemId, action]), [[id, { type: 'add', payload: { from: 'page' } }], [undefined, { type: 'quiet' }]]);
});

test('a widget in the preview of an entity acts like one, but is no item of the thread', async (t) => {
  const functions = {
    'widgets.onAction': '(action, item) => { window.seen = { action, type: item.widget.type }; }',
    'entities.onRequestPreview': `async () => ({ preview: ${JSON.stringify(preview)} })`,
  };
  const page = await shown(t, 'buttons', { functions });
  const content = [{ type: 'input_text', text: 'buttons of ' }, { type: 'input_tag', id: 'ada', text: 'Ada', data: {}, interactive: true }];
  await answered(page.chat, () => page.chat.call('sendUserMessage', { content }));
  await page.chat.button('Ada').last().hover();
  const tip = page.chat.element.getByRole('dialog', { name: 'Ada' });
  await tip.getByText('Ada, born 1815').waitFor();
  await tip.getByRole('button', { name: 'Open' }).click();
  assert.deepEqual(await page.page.evaluate(() => (window as unknown as { seen: unknown }).seen), { action: { type: 'open', payload: { id: 'ada' } }, type: 'Basic' });
  await answered(page.chat, () => tip.getByRole('button', { name: 'Follow' }).click());
  assert.deepEqual(page.sent, [{ op: 'threads.custom_action', itemId: undefined, action: { type: 'quiet' } }]);
  await answered(page.chat, async () => {
    await page.chat.call('setComposerValue', { text: 'take your time' });
    await page.chat.composer.press('Enter');
    await tip.getByRole('button', { name: 'Follow', disabled: true }).waitFor();
    await page.chat.stop();
  });
  await tip.getByRole('button', { name: 'Follow', disabled: false }).waitFor();
});
