// Entities: found with "@", sent as tags, clicked and previewed; and the command menu behind "/".
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, operationsOf, toldOf } from '../harness/page.js';
import { Server } from '../harness/server.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('annotations')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const ADA = { id: 'ada', title: 'Ada Lovelace', group: 'People', icon: 'user', interactive: true, data: { born: '1815' } };
const DECK = { id: 'deck', title: 'Deck plan', group: 'Documents', icon: 'document' };
const SEARCH = `async (query) => { told.push(query); return ${JSON.stringify([ADA, DECK])}.filter(({ title }) => title.toLowerCase().includes(query.toLowerCase())); }`;
const TAG = { type: 'input_tag', id: 'ada', text: 'Ada Lovelace', group: 'People', data: { born: '1815' }, interactive: true };

test('an entity is found by what follows the @, and sent as a tag', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'entities.onTagSearch');
  const chat = await openChat(t, context, server, {}, { 'entities.onTagSearch': SEARCH });
  const sent = operationsOf(chat.page);
  await chat.composer.click();
  await chat.page.keyboard.type('Ask @');
  const list = chat.element.getByRole('listbox', { name: 'Mention' });
  await list.getByText('People').waitFor();
  await list.getByText('Documents').waitFor();
  assert.equal(await list.getByRole('option', { name: 'Deck plan' }).locator('svg').count(), 1);
  await keepPicture(chat.page, 'entities');
  await chat.page.keyboard.type('lov');
  await list.getByRole('option', { name: 'Deck plan' }).waitFor({ state: 'detached' });
  await chat.page.keyboard.press('Enter');
  await chat.composer.getByText('Ada Lovelace').waitFor();
  await chat.page.keyboard.type('about crabs');
  const answered = chat.ended();
  await chat.page.keyboard.press('Enter');
  await answered;
  const told = await toldOf(chat.page);
  assert.deepEqual([told[0], told.at(-1)], ['', 'lov']);
  const input = sent[0]!.params.input as { content: unknown };
  assert.deepEqual(input.content, [{ type: 'input_text', text: 'Ask ' }, TAG, { type: 'input_text', text: '\u00a0about crabs' }]);
});

test('the arrow keys and Escape work in the list', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': SEARCH });
  await chat.composer.click();
  await chat.page.keyboard.type('@');
  const list = chat.element.getByRole('listbox', { name: 'Mention' });
  await list.waitFor();
  await chat.page.keyboard.press('Escape');
  await list.waitFor({ state: 'detached' });
  await chat.page.keyboard.press('Backspace');
  await chat.page.keyboard.type('@');
  await list.waitFor();
  await chat.page.keyboard.press('ArrowDown');
  await list.getByRole('option', { name: 'Deck plan', selected: true }).waitFor();
  await chat.page.keyboard.press('Tab');
  await chat.composer.getByText('Deck plan').waitFor();
});

test('a mention in the middle of a sentence leaves the caret behind it', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': SEARCH });
  const sent = operationsOf(chat.page);
  await chat.composer.click();
  await chat.page.keyboard.type('Ask  about crabs');
  for (const _ of ' about crabs') await chat.page.keyboard.press('ArrowLeft');
  await chat.page.keyboard.type('@lov');
  await chat.element.getByRole('option', { name: 'Ada Lovelace' }).waitFor();
  await chat.page.keyboard.press('Enter');
  await chat.composer.getByText('Ada Lovelace').waitFor();
  await chat.page.keyboard.type('kindly');
  const answered = chat.ended();
  await chat.page.keyboard.press('Enter');
  await answered;
  const input = sent[0]!.params.input as { content: unknown };
  assert.deepEqual(input.content, [{ type: 'input_text', text: 'Ask ' }, TAG, { type: 'input_text', text: '\u00a0kindly about crabs' }]);
});

test('what a search finds after the message was sent is not shown', async (t) => {
  const late = 'async (query) => { await new Promise((found) => { globalThis.endSearch = found; }); return [{ id: "ada", title: "Ada Lovelace" }]; }';
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': late });
  await chat.composer.click();
  await chat.page.keyboard.type('Ask @a');
  await chat.page.waitForFunction(() => 'endSearch' in globalThis);
  await chat.ask('');
  await chat.page.evaluate(() => (globalThis as unknown as { endSearch: () => void }).endSearch());
  await chat.page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  assert.equal(await chat.element.getByRole('listbox').count(), 0);
});

test('a list goes with the focus, and what is found afterwards is not shown', async (t) => {
  const late = 'async (query) => { if (query === "l") await new Promise((found) => { globalThis.endSearch = found; }); return [{ id: "ada", title: "Ada Lovelace" }]; }';
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': late });
  const list = chat.element.getByRole('listbox', { name: 'Mention' });
  await chat.composer.click();
  await chat.page.keyboard.type('Ask @');
  await list.waitFor();
  await chat.page.keyboard.press('Tab');
  await list.waitFor({ state: 'detached' });
  await chat.composer.click();
  await chat.page.keyboard.type(' @');
  await list.waitFor();
  await chat.element.getByText('What can I help with today?').click();
  await list.waitFor({ state: 'detached' });
  await chat.composer.click();
  await chat.page.keyboard.type(' @l');
  await chat.page.waitForFunction(() => 'endSearch' in globalThis);
  await chat.element.getByText('What can I help with today?').click();
  await chat.page.evaluate(() => (globalThis as unknown as { endSearch: () => void }).endSearch());
  await chat.page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  assert.equal(await list.count(), 0);
});

test('a list that was open when the message was sent is shut', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': SEARCH });
  await chat.composer.click();
  await chat.page.keyboard.type('Ask @a');
  await chat.element.getByRole('listbox', { name: 'Mention' }).waitFor();
  await chat.button('Send').click();
  await chat.element.getByRole('listbox', { name: 'Mention' }).waitFor({ state: 'detached' });
});

test('the marked line of a long list can be seen', async (t) => {
  const many = JSON.stringify(Array.from({ length: 40 }, (_, at) => ({ id: `${at}`, title: `Entity ${at}` })));
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': `async () => ${many}` });
  await chat.composer.click();
  await chat.page.keyboard.type('@');
  const list = chat.element.getByRole('listbox', { name: 'Mention' });
  await list.waitFor();
  for (const [key, name] of [['ArrowUp', 'Entity 39'], ['ArrowDown', 'Entity 0']] as const) {
    await chat.page.keyboard.press(key);
    const line = list.getByRole('option', { name, exact: true, selected: true });
    const [place, room] = [await line.boundingBox(), await list.boundingBox()];
    assert.ok(place!.y >= room!.y && place!.y + place!.height <= room!.y + room!.height, `${name} at ${place!.y} in ${JSON.stringify(room)}`);
  }
});

test('a button of the composer begins a mention', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'entities.showComposerMenu');
  const chat = await openChat(t, context, server, { entities: { showComposerMenu: true } }, { 'entities.onTagSearch': SEARCH });
  await chat.composer.click();
  await chat.page.keyboard.type('Ask');
  await chat.button('Mention').click();
  await chat.element.getByRole('option', { name: 'Ada Lovelace' }).click();
  assert.equal((await chat.composer.innerText()).replace(/\u00a0/g, ' ').trim(), 'Ask Ada Lovelace');
});

test('without onTagSearch there is no such button, whatever the option says', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { entities: { showComposerMenu: true } });
  assert.equal(await chat.button('Mention').count(), 0);
});

test('an entity can be clicked: in the composer, in a message and among the sources', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'entities.onClick', 'setComposerValue(content)');
  const chat = await openChat(t, context, server, {}, { 'entities.onClick': '(entity) => told.push(entity)' });
  await chat.call('setComposerValue', { content: [TAG] });
  await chat.composer.getByText('Ada Lovelace').click();
  await chat.call('focusComposer');
  const answered = chat.ended();
  await chat.button('Send').click();
  await answered;
  await chat.element.getByRole('article').getByRole('button', { name: 'Ada Lovelace' }).click();
  await chat.element.getByText('Sources').click();
  await chat.element.getByRole('button', { name: 'Ferris' }).click();
  const clicked = (await toldOf(chat.page)) as { id: string; title: string; data?: unknown }[];
  const ada = { id: 'ada', title: 'Ada Lovelace', group: 'People', interactive: true, data: { born: '1815' } };
  assert.deepEqual(clicked.slice(0, 2).map((one) => JSON.parse(JSON.stringify(one)) as unknown), [ada, ada]);
  assert.equal(clicked[2]?.id, 'ferris');
  assert.equal(clicked[2]?.title, 'Ferris');
});

test('an entity that is pointed at shows what the page has to show of it', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'entities.onRequestPreview');
  const preview = "async (entity) => { told.push(entity.id); return { preview: { type: 'Basic', children: [{ type: 'Text', value: 'Wrote the first program' }] } }; }";
  const chat = await openChat(t, context, server, {}, { 'entities.onRequestPreview': preview });
  const answered = chat.ended();
  await chat.call('sendUserMessage', { content: [TAG] });
  await answered;
  const tag = chat.element.getByRole('article').getByRole('button', { name: 'Ada Lovelace' });
  await tag.hover();
  await chat.element.getByRole('tooltip').getByText('Wrote the first program').waitFor();
  await keepPicture(chat.page, 'entity-preview');
  await chat.composer.hover();
  await chat.element.getByRole('tooltip').waitFor({ state: 'detached' });
  await tag.focus();
  await chat.element.getByRole('tooltip').waitFor();
  await chat.page.keyboard.press('Escape');
  await chat.element.getByRole('tooltip').waitFor({ state: 'detached' });
  assert.deepEqual(await toldOf(chat.page), ['ada', 'ada']);
});

test('what is in a preview can be pressed, and the preview goes with the focus, or with the pointer where that is on it', async (t) => {
  const preview = "async () => ({ preview: { type: 'Basic', children: [{ type: 'Text', value: 'Ada' }, { type: 'Button', label: 'Call', onClickAction: { type: 'call', handler: 'client' } }] } })";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onRequestPreview': preview, 'widgets.onAction': '({ type }) => told.push(type)' });
  const answered = chat.ended();
  await chat.call('sendUserMessage', { content: [TAG] });
  await answered;
  const [tag, tip] = [chat.element.getByRole('article').getByRole('button', { name: 'Ada Lovelace' }), chat.element.getByRole('dialog', { name: 'Ada Lovelace' })];
  await tag.focus();
  await tip.waitFor();
  await chat.composer.focus();
  await tip.waitFor({ state: 'detached' });
  await tag.focus();
  await tip.getByText('Ada', { exact: true }).click();
  await tip.getByRole('button', { name: 'Call' }).click();
  await chat.page.waitForFunction(() => told.length === 1);
  assert.deepEqual(await toldOf(chat.page), ['call']);
  await chat.composer.focus();
  assert.equal(await tip.count(), 1);
  await chat.composer.hover();
  await tip.waitFor({ state: 'detached' });
});

test('Tab goes from an entity to what can be used in its preview, and on behind the entity', async (t) => {
  const buttons = ['Call', 'Write'].map((label) => ({ type: 'Button', label, onClickAction: { type: label, handler: 'client' } }));
  const preview = `async () => ({ preview: ${JSON.stringify({ type: 'Basic', children: [{ type: 'Text', value: 'Ada' }, ...buttons] })} })`;
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onRequestPreview': preview, 'widgets.onAction': '({ type }) => told.push(type)' });
  await chat.during('chatkit.response.end', () => chat.call('sendUserMessage', { content: [TAG] }));
  const [tag, card] = [chat.element.getByRole('article').getByRole('button', { name: 'Ada Lovelace' }), chat.element.getByRole('dialog', { name: 'Ada Lovelace' })];
  const isAt = (part: Locator) => part.and(chat.page.locator(':focus')).waitFor();
  const press = (key: string) => chat.page.keyboard.press(key);
  await tag.focus();
  await card.waitFor();
  await press('Tab');
  await isAt(card.getByRole('button', { name: 'Call' }));
  await press('Enter');
  await chat.page.waitForFunction(() => told.length === 1);
  await press('Shift+Tab');
  await isAt(tag);
  for (const _ of ['Call', 'Write']) await press('Tab');
  await isAt(card.getByRole('button', { name: 'Write' }));
  await press('Escape');
  await card.waitFor({ state: 'detached' });
  await isAt(tag);
  await chat.composer.focus();
  await tag.focus();
  await card.waitFor();
  for (const _ of ['Call', 'Write', 'what follows']) await press('Tab');
  await card.waitFor({ state: 'detached' });
  const isBehind = await tag.evaluate((tag) => (tag.compareDocumentPosition((tag.getRootNode() as ShadowRoot).activeElement!) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0);
  assert.ok(isBehind);
  assert.equal(await chat.element.locator('.thread :focus').count(), 1);
});

test('a preview that is higher than the window stays in it, and scrolls', async (t) => {
  const children = Array.from({ length: 60 }, (_, at) => ({ type: 'Text', value: `Line ${at}` }));
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onRequestPreview': `async () => ({ preview: ${JSON.stringify({ type: 'Basic', children })} })` });
  await chat.call('setComposerValue', { content: [TAG] });
  await chat.composer.getByText('Ada Lovelace').hover();
  const card = chat.element.getByRole('tooltip');
  await card.waitFor();
  const { y, height } = (await card.boundingBox())!;
  assert.ok(y >= 0 && y + height <= 700, `${y} to ${y + height}`);
  assert.ok(await card.evaluate((card) => card.scrollHeight > card.clientHeight));
});

test('a preview goes on Escape, which nothing else hears, and with its tag', async (t) => {
  const preview = "async () => ({ preview: { type: 'Basic', children: [{ type: 'Text', value: 'Wrote the first program' }] } })";
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onRequestPreview': preview });
  await chat.call('setComposerValue', { content: [TAG] });
  await chat.page.evaluate(() => addEventListener('keydown', ({ key }) => told.push(key)));
  const [tag, tip] = [chat.composer.getByText('Ada Lovelace'), chat.element.getByRole('tooltip')];
  await chat.call('focusComposer');
  await tag.hover();
  await tip.waitFor();
  await chat.page.keyboard.press('Escape');
  await tip.waitFor({ state: 'detached' });
  assert.deepEqual(await toldOf(chat.page), []);
  await chat.button('Send').hover();
  await tag.hover();
  await tip.waitFor();
  await chat.page.keyboard.press('Backspace');
  await tag.waitFor({ state: 'detached' });
  await tip.waitFor({ state: 'detached' });
});

test('a search that fails is told to the page, and the composer goes on', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onTagSearch': "async () => { throw new Error('no index'); }" });
  const failed = chat.next('chatkit.error');
  await chat.composer.click();
  await chat.page.keyboard.type('@a');
  assert.deepEqual(await failed, { error: { message: "The page's onTagSearch failed: no index", code: 'callback_failed' } });
  await chat.page.keyboard.type('da');
  assert.equal(await chat.composer.innerText(), '@ada');
});

for (const [sign, found] of [['@', { id: 'ada', title: 'Ada Lovelace' }], ['/', { id: 'ada', label: 'Ada Lovelace' }]] as const) {
  test(`a search behind ${sign} that was given up for the next one is no error, and the next one is shown`, async (t) => {
    const search = `(query) => new Promise((find, fail) => {
      if (query === 'a') globalThis.giveUp = () => fail(new DOMException('given up', 'AbortError'));
      else if (query === 'ad') globalThis.endSearch = () => find([${JSON.stringify(found)}]);
      else find([]);
    })`;
    const functions = { 'entities.onTagSearch': search, 'commands.onSearch': search };
    const chat = await openChat(t, await visitor(t, browser), server, { commands: { enabled: true } }, functions);
    await chat.composer.click();
    await chat.page.keyboard.type(`${sign}a`);
    await chat.page.waitForFunction(() => 'giveUp' in globalThis);
    await chat.page.keyboard.type('d');
    await chat.page.waitForFunction(() => 'endSearch' in globalThis);
    await chat.page.evaluate(async () => {
      const { giveUp, endSearch } = globalThis as unknown as { giveUp: () => void; endSearch: () => void };
      giveUp();
      await new Promise(requestAnimationFrame);
      endSearch();
    });
    await chat.element.getByRole('option', { name: 'Ada Lovelace' }).waitFor();
    assert.deepEqual(await eventsOf(chat.page, 'chatkit.error'), []);
  });
}

test('a tag in the composer does what the options say now', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, {}, { 'entities.onClick': "() => told.push('then')" });
  await chat.call('setComposerValue', { content: [TAG] });
  await chat.composer.getByText('Ada Lovelace').waitFor();
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } }, { 'entities.onClick': "() => told.push('now')" });
  await chat.composer.getByText('Ada Lovelace').click();
  assert.deepEqual(await toldOf(chat.page), ['now']);
});

const COMMANDS = [
  { id: 'invoice', label: 'Invoice', description: 'Insert an invoice', icon: 'document', group: 'Shop' },
  { id: 'more', label: 'More', group: 'Shop' },
  { id: 'greet', label: 'Greet' },
];
const SELECT = `async (command) => {
  told.push(command.id);
  if (command.id === 'invoice') return { type: 'entity', entity: { id: 'i7', title: 'Invoice 7' } };
  if (command.id === 'more') return { type: 'menu', commands: [{ id: 'refund', label: 'Refund' }] };
}`;

test('commands are found behind a /, and do what they say', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'commands.enabled', 'commands.onSearch', 'commands.onSelect');
  const chat = await openChat(t, context, server, { commands: { enabled: true } }, {
    'commands.onSearch': `async (query) => ${JSON.stringify(COMMANDS)}.filter(({ label }) => label.toLowerCase().startsWith(query))`,
    'commands.onSelect': SELECT,
  });
  const list = chat.element.getByRole('listbox', { name: 'Commands' });
  await chat.composer.click();
  await chat.page.keyboard.type('/');
  await list.getByRole('option', { name: 'Invoice Insert an invoice' }).waitFor();
  await list.getByText('Shop').waitFor();
  await keepPicture(chat.page, 'commands');
  await chat.page.keyboard.press('Enter');
  await chat.composer.getByText('Invoice 7').waitFor();
  await chat.page.keyboard.type('/mo');
  await list.getByRole('option', { name: 'More' }).click();
  await list.getByRole('option', { name: 'Refund' }).click();
  await list.waitFor({ state: 'detached' });
  await chat.page.keyboard.type('/gr');
  await list.getByRole('option', { name: 'Greet' }).click();
  await chat.page.waitForFunction(() => told.length === 4);
  assert.deepEqual(await toldOf(chat.page), ['invoice', 'more', 'refund', 'greet']);
  assert.equal((await chat.composer.innerText()).replace(/\u00a0/g, ' ').trim(), 'Invoice 7');
});

test('a command that is clicked before the list is new takes the place of all that was written by then', async (t) => {
  const search = `(query) => query === '' ? ${JSON.stringify(COMMANDS)} : new Promise(() => {})`;
  const chat = await openChat(t, await visitor(t, browser), server, { commands: { enabled: true } }, { 'commands.onSearch': search, 'commands.onSelect': '() => {}' });
  await chat.composer.click();
  await chat.page.keyboard.insertText('Thanks /');
  const more = chat.element.getByRole('option', { name: 'More' });
  await more.waitFor();
  await chat.page.keyboard.type('mo');
  await more.click();
  await more.waitFor({ state: 'detached' });
  assert.equal((await chat.composer.innerText()).trim(), 'Thanks');
});

test('an entity that a command brings stands where the command was written', async (t) => {
  const search = `async (query) => ${JSON.stringify(COMMANDS)}.filter(({ label }) => label.toLowerCase().startsWith(query))`;
  const select = `async ({ id }) => id === 'more' ? { type: 'menu', commands: [{ id: 'refund', label: 'Refund' }] } : { type: 'entity', entity: { id, title: '<' + id + '>' } }`;
  const chat = await openChat(t, await visitor(t, browser), server, { commands: { enabled: true } }, { 'commands.onSearch': search, 'commands.onSelect': select });
  const list = chat.element.getByRole('listbox', { name: 'Commands' });
  const text = async () => (await chat.composer.innerText()).replace(/\u00a0/g, '_');
  await chat.composer.click();
  await chat.page.keyboard.type('Send and thanks');
  for (const _ of 'and thanks') await chat.page.keyboard.press('ArrowLeft');
  await chat.page.keyboard.type('/inv');
  await list.getByRole('option', { name: 'Invoice' }).click();
  await chat.composer.getByText('<invoice>').waitFor();
  assert.equal(await text(), 'Send <invoice>_and thanks');
  await chat.page.keyboard.type('/mo');
  await list.getByRole('option', { name: 'More' }).click();
  await list.getByRole('option', { name: 'Refund' }).click();
  await chat.composer.getByText('<refund>').waitFor();
  assert.equal(await text(), 'Send <invoice>_<refund>_and thanks');
});

test("the command menu has the composer's own actions, where there are such", async (t) => {
  const tools = [{ id: 'search', label: 'Search the web', icon: 'search' }];
  const models = [{ id: 'fast', label: 'Fast' }, { id: 'huge', label: 'Huge', disabled: true }];
  const options = { commands: { enabled: true }, composer: { tools, models, attachments: { enabled: true } } };
  const chat = await openChat(t, await visitor(t, browser), server, options);
  await chat.composer.click();
  await chat.page.keyboard.type('/');
  const list = chat.element.getByRole('listbox', { name: 'Commands' });
  await list.waitFor();
  assert.deepEqual(await list.getByRole('option').allInnerTexts(), ['Attach a file', 'Search the web', 'Fast']);
  await chat.page.keyboard.type('sea');
  await chat.page.keyboard.press('Enter');
  await chat.element.getByRole('button', { name: 'Search the web', pressed: true }).waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'search' }]);
  assert.equal(await chat.composer.innerText(), '');
});

test("where the page's search for commands fails, the composer's own are there", async (t) => {
  const options = { commands: { enabled: true }, composer: { attachments: { enabled: true } } };
  const chat = await openChat(t, await visitor(t, browser), server, options, { 'commands.onSearch': "async () => { throw new Error('no index'); }" });
  const failed = chat.next('chatkit.error');
  await chat.composer.click();
  await chat.page.keyboard.type('/');
  assert.deepEqual(await failed, { error: { message: "The page's onSearch failed: no index", code: 'callback_failed' } });
  await chat.element.getByRole('option').first().waitFor();
});

test('without the option a / is only a letter', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { commands: { enabled: false }, composer: { attachments: { enabled: true } } });
  await chat.composer.click();
  await chat.page.keyboard.type('/att');
  await chat.page.keyboard.press('Enter');
  await chat.element.locator('.user_message').getByText('/att').waitFor();
});
