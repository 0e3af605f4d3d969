import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { ChatKitOptions } from '@openai/chatkit';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { Server } from '../harness/server.js';

const ITEMS = 400;

let browser: Browser;
let server: Server;
before(async () => {
  const steps = Array.from({ length: ITEMS }, (_, at) => ({
    item: { type: 'assistant_message', content: [{ type: 'output_text', text: `Line ${at}.\n\n${'More words. '.repeat((at * 7) % 90)}`, annotations: [] }] },
  }));
  const words = Array.from({ length: 300 }, (_, at) => `word${at}${at % 9 === 8 ? '\n\n' : ' '}`).join('');
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ messages: { 'tell all': steps, slowly: [{ say: words, every: '10ms' }] }, otherwise: 'Heard.' })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** A thread of several hundred items, opened anew. */
async function openLong(t: TestContext, thread: ChatKitOptions['thread'] = {}): Promise<{ chat: Chat; scroller: Locator; threadId: string }> {
  const context = await visitor(t, browser);
  const page = await context.newPage();
  await page.goto(server.url);
  const chat = new Chat(page);
  const options = { api: { url: `${server.url}/chatkit`, domainKey: 'any' }, thread };
  await chat.configure(options);
  const named = chat.next('chatkit.thread.change');
  await chat.ask('tell all');
  const { threadId } = (await named) as { threadId: string };
  await page.reload();
  await chat.configure({ ...options, initialThread: threadId });
  await chat.lastItem.getByText(`Line ${ITEMS - 1}.`).waitFor();
  return { chat, scroller: chat.element.locator('.thread'), threadId };
}

test('a long thread opens at its end with its newest items, and loads the others as one scrolls up to the first', async (t) => {
  const { chat, scroller } = await openLong(t);
  assert.ok((await chat.items.count()) <= 50);
  const lines = await scroller.evaluate(async (element) => {
    const seen: number[] = [];
    const isFirst = () => element.scrollTop === 0 && element.querySelector('.older') === null;
    for (let frame = 0; !isFirst() && frame < 3000; frame++) {
      element.scrollTop -= 250;
      await new Promise(requestAnimationFrame);
      const edge = element.getBoundingClientRect();
      const shown = (element.getRootNode() as ShadowRoot).elementFromPoint(edge.left + edge.width / 2, edge.top + 40)?.closest('article');
      // Between two items there is nothing.
      if (shown) seen.push(Number(/Line (\d+)/.exec(shown.textContent ?? '')?.[1] ?? -1));
    }
    return seen;
  });
  assert.equal(await chat.items.count(), ITEMS + 1);
  assert.equal(lines.at(-1), -1, 'the visitor asked first');
  const read = lines.filter((line) => line >= 0);
  const jumps = read.slice(1).flatMap((line, at) => (line > read[at]! || read[at]! - line > 12 ? [`${read[at]} -> ${line}`] : []));
  assert.deepEqual(jumps, [], 'what is read goes by in order, also where older items are put in front of it');
});

test('what somebody reads further up stays where it is while an answer is written', async (t) => {
  const { chat, scroller } = await openLong(t);
  const answered = chat.ended();
  await chat.say('slowly');
  await chat.lastItem.getByText('word20 ').waitFor();
  await scroller.hover();
  await chat.page.mouse.wheel(0, -3000);
  await chat.button('Scroll to the newest message').waitFor();
  const place = () => scroller.evaluate((element) => {
    const edge = element.getBoundingClientRect();
    const shown = [...element.querySelectorAll('article')].find((one) => one.getBoundingClientRect().bottom > edge.top)!;
    return [shown.getAttribute('data-item'), Math.round(shown.getBoundingClientRect().top)];
  });
  const before = await place();
  await answered;
  assert.deepEqual(await place(), before);
  await chat.button('Scroll to the newest message').click();
  await chat.button('Scroll to the newest message').waitFor({ state: 'detached' });
  assert.ok(await scroller.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2));
});

test('what is scrolled in the frame in which something comes above it moves by what was scrolled', async (t) => {
  const { scroller } = await openLong(t);
  const moved = await scroller.evaluate(async (element) => {
    const frames = async () => {
      for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
    };
    element.scrollTop -= 1_000;
    await frames();
    const edge = element.getBoundingClientRect().top;
    const read = [...element.querySelectorAll('article')].find((one) => one.getBoundingClientRect().bottom > edge)!;
    const before = read.getBoundingClientRect().top;
    const above = document.createElement('div');
    above.style.blockSize = '500px';
    element.querySelector('.items')!.prepend(above);
    element.scrollTop -= 10;
    await frames();
    return read.getBoundingClientRect().top - before;
  });
  assert.ok(Math.abs(moved - 10) <= 1, `${moved} pixels`);
});

test('whoever reads along sees each new word', async (t) => {
  const { chat, scroller } = await openLong(t, { autoScroll: true });
  await scroller.evaluate((element) => {
    const far: number[] = [];
    Object.assign(window, { far });
    // After the frame's layout, and what follows from it.
    const note = () => requestAnimationFrame(() => setTimeout(() => {
      far.push(element.scrollHeight - element.scrollTop - element.clientHeight);
      note();
    }));
    note();
  });
  await chat.ask('slowly');
  const farthest = await chat.page.evaluate(() => Math.max(...(window as unknown as { far: number[] }).far.slice(3)));
  // As near as counts as being there: a busy machine draws a line or two at once.
  assert.ok(farthest < 80, `${farthest} pixels behind`);
  assert.equal(await chat.button('Scroll to the newest message').count(), 0);
});

test('coming back to the page keeps the older items that were loaded', async (t) => {
  const { chat, scroller } = await openLong(t);
  await scroller.evaluate((element) => void (element.scrollTop = 0));
  await chat.items.getByText(`Line ${ITEMS - 80}.`).waitFor({ state: 'attached' });
  const before = await chat.items.count();
  assert.ok(before > 50);
  const kept = await chat.items.first().elementHandle();
  await chat.call('fetchUpdates');
  assert.ok((await chat.items.count()) >= before);
  assert.equal(await kept?.evaluate((node) => node.isConnected), true);
});

test('another conversation opens at its end for whoever read the first item of one', async (t) => {
  const { chat, scroller, threadId } = await openLong(t);
  await chat.call('setThreadId', null);
  await chat.ask('tell all');
  await scroller.evaluate((element) => void (element.scrollTop = 0));
  await chat.button('Scroll to the newest message').waitFor();
  await chat.call('setThreadId', threadId);
  await chat.button('Scroll to the newest message').waitFor({ state: 'detached' });
  await chat.lastItem.getByText(`Line ${ITEMS - 1}.`).waitFor();
  assert.ok(await scroller.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2));
  assert.ok((await chat.items.count()) <= 50);
});

test('the browser finds words in items that are out of sight', async (t) => {
  const { scroller } = await openLong(t);
  const found = await scroller.evaluate((element, words) => {
    element.scrollTop = 0;
    getSelection()!.removeAllRanges();
    return (window as unknown as { find(words: string): boolean }).find(words);
  }, `Line ${ITEMS - 2}.`);
  assert.equal(found, true);
});
