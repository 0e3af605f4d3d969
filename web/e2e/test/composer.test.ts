// The composer's options: placeholder, tools, models.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, type Operation, operationsOf } from '../harness/page.js';
import { Server } from '../harness/server.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('messages')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const TOOLS = [
  { id: 'search', label: 'Search the web', icon: 'search', shortLabel: 'Search', placeholderOverride: 'What to look for?' },
  { id: 'draw', label: 'Draw a picture', icon: 'images', persistent: true },
  { id: 'think', label: 'Think longer', icon: 'lightbulb', shortLabel: 'Think', pinned: true },
];

test('an empty composer says what it is for', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.placeholder');
  const chat = await openChat(t, context, server, { composer: { placeholder: 'Ask the harbour master' } });
  await chat.element.getByRole('textbox', { name: 'Ask the harbour master' }).waitFor();
  assert.equal(await chat.composer.evaluate((field) => getComputedStyle(field, '::before').content), '"Ask the harbour master"');
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } });
  await chat.element.getByRole('textbox', { name: 'Message the AI' }).waitFor();
});

test('a tool is chosen for one message', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.tools.id', 'composer.tools.label', 'composer.tools.icon', 'composer.tools.shortLabel',
    'composer.tools.placeholderOverride', 'chatkit.tool.change');
  const chat = await openChat(t, context, server, { composer: { tools: TOOLS } });
  const sent = operationsOf(chat.page);
  await chat.button('Tools').click();
  const line = chat.element.getByRole('menuitemradio', { name: 'Search the web' });
  assert.equal(await line.locator('svg').count(), 1);
  await keepPicture(chat.page, 'tools');
  await line.click();
  await chat.element.getByRole('button', { name: 'Search', exact: true, pressed: true }).waitFor();
  await chat.element.getByRole('textbox', { name: 'What to look for?' }).waitFor();

  await chat.ask('Boats');
  await chat.ask('And harbours');
  const [first, second] = sent.map(({ params }) => (params.input as { inference_options: unknown }).inference_options);
  assert.deepEqual([first, second], [{ tool_choice: { id: 'search' } }, {}]);
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'search' }, { toolId: null }]);
  await chat.element.getByRole('textbox', { name: 'Message the AI' }).waitFor();
});

test('a persistent tool stays until it is taken away', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.tools.persistent');
  const chat = await openChat(t, context, server, { composer: { tools: TOOLS } });
  const sent = operationsOf(chat.page);
  await chat.button('Tools').click();
  await chat.element.getByRole('menuitemradio', { name: 'Draw a picture' }).click();
  await chat.ask('A boat');
  await chat.ask('A harbour');
  await chat.element.getByRole('button', { name: 'Draw a picture', pressed: true }).click();
  await chat.ask('Thanks');
  const chosen = sent.map(({ params }) => (params.input as { inference_options: { tool_choice?: { id: string } } }).inference_options.tool_choice?.id);
  assert.deepEqual(chosen, ['draw', 'draw', undefined]);
});

test('a pinned tool stands beside the menu, with its short name once it is chosen', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.tools.pinned');
  const chat = await openChat(t, context, server, { composer: { tools: TOOLS } });
  const pinned = chat.element.getByRole('button', { name: 'Think longer', pressed: false });
  await pinned.waitFor();
  await chat.button('Tools').click();
  assert.deepEqual(await chat.element.getByRole('menuitemradio').allInnerTexts(), ['Search the web', 'Draw a picture']);
  await chat.page.keyboard.press('Escape');
  await pinned.click();
  await chat.element.getByRole('button', { name: 'Think', exact: true, pressed: true }).waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'think' }]);
});

test('a tool that the options do not have any more is not sent', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { tools: TOOLS } });
  const sent = operationsOf(chat.page);
  await chat.button('Think longer').click();
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, composer: { tools: TOOLS.slice(0, 1) } });
  await chat.ask('Hi');
  assert.deepEqual((sent[0]!.params.input as { inference_options: unknown }).inference_options, {});
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'think' }, { toolId: null }]);
});

test('a start prompt goes with the tool and the model that are chosen', async (t) => {
  const models = [{ id: 'small', label: 'Small', default: true }];
  const options = { composer: { tools: TOOLS, models }, startScreen: { prompts: [{ label: 'Boats', prompt: 'Tell me of boats' }] } };
  const chat = await openChat(t, await visitor(t, browser), server, options);
  const sent = operationsOf(chat.page);
  await chat.button('Think longer').click();
  const answered = chat.ended();
  await chat.button('Boats').click();
  await answered;
  const input = sent[0]!.params.input as { inference_options: unknown };
  assert.deepEqual(input.inference_options, { tool_choice: { id: 'think' }, model: 'small' });
});

test('a model is chosen among those that can be', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.models.id', 'composer.models.label', 'composer.models.description', 'composer.models.disabled', 'composer.models.default');
  const models = [
    { id: 'fast', label: 'Fast', description: 'For short questions' },
    { id: 'deep', label: 'Deep', default: true },
    { id: 'huge', label: 'Huge', description: 'Not in your plan', disabled: true },
  ];
  const chat = await openChat(t, context, server, { composer: { models } });
  const sent = operationsOf(chat.page);
  await chat.ask('One');
  await chat.button('Model: Deep').click();
  await chat.element.getByRole('menuitemradio', { name: 'Deep', checked: true }).waitFor();
  assert.equal(await chat.element.getByRole('menuitemradio', { name: 'Huge Not in your plan' }).isDisabled(), true);
  const look = (name: string) => chat.element.getByRole('menuitemradio', { name }).evaluate((line) => [getComputedStyle(line).color, getComputedStyle(line).cursor]);
  assert.notDeepEqual(await look('Huge'), await look('Fast'), 'one sees which cannot be chosen');
  await keepPicture(chat.page, 'models');
  await chat.element.getByRole('menuitemradio', { name: 'Fast For short questions' }).click();
  await chat.ask('Two');
  await chat.ask('Three');
  const chosen = sent.map(({ params }) => (params.input as { inference_options: unknown }).inference_options);
  assert.deepEqual(chosen, [{ model: 'deep' }, { model: 'fast' }, { model: 'fast' }]);
});

test('a default that the page sets later is taken up, until the visitor chooses', async (t) => {
  const withDefault = (id: string) => ({
    api: { url: `${server.url}/chatkit`, domainKey: 'any' },
    composer: { models: ['fast', 'deep', 'huge'].map((one) => ({ id: one, label: one, default: one === id })) },
  });
  const chat = await openChat(t, await visitor(t, browser), server, withDefault('fast'));
  const sent = operationsOf(chat.page);
  await chat.button('Model: fast').waitFor();
  await chat.configure(withDefault('deep'));
  await chat.button('Model: deep').waitFor();
  await chat.ask('One');
  await chat.button('Model: deep').click();
  await chat.element.getByRole('menuitemradio', { name: 'huge' }).click();
  await chat.configure(withDefault('fast'));
  await chat.ask('Two');
  const models = sent.map(({ params }) => (params.input as { inference_options: { model: string } }).inference_options.model);
  assert.deepEqual(models, ['deep', 'huge']);
});

test('Enter sends, Shift+Enter begins a new line, and blank text is not sent', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.composer.click();
  await chat.page.keyboard.type('   ');
  await chat.page.keyboard.press('Enter');
  assert.equal(await chat.button('Send').isDisabled(), true);
  await chat.page.keyboard.type('one');
  await chat.page.keyboard.press('Shift+Enter');
  await chat.page.keyboard.type('two');
  const answered = chat.ended();
  await chat.page.keyboard.press('Enter');
  await answered;
  assert.deepEqual(sent.map(({ params }) => (params.input as { content: unknown }).content), [[{ type: 'input_text', text: 'one\ntwo' }]]);
});

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };

async function paste(page: Page, text: string, html?: string): Promise<void> {
  await page.evaluate(([text, html]) => {
    const kinds = { 'text/plain': text, ...(html === undefined ? {} : { 'text/html': html }) };
    return navigator.clipboard.write([new ClipboardItem(kinds)]);
  }, [text, html] as const);
  await page.keyboard.press('Control+V');
}

/** What the messages so far said. */
function contents(sent: Operation[]): unknown[] {
  return sent.map(({ params }) => (params.input as { content: unknown }).content);
}

const said = (text: string) => [{ type: 'input_text', text }];

test('pasted text keeps its lines, and one goes on writing behind them', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, CLIPBOARD), server);
  const { page } = chat;
  const sent = operationsOf(page);
  for (const [pasted, text] of [['a\nb\n\nc', 'a\nb\n\nc.'], ['a\r\nb\r\n\r\nc', 'a\nb\n\nc.'], ['\n a\nb\n', 'a\nb\n.']] as const) {
    await chat.composer.click();
    await paste(page, pasted);
    await page.keyboard.type('.');
    const answered = chat.ended();
    await page.keyboard.press('Enter');
    await answered;
    assert.deepEqual(contents(sent).at(-1), said(text));
  }
});

test('lines are pasted into the middle of a line, and taken back', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, CLIPBOARD), server);
  const { page } = chat;
  const sent = operationsOf(page);
  await chat.composer.click();
  await page.keyboard.type('onetwo');
  for (const _ of 'two') await page.keyboard.press('ArrowLeft');
  await paste(page, '\na\n\nb\n');
  await page.keyboard.press('Control+Z');
  assert.equal(await chat.composer.innerText(), 'onetwo');
  await page.keyboard.press('Control+Shift+Z');
  const answered = chat.ended();
  await page.keyboard.press('Enter');
  await answered;
  assert.deepEqual(contents(sent), [said('one\na\n\nb\ntwo')]);
});

test('lines stand between tags as they were pasted or set', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, CLIPBOARD), server);
  const { page } = chat;
  const sent = operationsOf(page);
  const tag = { type: 'input_tag', id: 'ada', text: 'Ada', data: {}, interactive: false };
  await chat.call('setComposerValue', { content: [...said('To\n'), tag, ...said('\nand\n\n'), tag] });
  await chat.composer.getByText('Ada').last().waitFor();
  await chat.call('focusComposer');
  await paste(page, '\nfrom\nme');
  const answered = chat.ended();
  await page.keyboard.press('Enter');
  await answered;
  assert.deepEqual(contents(sent), [[...said('To\n'), tag, ...said('\nand\n\n'), tag, ...said('\nfrom\nme')]]);
});

test('the lines of a browser that makes blocks of them are read, too', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.composer.evaluate((field) => {
    field.innerHTML = 'a<div>b <b>bold</b></div><div><br></div><p>c<br>d</p>';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
  const answered = chat.ended();
  await chat.composer.press('Enter');
  await answered;
  assert.deepEqual(contents(sent), [said('a\nb bold\n\nc\nd')]);
});

test('what is pasted or dropped comes as text, without looks and pictures', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, CLIPBOARD), server, { composer: { attachments: { enabled: true } } });
  const { page } = chat;
  const sent = operationsOf(page);
  const html = '<p><b>Bold</b></p><p>and <img src="/spy.png" alt="">plain</p>';
  await chat.composer.click();
  await paste(page, 'Bold\nand plain', html);
  assert.equal(await chat.composer.locator('*').count(), 0);
  await page.evaluate((html) => {
    const note = document.body.appendChild(document.createElement('div'));
    note.innerHTML = html;
    document.getSelection()!.selectAllChildren(note);
  }, html);
  await page.getByText('Bold', { exact: true }).last().dragTo(chat.composer);
  await chat.composer.getByText('plain').filter({ hasText: /Bold.*Bold/s }).waitFor();
  assert.equal(await chat.composer.locator('b, img').count(), 0);
  const answered = chat.ended();
  await chat.composer.press('Enter');
  await answered;
  assert.match((contents(sent)[0] as [{ text: string }])[0].text, /^Bold\n+and plain\s*Bold\n+and plain$/);
});

test('ten thousand lines are pasted at once', async (t) => {
  const chat = await openChat(t, await visitor(t, browser, CLIPBOARD), server);
  const lines = Array.from({ length: 10_000 }, (_, at) => `Line ${at} of what was pasted`).join('\n');
  await chat.composer.click();
  await paste(chat.page, lines);
  await chat.page.keyboard.type('.');
  assert.equal(await chat.composer.innerText(), `${lines}.`);
});

test('one goes on writing behind what the page has set, or where one clicks', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const { keyboard } = chat.page;
  await chat.call('setComposerValue', { text: 'A draft' });
  await chat.composer.getByText('A draft').waitFor();
  await chat.call('focusComposer');
  await keyboard.type('.');
  assert.equal(await chat.composer.innerText(), 'A draft.');
  await chat.button('Conversations').focus();
  await chat.call('setComposerValue', { text: 'Another' });
  await chat.composer.getByText('Another').waitFor();
  await chat.composer.click({ position: { x: 1, y: 5 } });
  await keyboard.type('>');
  assert.equal(await chat.composer.innerText(), '>Another');
});

test('a composer that the page empties says again what it is for', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.call('setComposerValue', { text: 'A draft' });
  await chat.composer.getByText('A draft').waitFor();
  await chat.call('setComposerValue', { text: '' });
  await chat.composer.getByText('A draft').waitFor({ state: 'detached' });
  assert.equal(await chat.composer.evaluate((field) => getComputedStyle(field, '::before').content), '"Message the AI"');
});
