// How the chat looks: header, start screen, disclaimer, theme, language.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { exercises } from '../harness/declarations.js';
import { Chat } from '../harness/chat.js';
import { openChat, openPage, operationsOf, toldOf } from '../harness/page.js';
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

test("the header has the conversation's title, or the page's, or none, and the page's buttons", async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'header.enabled', 'header.title.enabled', 'header.title.text', 'header.leftAction.icon', 'header.leftAction.onClick',
    'header.rightAction.icon', 'header.rightAction.onClick');
  const api = { url: `${server.url}/chatkit`, domainKey: 'any' };
  const buttons = { 'header.leftAction.onClick': "() => told.push('left')", 'header.rightAction.onClick': "() => told.push('right')" };
  const header = { enabled: true, leftAction: { icon: 'menu' }, rightAction: { icon: 'close' } };
  const chat = await openChat(t, context, server, { header }, buttons);
  await chat.ask('Please call it something');
  await chat.element.getByRole('heading', { name: 'A fine title' }).waitFor();
  await chat.button('Menu').click();
  await chat.button('Close').click();
  assert.deepEqual(await toldOf(chat.page), ['left', 'right']);
  await keepPicture(chat.page, 'header');
  await chat.configure({ api, header: { title: { enabled: true, text: 'The shop' } } });
  await chat.element.getByRole('heading', { name: 'The shop' }).waitFor();
  await chat.configure({ api, header: { title: { enabled: false, text: 'The shop' } } });
  await chat.element.getByRole('heading', { name: 'The shop' }).waitFor({ state: 'detached' });
  await chat.button('Conversations').waitFor();
  await chat.configure({ api, header: { enabled: false } });
  await chat.button('Conversations').waitFor({ state: 'detached' });
});

test('a button of the page that is null is none', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { header: { title: { text: 'The shop' }, leftAction: null, rightAction: null } });
  await chat.element.getByRole('heading', { name: 'The shop' }).waitFor();
  assert.equal(await chat.element.locator('header').getByRole('button').count(), 1);
});

test('a double click on "New chat" leaves the visitor in the composer', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Please call it something');
  const button = chat.button('New chat');
  await button.click();
  await button.waitFor({ state: 'detached' });
  const isThere = () => chat.element.evaluate(({ shadowRoot }) => shadowRoot!.activeElement?.matches('[data-composer]'));
  assert.equal(await isThere(), true);
  await chat.page.mouse.down({ clickCount: 2 });
  await chat.page.mouse.up({ clickCount: 2 });
  assert.equal(await isThere(), true);
});

test('the start screen greets, and its prompts are said with a click', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'startScreen.greeting', 'startScreen.prompts.label', 'startScreen.prompts.icon', 'startScreen.prompts.prompt',
    'startScreen.prompts.prompt.type', 'startScreen.prompts.prompt.text', 'startScreen.prompts.prompt.id', 'startScreen.prompts.prompt.group',
    'startScreen.prompts.prompt.data', 'startScreen.prompts.prompt.interactive');
  const prompts = [
    { label: 'Where is my order?', prompt: 'Please look for my order', icon: 'cube' },
    { label: 'Ask Ada', prompt: [{ type: 'input_text', text: 'Ask ' }, { type: 'input_tag', id: 'ada', text: 'Ada', group: 'People', data: { born: '1815' }, interactive: true }] },
  ];
  const chat = await openChat(t, context, server, { startScreen: { greeting: 'Ahoy', prompts } });
  const sent = operationsOf(chat.page);
  await chat.element.getByRole('heading', { name: 'Ahoy' }).waitFor();
  const prompt = chat.button('Where is my order?');
  assert.equal(await prompt.locator('svg').count(), 1);
  await keepPicture(chat.page, 'start-screen');
  const first = chat.ended();
  await prompt.dblclick();
  await first;
  await chat.button('New chat').click();
  const second = chat.ended();
  await chat.button('Ask Ada').click();
  await second;
  assert.deepEqual(sent.map(({ params }) => (params.input as { content: unknown }).content), [
    [{ type: 'input_text', text: 'Please look for my order' }],
    prompts[1]!.prompt,
  ]);
});

test('a disclaimer stands below the composer', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'disclaimer.text', 'disclaimer.highContrast');
  const api = { url: `${server.url}/chatkit`, domainKey: 'any' };
  const chat = await openChat(t, context, server, { disclaimer: { text: 'Answers may be [wrong](https://example.com/terms).' } });
  const words = chat.element.getByText('Answers may be wrong.');
  assert.equal(await words.getByRole('link', { name: 'wrong' }).getAttribute('href'), 'https://example.com/terms');
  const color = () => words.evaluate((node) => getComputedStyle(node).color);
  const quiet = await color();
  await chat.configure({ api, disclaimer: { text: 'Answers may be wrong.', highContrast: true } });
  await chat.page.waitForFunction((quiet) => {
    const note = document.querySelector('openai-chatkit')!.shadowRoot!.querySelector('.disclaimer p');
    return note !== null && getComputedStyle(note).color !== quiet;
  }, quiet);
});

test('the frame has the title that the page gives it', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'frameTitle');
  const chat = await openChat(t, context, server, { frameTitle: 'Help desk' });
  await chat.page.getByRole('region', { name: 'Help desk' }).waitFor();
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } });
  await chat.page.getByRole('region', { name: 'Chat', exact: true }).waitFor();
});

test('the language is the one that is asked for', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'locale');
  const chat = await openChat(t, context, server, { locale: 'de-DE' });
  await chat.element.getByRole('button', { name: 'Senden', exact: true }).waitFor();
  assert.equal(await chat.element.getAttribute('lang'), 'de-DE');
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, locale: 'en' });
  await chat.element.getByRole('button', { name: 'Send', exact: true }).waitFor();
});

test('the theme changes colours, letters, corners and distances', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'theme.colorScheme', 'theme.radius', 'theme.density', 'theme.typography.baseSize', 'theme.typography.fontFamily',
    'theme.typography.fontFamilyMono', 'theme.color.grayscale.hue', 'theme.color.grayscale.tint', 'theme.color.grayscale.shade', 'theme.color.accent.primary',
    'theme.color.accent.level', 'theme.color.surface.background', 'theme.color.surface.foreground');
  const api = { url: `${server.url}/chatkit`, domainKey: 'any' };
  const chat = await openChat(t, context, server, { theme: 'light' });
  const look = () => chat.composer.evaluate((field) => {
    const form = field.closest('form')!;
    const frame = getComputedStyle(field.closest('.frame')!);
    const { backgroundColor: background } = getComputedStyle((field.getRootNode() as ShadowRoot).host);
    const { borderRadius, borderColor, padding } = getComputedStyle(form);
    return { borderRadius, borderColor, padding, size: frame.fontSize, font: frame.fontFamily, background, color: frame.color };
  });
  const plain = await look();
  const theme = {
    colorScheme: 'dark', radius: 'sharp', density: 'compact', typography: { baseSize: 18, fontFamily: 'Georgia', fontFamilyMono: 'Courier' },
    color: {
      grayscale: { hue: 120, tint: 9, shade: 2 }, accent: { primary: 'rgb(10, 20, 200)', level: 3 },
      surface: { background: 'rgb(1, 2, 3)', foreground: 'rgb(250, 240, 230)' },
    },
  };
  await chat.configure({ api, theme });
  const dark = await look();
  assert.deepEqual([dark.borderRadius, dark.size, dark.background, dark.color], ['0px', '18px', 'rgb(1, 2, 3)', 'rgb(250, 240, 230)']);
  assert.match(dark.font, /^Georgia/);
  assert.notEqual(plain.borderRadius, dark.borderRadius);
  assert.ok(Number.parseFloat(dark.padding) < Number.parseFloat(plain.padding));
  assert.notEqual(plain.borderColor, dark.borderColor);
  assert.equal(await chat.button('Send').evaluate((button) => getComputedStyle(button).backgroundColor), 'rgb(10, 20, 200)');
  await keepPicture(chat.page, 'theme');
});

test("the page's fonts are loaded as it says", async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'theme.typography.fontSources.family', 'theme.typography.fontSources.src', 'theme.typography.fontSources.weight',
    'theme.typography.fontSources.style', 'theme.typography.fontSources.display', 'theme.typography.fontSources.unicodeRange');
  const chat = await openChat(t, context, server);
  const asked = chat.page.waitForRequest('**/harbour.woff2');
  const font = { family: 'Harbour', src: '/harbour.woff2', weight: 400, style: 'normal', display: 'block', unicodeRange: 'U+0-FF' };
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, theme: { typography: { fontFamily: 'Harbour', fontSources: [font] } } });
  await asked;
  const known = await chat.page.evaluate(() => [...document.fonts].map(({ family, weight, style, display, unicodeRange }) => ({ family, weight, style, display, unicodeRange })));
  assert.deepEqual(known, [{ family: 'Harbour', weight: '400', style: 'normal', display: 'block', unicodeRange: 'U+0-FF' }]);
});

test('an icon that is none, or is left out, takes nothing else with it', async (t) => {
  const options = {
    header: { rightAction: {} }, startScreen: { prompts: [{ label: 'Begin', prompt: 'Begin', icon: null }] },
    composer: { tools: [{ id: 'pinned', label: 'Pinned', pinned: true }, { id: 'loose', label: 'Loose', icon: 7 }] },
  };
  const chat = await openChat(t, await visitor(t, browser), server, options, {
    'header.rightAction.onClick': '() => {}', 'entities.onTagSearch': "() => [{ id: 'ada', title: 'Ada', icon: null, group: null }]",
  });
  for (const name of ['Begin', 'Pinned', 'Tools']) await chat.button(name).waitFor();
  await chat.composer.click();
  await chat.page.keyboard.type('@a');
  const list = chat.element.getByRole('listbox', { name: 'Mention' });
  await list.getByRole('option', { name: 'Ada' }).waitFor();
  assert.equal(await list.locator('.group').count(), 0, 'no group, no heading');
  await chat.page.keyboard.press('Enter');
  await chat.composer.getByText('Ada').waitFor();
});

test("Lucide's icons that could not be loaded are asked for again after a while, and not at each drawing", async (t) => {
  const context = await visitor(t, browser);
  await context.route('**/icons.json', (route) => route.abort());
  const prompts = [{ label: 'Launch', prompt: 'Launch', icon: 'lucide:rocket' }];
  const api = { url: `${server.url}/chatkit`, domainKey: 'any' };
  const page = await openPage(t, context, server);
  const asked: string[] = [];
  page.on('request', (request) => request.url().endsWith('/icons.json') && asked.push(request.url()));
  await page.clock.install();
  const chat = new Chat(page);
  const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/icons.json'));
  await chat.configure({ api, startScreen: { prompts } });
  await failed;
  for (const greeting of ['Hello', 'Good day']) {
    await chat.configure({ api, startScreen: { greeting, prompts } });
    await chat.element.getByRole('heading', { name: greeting }).waitFor();
  }
  assert.equal(asked.length, 1);
  await context.unroute('**/icons.json');
  const sign = chat.button('Launch').locator('svg');
  while ((await sign.count()) === 0) {
    await page.clock.fastForward(10_000);
    await chat.configure({ api, startScreen: { prompts } });
  }
});
