// Answers: stopped, taken up again, judged, given anew, and what is said beside them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page, Request } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, openPage, operationsOf } from '../harness/page.js';
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

test('a message that is stopped keeps what was said', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.say('Tell me a story');
  await chat.lastItem.getByText('Once upon a time').waitFor();
  await keepPicture(chat.page, 'answering');
  const ended = chat.ended();
  await chat.button('Stop').click();
  await ended;
  await chat.button('Send').waitFor();
  const [change] = (await eventsOf(chat.page, 'chatkit.thread.change')) as { threadId: string }[];
  await chat.call('setThreadId', null);
  await chat.call('setThreadId', change!.threadId);
  await chat.lastItem.getByText('Once upon a time').waitFor();
});

test('Escape stops the answer, too', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.say('Tell me a story');
  await chat.lastItem.getByText('Once upon a time').waitFor();
  const ended = chat.ended();
  await chat.page.keyboard.press('Escape');
  await ended;
});

test('a press on an icon is a click, also when the chat is drawn anew before it ends', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.say('Tell me a story');
  await chat.lastItem.getByText('Once upon a time').waitFor();
  const ended = chat.ended();
  await chat.button('Stop').hover();
  await chat.page.mouse.down();
  await chat.call('setComposerValue', { text: 'Meanwhile' });
  await chat.page.mouse.up();
  await ended;
});

test('an answer goes on after a reload', async (t) => {
  const context = await visitor(t, browser);
  const page = await openPage(t, context, server, `
    await customElements.whenDefined('openai-chatkit');
    chat.addEventListener('chatkit.thread.change', ({ detail }) => { location.hash = detail.threadId ?? ''; });
    chat.setOptions({ api: { url: '${server.url}/chatkit', domainKey: 'any' }, initialThread: location.hash.slice(1) || null });`);
  const chat = new Chat(page);
  await chat.composer.waitFor();
  await chat.say('Count slowly');
  await chat.lastItem.getByText('three').waitFor();
  await page.reload();
  await chat.button('Stop').waitFor();
  await chat.lastItem.getByText(/^one two three .* fourteen fifteen$/).waitFor({ timeout: 30_000 });
  await chat.button('Send').waitFor();
  assert.equal(await chat.items.count(), 2);
  assert.equal((await eventsOf(page, 'chatkit.response.start')).length, 1);
});

test('an answer that ends while its conversation is being opened is whole', async (t) => {
  const words = Array.from({ length: 2_000 }, (_, at) => `word-${at}.`).join(' ');
  const slow = await Server.answering({ turns: [[{ say: words, every: '80ms' }]] });
  t.after(() => slow.stop());
  const chat = await openChat(t, await visitor(t, browser), slow);
  const { page } = chat;
  const begun = page.waitForResponse((response) => response.headers()['x-chatkit-run-id'] !== undefined);
  await chat.say('Hello');
  const run = (await begun).headers()['x-chatkit-run-id']!;
  await chat.lastItem.getByText('word-3.').waitFor();
  const [{ threadId }] = (await eventsOf(page, 'chatkit.thread.change')) as [{ threadId: string }];
  await chat.call('setThreadId', null);
  const of = (request: Request, op: string) => (request.postDataJSON() as { type?: string } | null)?.type === op;
  const listed = page.waitForResponse((response) => of(response.request(), 'items.list'));
  let said = '';
  const opened = page.waitForResponse((response) => of(response.request(), 'threads.get_by_id'));
  await page.route('**/chatkit', async (route) => {
    if (of(route.request(), 'threads.get_by_id')) {
      await listed;
      said = await stopBesides(page, `${slow.url}/chatkit`, run, threadId);
    }
    await route.continue();
  });
  await chat.call('setThreadId', threadId);
  const runs = await Promise.all([listed, opened].map(async (response) => (await (await response).allHeaders())['x-chatkit-run-id']));
  assert.deepEqual(runs, [run, undefined], 'it ended between the two');
  await chat.button('Send').waitFor();
  await chat.lastItem.getByText(said, { exact: true }).waitFor();
  assert.equal(await chat.items.count(), 2);
});

/** Stops an answer beside the element, and tells what was said. */
function stopBesides(page: Page, url: string, run: string, threadId: string): Promise<string> {
  return page.evaluate(async ([url, run, threadId]) => {
    const token = Object.entries(localStorage).find(([key]) => key.startsWith('chatkit.device:'))![1] as string;
    const headers = { 'chatkit-device-token': token };
    await fetch(`${url}/runs/${run}/cancel`, { method: 'POST', headers });
    await (await fetch(`${url}/runs/${run}/events`, { headers })).text();
    const body = JSON.stringify({ type: 'items.list', params: { thread_id: threadId, order: 'desc', limit: 1 } });
    const newest = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body });
    return ((await newest.json()) as { data: { content: { text: string }[] }[] }).data[0]!.content[0]!.text.trim();
  }, [url, run, threadId] as const);
}

test('an answer can be judged, and copied', async (t) => {
  const context = await visitor(t, browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await exercises(t, context, 'threadItemActions.feedback');
  const chat = await openChat(t, context, server, { threadItemActions: { feedback: true } });
  const sent = operationsOf(chat.page);
  await chat.ask('Show me sources');
  await chat.button('Good answer').click();
  await chat.element.getByRole('button', { name: 'Good answer', pressed: true }).waitFor();
  await chat.button('Bad answer').click();
  await chat.element.getByRole('button', { name: 'Bad answer', pressed: true }).waitFor();
  await chat.element.getByRole('button', { name: 'Good answer', pressed: false }).waitFor();
  await keepPicture(chat.page, 'feedback');
  const feedback = sent.filter(({ type }) => type === 'items.feedback').map(({ params }) => params);
  assert.deepEqual(feedback.map(({ kind }) => kind), ['positive', 'negative']);
  assert.equal((feedback[0]!.item_ids as string[]).length, 1);
  await pressAndSeeItDone(chat.element.locator('.actions').getByRole('button', { name: 'Copy' }));
  assert.equal(await chat.page.evaluate(() => navigator.clipboard.readText()), 'Rust is a language.');
  assert.equal(await chat.button('Try again').count(), 0);
});

test('what was copied or judged is said by more than a colour', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, { permissions: ['clipboard-read', 'clipboard-write'] }), server, { threadItemActions: { feedback: true } });
  await chat.ask('Show me sources');
  const signs = (part: Locator) => part.evaluate((part) => [...part.querySelectorAll('svg')].filter((one) => one.checkVisibility()).map((one) => one.innerHTML));
  const copy = chat.element.locator('.actions button').first();
  const before = await signs(copy);
  // What is said for a moment is said for as long as it takes to look.
  await chat.page.evaluate(() => {
    const { setTimeout: begin } = globalThis;
    const hold = (act: () => void, wait?: number) => (wait === 1_500 ? Object.assign(globalThis, { endMoment: act }) : begin(act, wait));
    globalThis.setTimeout = hold as unknown as typeof setTimeout;
  });
  await copy.click();
  await chat.button('Copied').waitFor();
  const after = await signs(copy);
  assert.deepEqual([before.length, after.length], [1, 1]);
  assert.notDeepEqual(after, before);
  await chat.page.evaluate(() => (globalThis as unknown as { endMoment: () => void }).endMoment());
  await chat.button('Copy').waitFor();
  assert.deepEqual(await signs(copy), before);
  const thumb = chat.button('Good answer');
  const fill = () => thumb.locator('svg').evaluate((svg) => getComputedStyle(svg).fill);
  assert.equal(await fill(), 'none');
  await thumb.click();
  await chat.element.getByRole('button', { name: 'Good answer', pressed: true }).waitFor();
  assert.notEqual(await fill(), 'none');
});

test('a judgement that cannot be sent leaves the one before', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { threadItemActions: { feedback: true } });
  await chat.ask('Show me sources');
  await chat.page.route('**/chatkit', (route) => {
    const { type, params } = (route.request().postDataJSON() ?? {}) as { type?: string; params?: { kind?: string } };
    if (type !== 'items.feedback' || params?.kind !== 'negative') return route.fallback();
    return route.fulfill({ status: 400, headers: { 'access-control-allow-origin': '*' }, json: { error: { message: 'Not now.', code: 'not_now' } } });
  });
  const judged = chat.page.waitForResponse((response) => response.request().postData()?.includes('items.feedback') === true);
  await chat.button('Good answer').click();
  await (await judged).finished();
  await chat.button('Bad answer').click();
  await chat.element.getByRole('alert').waitFor();
  await chat.element.getByRole('button', { name: 'Good answer', pressed: true }).waitFor();
  await chat.element.getByRole('button', { name: 'Bad answer', pressed: false }).waitFor();
});

test('an answer is copied where the page may not use the clipboard, and what was not copied is not said to be', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const complaints = complaintsOf(chat.page);
  await chat.page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('not here', 'NotAllowedError'));
  });
  await chat.ask('Show me sources');
  const copy = chat.element.locator('.actions').getByRole('button', { name: 'Copy' });
  await pressAndSeeItDone(copy);
  assert.equal(await chat.pasted(), 'Rust is a language.');
  await chat.element.locator('.actions .done').waitFor({ state: 'detached' });
  await chat.page.evaluate(() => {
    document.execCommand = () => false;
  });
  await copy.click();
  await chat.page.evaluate(() => new Promise(requestAnimationFrame));
  assert.equal(await chat.element.locator('.actions .done').count(), 0);
  assert.deepEqual(complaints, []);
});

/** Presses a button that says for a moment that it has done its work, and waits until it has said so, however soon that is over. */
async function pressAndSeeItDone(button: Locator): Promise<void> {
  const seen = await button.evaluateHandle((button) => {
    const seen = { isDone: false };
    new MutationObserver(() => (seen.isDone ||= button.classList.contains('done'))).observe(button, { attributeFilter: ['class'] });
    return seen;
  });
  await button.click();
  await button.page().waitForFunction(({ isDone }) => isDone, seen);
}

test('an answer is given anew, and what came after the question goes', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'threadItemActions.retry');
  const chat = await openChat(t, context, server, { threadItemActions: { retry: true } });
  const sent = operationsOf(chat.page);
  await chat.ask('First');
  await chat.ask('Second');
  const before = await chat.items.evaluateAll((all) => all.map((one) => one.getAttribute('data-item')));
  const answered = chat.ended();
  await chat.button('Try again').first().click();
  await answered;
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(await chat.items.count(), 2);
  const after = await chat.items.evaluateAll((all) => all.map((one) => one.getAttribute('data-item')));
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
  assert.equal(sent.at(-1)!.type, 'threads.retry_after_item');
  assert.equal(sent.at(-1)!.params.item_id, before[0]);
  assert.equal(await chat.button('Good answer').count(), 0);
});

test('an answer that failed says so, and can be tried again', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const failed = chat.next('chatkit.error');
  await chat.ask('Please fail once');
  assert.deepEqual(await failed, { error: { message: 'The line was busy.', code: 'custom' } });
  const alert = chat.element.getByRole('alert');
  await alert.getByText('The line was busy.').waitFor();
  const again = chat.ended();
  await alert.getByRole('button', { name: 'Try again' }).click();
  await again;
  await alert.getByText('The line was busy.').waitFor();
  assert.equal(await alert.count(), 1);
  assert.equal(await chat.items.count(), 1);
});

test('an answer that failed for good offers no other try', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Fail for good');
  await chat.element.getByRole('alert').getByText('That is final.').waitFor();
  assert.equal(await chat.button('Try again').count(), 0);
});

test('progress is shown while there is no answer yet', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.say('Show me the steps');
  await chat.element.getByRole('status').getByText('Looking it up').waitFor();
  await keepPicture(chat.page, 'progress');
  const ended = chat.ended();
  await chat.button('Stop').click();
  await ended;
  await chat.element.getByText('Looking it up').waitFor({ state: 'detached' });
});

test('an answer that may not be stopped has no use for the button', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.say('Have patience');
  await chat.element.getByText('Looking it up').waitFor();
  assert.equal(await chat.button('Stop').isDisabled(), true);
});

test('notices stand below the conversation until somebody takes them away', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Show me notices');
  await chat.element.getByRole('status').filter({ hasText: 'Prices are without tax.' }).locator('strong').waitFor();
  await chat.element.getByRole('alert').getByRole('link', { name: 'Upgrade' }).waitFor();
  const careful = chat.element.getByRole('status').filter({ hasText: 'This cannot be undone.' });
  await careful.getByText('Careful').waitFor();
  await keepPicture(chat.page, 'notices');
  await careful.getByRole('button', { name: 'Dismiss' }).click();
  await careful.waitFor({ state: 'detached' });
  assert.equal(await chat.button('Dismiss').count(), 2);
});

test('effects and deep links are told to the page', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'chatkit.effect', 'chatkit.deeplink');
  const chat = await openChat(t, context, server);
  await chat.ask('Show me effects');
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.effect'), [
    { name: 'confetti', data: {} },
    { name: 'highlight', data: { rows: [1, 2.5], deep: { yes: true } } },
  ]);
  await chat.ask('Show me a link');
  const address = chat.page.url();
  await chat.element.getByRole('link', { name: 'your order' }).click();
  await chat.element.getByRole('link', { name: 'home' }).click();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.deeplink'), [
    { name: 'open-order', data: { id: '7', tab: 'the items' } },
    { name: 'home', data: {} },
  ]);
  assert.equal(chat.page.url(), address);
  assert.equal(context.pages().length, 1);
});

test('with autoScroll the newest line is followed while somebody is at the end', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'thread.autoScroll');
  const chat = await openChat(t, context, server, { thread: { autoScroll: true } });
  await chat.ask('Show me a page of text');
  const last = chat.element.getByText('the last line', { exact: true });
  await last.waitFor();
  await assertInSight(last, true);
});

test('without autoScroll the question stays in sight, and a button leads to the end', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Hi');
  await chat.ask('Show me a page of text');
  const last = chat.element.getByText('the last line', { exact: true });
  await last.waitFor();
  await assertInSight(last, false);
  await assertInSight(chat.element.locator('.bubble').getByText('Show me a page of text'), true);
  await chat.button('Scroll to the newest message').click();
  await assertInSight(last, true);
  await chat.button('Scroll to the newest message').waitFor({ state: 'detached' });
});

/** Within the scrolled list, soon. */
async function assertInSight(text: Locator, expected: boolean): Promise<void> {
  await text.evaluate(async (node, expected) => {
    const list = node.closest('.thread') ?? node.parentElement!.closest('.thread')!;
    for (const end = Date.now() + 5000; Date.now() < end; ) {
      const [inner, outer] = [node.getBoundingClientRect(), list.getBoundingClientRect()];
      if ((inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1) === expected) return;
      await new Promise((next) => requestAnimationFrame(next));
    }
    throw new Error(expected ? 'out of sight' : 'in sight');
  }, expected);
}
