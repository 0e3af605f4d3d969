// What people do who click twice, hold keys and fingers, and scroll softly.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { type Operation, openChat, operationsOf } from '../harness/page.js';
import { beginAnswer, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { assistantMessage, done } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  const words = Array.from({ length: 400 }, (_, at) => `word${at}${at % 5 === 4 ? '\n\n' : ' '}`).join('');
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ messages: { wait: [{ hang: true }], count: [{ say: words, every: '20ms' }] }, otherwise: 'Heard.' })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** A double click as slow as people's: another button stands there when the second one comes. */
async function clickTwice(chat: Chat, first: string, second: string): Promise<void> {
  await chat.button(first).click();
  await chat.button(second).waitFor();
  await chat.page.mouse.down({ clickCount: 2 });
  await chat.page.mouse.up({ clickCount: 2 });
}

const types = (sent: Operation[]) => sent.map(({ type }) => type);

test('a double click on the bin of a conversation asks, and does not delete it', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Hello');
  const sent = operationsOf(chat.page);
  await chat.button('Conversations').click();
  await chat.button(/^Delete: /).dblclick();
  await chat.element.getByRole('group', { name: /^Delete this conversation/ }).waitFor();
  await chat.page.keyboard.press('Escape');
  await chat.element.getByRole('listitem').first().waitFor();
  assert.deepEqual(types(sent), ['threads.list']);
});

test('a double click on Send does not stop the answer', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.composer.click();
  await chat.page.keyboard.insertText('wait');
  await clickTwice(chat, 'Send', 'Stop');
  // Drawn once more.
  await chat.call('setComposerValue', { text: 'Meanwhile' });
  assert.equal(await chat.button('Stop').isEnabled(), true);
  assert.deepEqual(types(sent), ['threads.create']);
});

test('a double click on Stop does not send what is being written', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.say('wait');
  await chat.button('Stop').waitFor();
  await chat.composer.click();
  await chat.page.keyboard.insertText('Half a thou');
  await clickTwice(chat, 'Stop', 'Send');
  await chat.composer.getByText('Half a thou').waitFor();
  assert.deepEqual(types(sent), ['threads.create']);
});

test('a finger that stops an answer as it ends does not send what is being written', async (t) => {
  const scene = await sceneWith(t, browser, server);
  const { chat } = scene;
  const answer = await beginAnswer(scene);
  await chat.composer.click();
  await chat.page.keyboard.insertText('Half a thou');
  const { x, y, width, height } = (await chat.button('Stop').boundingBox())!;
  const finger = await chat.page.context().newCDPSession(chat.page);
  const touch = (type: 'touchStart' | 'touchEnd') =>
    finger.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: x + width / 2, y: y + height / 2 }] });
  await chat.page.evaluate(() => {
    Object.assign(globalThis, { tapped: new Promise((resolve) => addEventListener('click', resolve, { once: true, capture: true })) });
  });
  await touch('touchStart');
  const ended = chat.ended();
  answer.send(done('That is all.'));
  answer.end();
  await ended;
  await touch('touchEnd');
  await chat.page.evaluate(() => (globalThis as unknown as { tapped: Promise<unknown> }).tapped);
  await chat.composer.getByText('Half a thou').waitFor();
  assert.deepEqual(scene.standIn.of('threads.add_user_message'), []);
});

test('Send that is pressed by keyboard sends, whatever a pointer did to Stop before', async (t) => {
  const scene = await sceneWith(t, browser, server);
  const { chat, standIn } = scene;
  standIn.on('threads.add_user_message', (response) => response.end());
  const answer = await beginAnswer(scene);
  await chat.button('Stop').hover();
  await chat.page.mouse.down();
  await chat.during('chatkit.response.end', async () => answer.end());
  await chat.page.mouse.move(5, 5);
  await chat.page.mouse.up();
  await chat.composer.click();
  await chat.page.keyboard.insertText('Well?');
  await chat.button('Send').focus();
  const sent = chat.page.waitForRequest((request) => request.postData()?.includes('threads.add_user_message') ?? false);
  await chat.page.keyboard.press('Enter');
  await sent;
});

test('Enter that is held takes the entity, and does not send the message', async (t) => {
  const search = "() => [{ id: 'ada', title: 'Ada' }]";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': search });
  const sent = operationsOf(chat.page);
  await chat.composer.click();
  await chat.page.keyboard.insertText('Ask @a');
  await chat.element.getByRole('option', { name: 'Ada' }).waitFor();
  await chat.page.keyboard.down('Enter');
  await chat.composer.locator('.tag').getByText('Ada').waitFor();
  await chat.page.keyboard.down('Enter');
  await chat.page.keyboard.up('Enter');
  await chat.composer.locator('.tag').getByText('Ada').waitFor();
  assert.deepEqual(types(sent), []);
});

test('Escape that is held closes the list, and does not stop the answer', async (t) => {
  const search = "() => [{ id: 'ada', title: 'Ada' }]";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': search });
  await chat.say('wait');
  await chat.button('Stop').waitFor();
  const sent = operationsOf(chat.page);
  await chat.page.keyboard.insertText('@a');
  const option = chat.element.getByRole('option', { name: 'Ada' });
  await option.waitFor();
  await chat.page.keyboard.down('Escape');
  await option.waitFor({ state: 'detached' });
  await chat.page.keyboard.down('Escape');
  await chat.page.keyboard.up('Escape');
  assert.equal(await chat.button('Stop').isEnabled(), true);
  assert.deepEqual(types(sent), []);
});

test("Escape closes the list of conversations, and not the page's dialog around the chat", async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.element.evaluate((element) => {
    const dialog = document.body.appendChild(document.createElement('dialog'));
    dialog.append(element);
    dialog.showModal();
  });
  await chat.call('showHistory');
  const list = chat.element.getByRole('dialog', { name: 'Conversations' });
  await list.getByRole('button').first().press('Escape');
  await list.waitFor({ state: 'detached' });
  assert.equal(await chat.page.locator('dialog').evaluate((dialog: HTMLDialogElement) => dialog.open), true);
  await chat.composer.press('Escape');
  assert.equal(await chat.page.locator('dialog').evaluate((dialog: HTMLDialogElement) => dialog.open), false);
});

test('with autoScroll, whoever scrolls up softly leaves the end while words come', async (t) => {
  const scene = await sceneWith(t, browser, server, { options: { thread: { autoScroll: true } } });
  const { chat } = scene;
  const lines = (from: number) => Array.from({ length: 60 }, (_, at) => `Line ${from + at}.`).join('\n\n');
  const answer = await beginAnswer(scene, { type: 'thread.item.added', item: assistantMessage('') });
  const more = (delta: string) => answer.send({ type: 'thread.item.updated', item_id: 'cti_answer', update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta } });
  more(lines(0));
  await chat.lastItem.getByText('Line 59.').waitFor();
  const scroller = chat.element.locator('.thread');
  await scroller.evaluate((element) => new Promise<void>((resolve) => {
    const look = () => (element.scrollTop > 0 && element.scrollHeight - element.scrollTop - element.clientHeight < 2 ? resolve() : void requestAnimationFrame(look));
    look();
  }));
  await scroller.hover();
  await chat.page.mouse.wheel(0, -30);
  await chat.button('Scroll to the newest message').waitFor();
  const place = () => scroller.evaluate((element) => element.scrollTop);
  const before = await place();
  more(`\n\n${lines(60)}`);
  await chat.lastItem.getByText('Line 119.').waitFor();
  assert.equal(await place(), before);
  await chat.button('Scroll to the newest message').click();
  more(`\n\n${lines(120)}`);
  await chat.lastItem.getByText('Line 179.').waitFor();
  await scroller.evaluate((element) => new Promise<void>((resolve) => {
    const look = () => (element.scrollHeight - element.scrollTop - element.clientHeight < 2 ? resolve() : void requestAnimationFrame(look));
    look();
  }));
  answer.end();
});
