// The list of conversations.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OpenAIChatKit } from '@openai/chatkit';
import type { Browser, Locator } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, operationsOf } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { held, json, refused, type Reply, type StandIn, thread } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('e2e/answers')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test('a conversation is found again, renamed and deleted', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'history.enabled', 'history.showDelete', 'history.showRename', 'chatkit.history.open', 'chatkit.history.close');
  const chat = await openChat(t, context, server, { history: { enabled: true, showDelete: true, showRename: true } });
  await chat.ask('Please call it something');
  await chat.element.getByRole('heading', { name: 'A fine title' }).waitFor();
  await chat.button('New chat').click();
  await chat.ask('Hello');
  await chat.button('Conversations').click();
  const list = chat.element.getByRole('dialog', { name: 'Conversations' });
  await list.getByRole('button', { name: /^A fine title/ }).waitFor();
  await keepPicture(chat.page, 'history');

  await list.getByRole('button', { name: 'Rename: A fine title' }).click();
  await list.getByRole('textbox', { name: 'Rename' }).fill('A better title');
  await chat.page.keyboard.press('Enter');
  await list.getByRole('button', { name: /^A better title/ }).click();
  await list.waitFor({ state: 'detached' });
  await chat.element.getByRole('heading', { name: 'A better title' }).waitFor();
  await chat.element.getByText('It has a name now.').first().waitFor();

  await chat.button('Conversations').click();
  await list.getByRole('button', { name: 'Delete: A better title' }).click();
  const question = list.getByRole('group', { name: 'Delete this conversation? A better title' });
  await keepPicture(chat.page, 'history-delete');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await list.getByRole('button', { name: 'Delete: A better title' }).click();
  await question.getByRole('button', { name: 'Delete', exact: true }).click();
  await list.getByText('A better title').waitFor({ state: 'detached' });
  assert.equal(await list.getByRole('listitem').count(), 1);
  await chat.page.keyboard.press('Escape');
  await list.waitFor({ state: 'detached' });
  await chat.element.getByText('What can I help with today?').waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.history.open'), [null, null]);
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.history.close'), [null, null]);
  assert.deepEqual((await eventsOf(chat.page, 'chatkit.thread.change')).at(-1), { threadId: null });
});

test('what is switched off is not there', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { history: { showDelete: false, showRename: false } });
  await chat.ask('Please call it something');
  await chat.button('Conversations').click();
  await chat.element.getByRole('dialog').getByRole('button', { name: /^A fine title/ }).waitFor();
  assert.equal(await chat.button(/^(Delete|Rename)/).count(), 0);
  await chat.call('hideHistory');
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, history: { enabled: false } });
  await chat.button('Conversations').waitFor({ state: 'detached' });
});

test('a long list comes page by page', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'showHistory()', 'hideHistory()');
  const chat = await openChat(t, context, server, { history: { enabled: false } });
  await chat.page.evaluate(async (count) => {
    const chat = document.querySelector<OpenAIChatKit>('openai-chatkit')!;
    for (let at = 1; at <= count; at++) await chat.sendUserMessage({ text: 'Please call it something', newThread: true });
  }, 35);
  const sent = operationsOf(chat.page);
  await chat.call('showHistory');
  const lines = chat.element.getByRole('dialog').getByRole('listitem');
  await lines.nth(29).waitFor();
  assert.equal(await lines.count(), 30);
  await lines.last().scrollIntoViewIfNeeded();
  await lines.nth(34).waitFor();
  assert.equal(await lines.count(), 35);
  const pages = sent.filter(({ type }) => type === 'threads.list').map(({ params }) => params.after === undefined);
  assert.deepEqual(pages, [true, false]);
  await chat.call('hideHistory');
  await chat.element.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a list that does not fill its place goes on by itself, and stops when that fails', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, { viewport: { width: 900, height: 4_000 } }), server);
  await chat.element.evaluate((element) => void (element.style.height = '4000px'));
  const thread = (id: string) => ({ id, title: id, created_at: '2026-01-01T00:00:00Z', status: { type: 'active' }, items: { data: [], has_more: false }, metadata: {} });
  const shown = () => chat.page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  const pages: unknown[] = [];
  await chat.page.route('**/chatkit', (route) => {
    const headers = { 'access-control-allow-origin': '*' };
    const { type, params } = (route.request().postDataJSON() ?? {}) as { type?: string; params?: { after?: string } };
    if (type !== 'threads.list') return route.fallback();
    pages.push(params!.after ?? null);
    if (params!.after === 'third') return route.fulfill({ status: 400, headers, json: { error: { message: 'Not now.', code: 'not_now' } } });
    const [name, after] = params!.after === undefined ? ['first', 'second'] : ['second', 'third'];
    return route.fulfill({ headers, json: { data: Array.from({ length: 30 }, (_, at) => thread(`${name} ${at}`)), has_more: true, after } });
  });
  await chat.element.evaluate((element) => void (element.style.display = 'none'));
  await chat.call('showHistory');
  await shown();
  assert.deepEqual(pages, [null], 'nobody sees that there is room');
  await chat.call('hideHistory');
  await chat.element.evaluate((element) => void (element.style.display = 'block'));
  await chat.button('Conversations').click();
  await chat.element.getByRole('dialog').getByText('second 29').first().waitFor();
  await chat.element.getByRole('alert').getByText('The conversations could not be loaded.').waitFor();
  await shown();
  assert.deepEqual(pages, [null, null, 'second', 'third']);
});

test('a new name that was not saved is not offered again', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Please call it something');
  await chat.button('Conversations').click();
  const field = chat.element.getByRole('textbox', { name: 'Rename' });
  await chat.button('Rename: A fine title').click();
  await field.fill('Rubbish');
  await field.press('Escape');
  await chat.button('Rename: A fine title').click();
  assert.equal(await field.inputValue(), 'A fine title');
});

test('a list that does not come says so, and can be asked for again', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.page.route('**/chatkit', (route) =>
    (route.request().postData() ?? '').includes('threads.list')
      ? route.fulfill({ status: 400, headers: { 'access-control-allow-origin': '*' }, json: { error: { message: 'Not now.', code: 'not_now' } } })
      : route.fallback());
  const failed = chat.next('chatkit.error');
  await chat.button('Conversations').click();
  assert.deepEqual(await failed, { error: { message: 'Not now.', code: 'not_now' } });
  const alert = chat.element.getByRole('alert');
  await alert.getByText('The conversations could not be loaded.').waitFor();
  await chat.page.unroute('**/chatkit');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await chat.element.getByText('There are no conversations yet.').waitFor();
});

/** Has the stand-in list these conversations, newest first, in pages of 30. */
function list(standIn: StandIn, titles: string[]): void {
  standIn.on('threads.list', (response, call) => pageOf(titles, call.body!.params.after as string | undefined)(response, call));
}

function pageOf(titles: string[], after?: string): Reply {
  const start = after === undefined ? 0 : titles.indexOf(after) + 1;
  const data = titles.slice(start, start + 30).map((title) => ({ ...thread, id: title, title }));
  return json({ data, has_more: start + 30 < titles.length, after: data.at(-1)?.id ?? null });
}

test('what was scrolled to, and a name that is being written, stay when the visitor comes back', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const titles = Array.from({ length: 100 }, (_, at) => `Talk ${at}`);
  list(standIn, titles);
  await chat.button('Conversations').click();
  const lines = chat.element.getByRole('dialog').locator('li.entry');
  for (const last of [29, 59]) {
    await lines.nth(last).scrollIntoViewIfNeeded();
    await lines.nth(last + 1).waitFor();
  }
  await chat.button('Rename: Talk 65').click();
  await chat.page.keyboard.insertText('A better na');
  titles.unshift('Talk from elsewhere');
  await chat.page.evaluate(() => dispatchEvent(new Event('focus')));
  await lines.getByText('Talk from elsewhere').waitFor();
  await chat.page.keyboard.insertText('me');
  assert.equal(await chat.element.getByRole('textbox', { name: 'Rename' }).inputValue(), 'A better name');
  assert.equal(await lines.count(), 91);
  await lines.nth(90).scrollIntoViewIfNeeded();
  await lines.getByText('Talk 99').waitFor();
  assert.deepEqual(await lines.locator('.name').allTextContents(), titles);
});

/** The open list, and its lines after the first two pages. */
async function twoPages(chat: Chat): Promise<Locator> {
  await chat.call('showHistory');
  const lines = chat.element.getByRole('dialog').locator('li.entry');
  await lines.nth(29).scrollIntoViewIfNeeded();
  await lines.nth(59).waitFor();
  return lines;
}

test('a list that is open already keeps what was scrolled to when the page shows it', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const titles = Array.from({ length: 100 }, (_, at) => `Talk ${at}`);
  list(standIn, titles);
  const lines = await twoPages(chat);
  titles.unshift('Talk from elsewhere');
  await chat.call('showHistory');
  await lines.getByText('Talk from elsewhere').waitFor();
  assert.equal(await lines.count(), 61);
});

test('a list that is opened again is read anew, also where something changes elsewhere meanwhile', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const titles = Array.from({ length: 100 }, (_, at) => `Talk ${at}`);
  list(standIn, titles);
  const lines = await twoPages(chat);
  await chat.call('hideHistory');
  titles.splice(45, 1);
  const late = held(pageOf(titles));
  standIn.on('threads.list', late.reply, pageOf(titles), (response, call) => pageOf(titles, call.body!.params.after as string | undefined)(response, call));
  const shown = chat.call('showHistory');
  await late.asked;
  const read = chat.page.waitForResponse((response) => response.request().postData()?.includes('threads.list') ?? false);
  await chat.page.evaluate(() => dispatchEvent(new Event('focus')));
  await (await read).finished();
  await chat.element.getByText('Loading').waitFor({ state: 'detached' });
  late.letGo();
  await shown;
  assert.equal(await lines.getByText('Talk 45', { exact: true }).count(), 0);
});

test('a conversation that was deleted elsewhere can be deleted here', async (t) => {
  const { chat, standIn, told } = await sceneWith(t, browser, server);
  list(standIn, ['Here', 'Elsewhere']);
  standIn.on('threads.delete', refused(404, 'There is no such thread.'));
  await chat.button('Conversations').click();
  await chat.button('Delete: Elsewhere').click();
  await chat.element.getByRole('button', { name: 'Delete', exact: true }).click();
  await chat.element.getByText('Elsewhere').waitFor({ state: 'detached' });
  assert.equal(await chat.element.getByRole('alert').count(), 0);
  assert.deepEqual(await told(), []);
});

test('a conversation that is being deleted looks so, and is deleted once', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  list(standIn, ['Kept', 'Deleted']);
  const asked = new Promise<() => void>((resolve) => standIn.on('threads.delete', (response, call) => resolve(() => json({})(response, call))));
  await chat.button('Conversations').click();
  await chat.button('Delete: Deleted').click();
  await chat.element.getByRole('button', { name: 'Delete', exact: true }).dblclick();
  await chat.element.locator('.confirm[aria-busy="true"]').waitFor();
  const answer = await asked;
  answer();
  await chat.element.getByText('Deleted').waitFor({ state: 'detached' });
  assert.equal(standIn.of('threads.delete').length, 1);
});

test('a list that was asked for before a conversation was deleted does not bring it back', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  let answerLate!: () => void;
  standIn.on(
    'threads.list',
    pageOf(['Kept', 'Deleted']),
    (response, call) => (answerLate = () => pageOf(['Kept', 'Deleted'])(response, call)),
    (response, call) => {
      answerLate();
      pageOf(['Fresh', 'Kept'])(response, call);
    },
  ).on('threads.delete', json({}));
  await chat.button('Conversations').click();
  await chat.button('Delete: Deleted').click();
  await chat.page.evaluate(() => dispatchEvent(new Event('focus')));
  await chat.element.getByText('Loading').waitFor();
  await chat.element.getByRole('button', { name: 'Delete', exact: true }).click();
  await chat.button(/^Fresh/).waitFor();
  assert.deepEqual(await chat.element.locator('li.entry .name').allTextContents(), ['Fresh', 'Kept']);
});

test('a page that does not come is asked for again by a click, and what is there stays', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const titles = Array.from({ length: 40 }, (_, at) => `Talk ${at}`);
  standIn.on('threads.list', pageOf(titles), refused(400, 'Not now.'), pageOf(titles), pageOf(titles, 'Talk 29'));
  await chat.button('Conversations').click();
  const alert = chat.element.getByRole('alert');
  await chat.element.locator('li.entry').last().scrollIntoViewIfNeeded();
  await alert.waitFor();
  for (let step = 0; step < 3; step++) {
    await chat.element.locator('.threads').dispatchEvent('scroll');
    assert.equal(standIn.of('threads.list').length, 2);
  }
  await alert.getByRole('button', { name: 'Try again' }).click();
  await chat.element.getByText('Talk 39').waitFor();
  assert.deepEqual(standIn.of('threads.list').map((call) => call.body!.params.after ?? null), [null, 'Talk 29', null, 'Talk 29']);
  assert.deepEqual(await chat.element.locator('li.entry .name').allTextContents(), titles);
});

for (const [locale, written] of [['en-GB', '9 Mar 2020'], ['en-US', 'Mar 9, 2020']] as const) {
  test(`the day of a conversation is written as where the visitor is (${locale})`, async (t) => {
    const { chat, standIn } = await sceneWith(t, browser, server, { options: { locale } });
    standIn.on('threads.list', json({ data: [{ ...thread, title: 'Long ago', created_at: '2020-03-09T12:00:00Z' }], has_more: false }));
    await chat.button('Conversations').click();
    assert.equal(await chat.element.getByRole('dialog').locator('time').innerText(), written);
  });
}

/** What has the focus, as it is read out. */
function focused(chat: Chat): Promise<string | null> {
  return chat.element.evaluate(({ shadowRoot }) => shadowRoot!.activeElement && (shadowRoot!.activeElement.ariaLabel ?? shadowRoot!.activeElement.textContent));
}

test('in a line that is being renamed or deleted, the keyboard goes to nothing that cannot be seen', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  list(standIn, ['One', 'Two', 'Three']);
  await chat.button('Conversations').click();
  for (const [opens, first] of [['Rename: Two', 'Rename'], ['Delete: Two', 'Cancel']] as const) {
    await chat.button(opens).click();
    assert.equal(await focused(chat), first);
    await chat.page.keyboard.press('Shift+Tab');
    assert.equal(await focused(chat), 'Delete: One');
    await chat.page.keyboard.press('Tab');
    await chat.page.keyboard.press('Escape');
    assert.equal(await focused(chat), opens);
  }
});

test('where a conversation was deleted, the keyboard goes on with the one beside it', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  list(standIn, ['One', 'Two', 'Three']);
  standIn.on('threads.delete', json({}));
  await chat.button('Conversations').click();
  for (const [title, next] of [['Two', 'Delete: Three'], ['Three', 'Delete: One'], ['One', 'Back']] as const) {
    await chat.button(`Delete: ${title}`).press('Enter');
    await chat.element.locator('li.entry', { hasText: title }).getByRole('button', { name: 'Delete', exact: true }).press('Enter');
    await chat.element.locator('li.entry', { hasText: title }).waitFor({ state: 'detached' });
    assert.equal(await focused(chat), next);
  }
});

test('on a narrow page with large letters, all of the question can be seen, and names begin where their dates do', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server, { options: { locale: 'de', theme: { density: 'spacious', typography: { baseSize: 18 } } } });
  await chat.page.setViewportSize({ width: 320, height: 600 });
  list(standIn, ['One', 'ما هو الطقس اليوم؟', 'Three']);
  await chat.call('showHistory');
  await chat.button('Löschen: One').click();
  await keepPicture(chat.page, 'history-narrow');
  const box = async (locator: Locator) => (await locator.boundingBox())!;
  const question = chat.element.getByRole('group', { name: 'Diese Unterhaltung löschen?' });
  const [line, last, second] = await Promise.all([box(question), box(question.getByRole('button').last()), box(chat.element.locator('li.entry').nth(1))]);
  assert.ok(last.x + last.width <= 320, `it ends at ${last.x + last.width}`);
  assert.ok(line.y + line.height <= second.y, 'it lies over no other');
  const [name, date] = await Promise.all([box(chat.element.getByText('ما هو الطقس اليوم؟')), box(chat.element.locator('time').nth(1))]);
  assert.equal(name.x, date.x);
});
