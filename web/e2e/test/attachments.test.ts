// Files: chosen, dropped, pasted; uploaded in two phases or at once; refused with words.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OpenAIChatKit } from '@openai/chatkit';
import type { Browser } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { exercises } from '../harness/declarations.js';
import { openChat, operationsOf } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { pageWith, Site } from '../harness/site.js';
import { events, json, opening, StandIn, userMessage } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  const config = '[sites.default.configuration.file_upload]\nenabled = true\nmax_file_size = 1\n';
  [browser, server] = await Promise.all([openBrowser(), Server.playing('messages', { config })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const NOTE = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('Two oranges') };
const DOT = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const PICTURE = { name: 'dot.png', mimeType: 'image/png', buffer: DOT };

const api = (uploadStrategy: unknown) => ({ url: `${server.url}/chatkit`, domainKey: 'any', uploadStrategy });

async function choose(chat: Chat, ...files: (typeof NOTE)[]): Promise<void> {
  const chooser = chat.page.waitForEvent('filechooser');
  await chat.button('Attach a file').click();
  await (await chooser).setFiles(files);
}

test('a file and a picture are uploaded in two phases and sent', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.attachments.enabled', 'api.uploadStrategy.type');
  const chat = await openChat(t, context, server, { api: api({ type: 'two_phase' }), composer: { attachments: { enabled: true } } });
  const sent = operationsOf(chat.page);
  await choose(chat, NOTE, PICTURE);
  await chat.button('Remove: note.txt').waitFor();
  await chat.button('Remove: dot.png').waitFor();
  await chat.element.getByRole('button', { name: 'Send', disabled: false }).waitFor();
  await keepPicture(chat.page, 'attachments');
  await chat.ask('What is in these?');
  const created = sent.filter(({ type }) => type === 'attachments.create').map(({ params }) => params);
  assert.deepEqual(created, [{ name: 'note.txt', size: 11, mime_type: 'text/plain' }, { name: 'dot.png', size: DOT.length, mime_type: 'image/png' }]);
  assert.equal((sent.at(-1)!.params.input as { attachments: string[] }).attachments.length, 2);
  await chat.element.getByRole('article').getByText('note.txt').waitFor();
  const picture = chat.element.getByRole('article').getByRole('img', { name: 'dot.png' });
  assert.equal(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)), 1);
  assert.equal(await chat.button(/^Remove/).count(), 0);
});

test('a file is uploaded at once where the strategy is direct, and a message may be a file alone', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'api.uploadStrategy.uploadUrl');
  const uploadUrl = `${server.url}/chatkit/attachments`;
  const chat = await openChat(t, context, server, { api: api({ type: 'direct', uploadUrl }), composer: { attachments: { enabled: true } } });
  const sent = operationsOf(chat.page);
  const upload = chat.page.waitForResponse((response) => response.url() === uploadUrl && response.request().method() === 'POST');
  await choose(chat, NOTE);
  const { id } = (await (await upload).json()) as { id: string };
  const answered = chat.ended();
  await chat.button('Send').click();
  await answered;
  assert.deepEqual(sent.map(({ type }) => type), ['threads.create']);
  assert.deepEqual(sent[0]!.params.input, { content: [], attachments: [id], inference_options: {} });
});

test('a file that is taken out again is taken from the server, too', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { attachments: { enabled: true } } });
  const sent = operationsOf(chat.page);
  await choose(chat, NOTE);
  await chat.element.getByRole('button', { name: 'Send', disabled: false }).waitFor();
  const gone = chat.page.waitForResponse((response) => (response.request().postData() ?? '').includes('attachments.delete'));
  await chat.button('Remove: note.txt').click();
  assert.equal((await gone).status(), 200);
  assert.deepEqual(sent.map(({ type }) => type), ['attachments.create', 'attachments.delete']);
  assert.equal(await chat.button(/^Remove/).count(), 0);
});

test('a file that is taken out while the server is told of it is taken from the server, too', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { attachments: { enabled: true } } });
  const failures = await chat.errors();
  let created = '';
  await chat.page.route('**/chatkit', async (route) => {
    if (route.request().postData()?.includes('attachments.create') !== true) return route.fallback();
    const response = await route.fetch();
    created = ((await response.json()) as { id: string }).id;
    await chat.button('Remove: note.txt').click();
    await route.fulfill({ response });
  });
  const gone = chat.page.waitForResponse((response) => (response.request().postData() ?? '').includes('attachments.delete'));
  await choose(chat, NOTE);
  const answer = await gone;
  assert.equal(answer.status(), 200);
  assert.deepEqual((answer.request().postDataJSON() as { params: unknown }).params, { attachment_id: created });
  assert.deepEqual(await failures(), []);
  assert.equal(await chat.button(/^Remove/).count(), 0);
});

test('files of other kinds, too large or too many are refused with words', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.attachments.accept', 'composer.attachments.maxSize', 'composer.attachments.maxCount');
  const attachments = { enabled: true, accept: { 'text/*': ['.txt'], 'image/png': ['.png'] }, maxSize: { 'image/*': 10, '*': 1000 }, maxCount: 2 };
  const chat = await openChat(t, context, server, { composer: { attachments } });
  const sent = operationsOf(chat.page);
  assert.equal(await chat.element.locator('input[type=file]').getAttribute('accept'), 'text/*,.txt,image/png,.png');
  await choose(chat, { ...NOTE, name: 'a.zip', mimeType: 'application/zip' }, PICTURE, { ...NOTE, name: 'long.txt', buffer: Buffer.alloc(1001, 'x') });
  await chat.element.getByText('a.zip is of a kind that cannot be sent.').waitFor();
  await chat.element.getByText('dot.png is too large.').waitFor();
  await chat.element.getByText('long.txt is too large.').waitFor();
  await keepPicture(chat.page, 'attachments-refused');
  await choose(chat, NOTE, { ...NOTE, name: 'second.txt' }, { ...NOTE, name: 'third.txt' });
  await chat.element.getByText('No more files can be attached to this message.').waitFor();
  await chat.button('Remove: second.txt').waitFor();
  assert.equal(await chat.button(/^Remove/).count(), 2);
  await chat.element.getByRole('button', { name: 'Send', disabled: false }).waitFor();
  assert.deepEqual(sent.map(({ params }) => params.name).sort(), ['note.txt', 'second.txt']);
});

test('what the server refuses is said at the file, and the rest can be sent', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { attachments: { enabled: true } } });
  const failed = chat.next('chatkit.error') as Promise<{ error: { code: string } }>;
  await choose(chat, { name: 'run.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') });
  assert.equal((await failed).error.code, 'chatkit.file_upload_type_rejected');
  await chat.element.getByRole('alert').waitFor();
  await chat.composer.click();
  await chat.page.keyboard.insertText('Hi');
  assert.equal(await chat.button('Send').isDisabled(), true);
  await chat.button('Remove: run.exe').click();
  await chat.ask('');
  await chat.lastItem.getByText('Heard.').waitFor();
});

test('a file that did not get through is brought again at a click', async (t) => {
  const context = await visitor(t, browser);
  const chat = await openChat(t, context, server, { composer: { attachments: { enabled: true } } });
  const sent = operationsOf(chat.page);
  let fails = true;
  await context.route(/\/attachments\//, async (route) => (fails && route.request().method() === 'PUT' ? route.fulfill({ status: 503 }) : route.continue()));
  await choose(chat, NOTE);
  await chat.element.getByRole('alert').waitFor();
  fails = false;
  await chat.button('Try again').click();
  await chat.element.getByRole('alert').waitFor({ state: 'detached' });
  await chat.composer.click();
  await chat.page.keyboard.insertText('Read it');
  await chat.element.getByRole('button', { name: 'Send', disabled: false }).waitFor();
  await chat.ask('');
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(sent.filter(({ type }) => type === 'attachments.create').length, 1, 'it was announced once');
});

test('files can be dropped and pasted, where attachments are enabled', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { attachments: { enabled: true } } });
  const carry = (names: string) => chat.page.evaluateHandle((name) => {
    const carried = new DataTransfer();
    carried.items.add(new File(['Two oranges'], name, { type: 'text/plain' }));
    return carried;
  }, names);
  await chat.composer.dispatchEvent('drop', { dataTransfer: await carry('dropped.txt') });
  await chat.button('Remove: dropped.txt').waitFor();
  await chat.composer.evaluate((field, clipboardData) => void field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true })), await carry('pasted.txt'));
  await chat.button('Remove: pasted.txt').waitFor();
  await chat.configure({ api: api(undefined) });
  await chat.button('Attach a file').waitFor({ state: 'detached' });
  await chat.composer.dispatchEvent('drop', { dataTransfer: await carry('late.txt') });
  // A file that was taken would be drawn by then.
  await chat.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(await chat.button('Remove: late.txt').count(), 0);
});

test('the page can give files, and attachments that are at the server already', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'setComposerValue(files)', 'setComposerValue(attachments)', 'sendUserMessage(attachments)');
  const chat = await openChat(t, context, server, { composer: { attachments: { enabled: true, maxSize: 20 } } });
  const sent = operationsOf(chat.page);
  const created = chat.page.waitForResponse((response) => (response.request().postData() ?? '').includes('attachments.create'));
  await chat.element.evaluate((element) => (element as OpenAIChatKit).setComposerValue({
    text: 'Look',
    files: [new File(['Two oranges'], 'given.txt', { type: 'text/plain' }), new File(['x'.repeat(21)], 'big.txt', { type: 'text/plain' })],
  }));
  const attachment = (await (await created).json()) as Record<string, unknown>;
  await chat.button('Remove: given.txt').waitFor();
  await chat.element.getByText('big.txt is too large.').waitFor();
  await chat.element.getByRole('button', { name: 'Send', disabled: false }).waitFor();

  await chat.call('setComposerValue', { text: '', attachments: [{ type: 'file', id: attachment.id, name: 'renamed.txt', mime_type: 'text/plain' }] });
  await chat.button('Remove: renamed.txt').waitFor();
  assert.equal(await chat.button(/^Remove/).count(), 1);
  await chat.call('setComposerValue', { attachments: [] });
  await chat.button(/^Remove/).waitFor({ state: 'detached' });
  await chat.call('sendUserMessage', { text: 'Read this', attachments: [{ type: 'file', id: attachment.id, name: 'given.txt', mime_type: 'text/plain' }] });
  assert.deepEqual((sent.at(-1)!.params.input as { attachments: unknown }).attachments, [attachment.id]);
  await chat.element.getByRole('article').getByText('given.txt').waitFor();
});

test('a picture whose preview lies in its address is shown, and one with another address is a file', async (t) => {
  const site = await Site.start(t, { '/': pageWith(`${server.url}/chatkit.js`, '') });
  const attachment = (id: string, preview_url: string) => ({ type: 'image', id, name: `${id}.png`, mime_type: 'image/png', preview_url });
  const attachments = [attachment('within', `data:image/png;base64,${DOT.toString('base64')}`), attachment('script', 'javascript:alert(1)')];
  new StandIn(site).on('threads.create', events(...opening('Look'), { type: 'thread.item.replaced', item: { ...userMessage('Look'), attachments } }));
  const page = await (await visitor(t, browser)).newPage();
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.configure({ api: { url: '/chatkit', domainKey: 'any' } });
  await chat.ask('Look');
  const picture = chat.element.getByRole('img', { name: 'within.png' });
  assert.equal(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)), 1);
  assert.equal(await chat.element.getByRole('img', { name: 'script.png' }).count(), 0);
  await chat.element.getByText('script.png').waitFor();
});

for (const uploadStrategy of [{ type: 'direct', uploadUrl: '/upload' }, { type: 'two_phase' }]) {
  test(`a file that is taken without an id has failed, and goes with no message (${uploadStrategy.type})`, async (t) => {
    const api = { url: '/chatkit', domainKey: 'any', uploadStrategy };
    const { chat, site, standIn, told } = await sceneWith(t, browser, server, { options: { api, composer: { attachments: { enabled: true } } } });
    const taken = { name: 'note.txt', mime_type: 'text/plain' };
    site.put('/upload', (request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ attachment: taken }));
    });
    standIn.on('attachments.create', json({ ...taken, id: '' }));
    await choose(chat, NOTE);
    await chat.element.getByRole('alert').getByText('note.txt could not be uploaded.').waitFor();
    assert.deepEqual((await told()).map(({ code }) => code), ['invalid_response']);
    assert.equal(await chat.button('Send').isDisabled(), true);
  });
}

test('a file that is on its way is given up when the chat goes, or turns to another server', async (t) => {
  const { chat, site } = await sceneWith(t, browser, server);
  site.put('/upload', (request) => request.resume());
  const options = (url: string) => ({
    api: { url, domainKey: 'any', uploadStrategy: { type: 'direct', uploadUrl: '/upload' } },
    composer: { attachments: { enabled: true } },
    locale: 'en',
  });
  const goings = [() => chat.configure(options('/elsewhere')), () => chat.element.evaluate((element) => element.remove())];
  for (const go of goings) {
    await chat.configure(options('/chatkit'));
    const begun = chat.page.waitForRequest('**/upload');
    await choose(chat, NOTE);
    await begun;
    const givenUp = chat.page.waitForEvent('requestfailed', (request) => request.url().endsWith('/upload'));
    await go();
    assert.equal((await givenUp).failure()!.errorText, 'net::ERR_ABORTED');
  }
});
