// The chat in a document that its script is not of, such as that of a frame or of a window that stays on top.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openBrowser, visitor } from '../harness/browser.js';
import { openChat, operationsOf, toldOf } from '../harness/page.js';
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

const TAG = { type: 'input_tag', id: 'ada', text: 'Ada Lovelace', data: {}, interactive: true };
const OPTIONS = {
  startScreen: { prompts: [{ label: 'Sources', prompt: 'Show me sources' }] },
  composer: { models: Array.from({ length: 9 }, (_, at) => ({ id: `model-${at}`, label: `Model ${at}` })) },
  theme: { typography: { fontSources: [{ family: 'House', src: '/house.woff2' }] } },
};
const FUNCTIONS = {
  'entities.onTagSearch': "async () => [{ id: 'ada', title: 'Ada Lovelace' }]",
  'entities.onRequestPreview': "async () => ({ preview: { type: 'Basic', children: [{ type: 'Text', value: 'Wrote the first program' }] } })",
};

interface InFrame {
  page: Page;
  element: Locator;
  composer: Locator;
  frame: Locator;
}

/** The chat, moved into a frame at the end of the page. */
async function openInFrame(t: TestContext): Promise<InFrame> {
  const { page, element } = await openChat(t, await visitor(t, browser), server, OPTIONS, FUNCTIONS);
  await element.evaluate((chat) => {
    const frame = Object.assign(document.createElement('iframe'), { width: 500, height: 500 });
    document.body.append(frame);
    frame.contentDocument!.body.append(chat);
  });
  const moved = page.frameLocator('iframe').locator('openai-chatkit');
  return { page, element: moved, composer: moved.locator('[data-composer]'), frame: page.locator('iframe') };
}

const isFocused = (part: Locator) => part.and(part.page().frameLocator('iframe').locator(':focus')).waitFor();

test('in a frame one writes, mentions and sends as anywhere', async (t) => {
  const { page, element, composer } = await openInFrame(t);
  const sent = operationsOf(page);
  await composer.click();
  await page.keyboard.type('Ask  about crabs');
  for (const _ of ' about crabs') await page.keyboard.press('ArrowLeft');
  await page.keyboard.type('@lov');
  await element.getByRole('option', { name: 'Ada Lovelace' }).waitFor();
  await page.keyboard.press('Enter');
  await composer.getByText('Ada Lovelace').waitFor();
  await page.keyboard.type('kindly');
  await element.getByRole('button', { name: 'Send' }).click();
  await element.getByRole('article').getByText('about crabs').waitFor();
  const { content } = sent[0]!.params.input as { content: { text: string }[] };
  assert.deepEqual(content.map(({ text }) => text), ['Ask ', 'Ada Lovelace', '\u00a0kindly about crabs']);
});

test('in a frame a menu opens within it, however low that is, and gives the focus back', async (t) => {
  const { page, element, frame } = await openInFrame(t);
  await frame.evaluate((frame) => frame.setAttribute('height', '340'));
  const button = element.getByRole('button', { name: 'Model' });
  await button.click();
  const menu = element.getByRole('menu');
  const [inner, outer] = [(await menu.boundingBox())!, (await frame.boundingBox())!];
  assert.ok(inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height, JSON.stringify([inner, outer]));
  await element.getByRole('menuitemradio', { name: 'Model 1' }).click();
  await isFocused(element.getByRole('button', { name: 'Model: Model 1' }));
  assert.ok(await page.evaluate(() => document.activeElement?.localName === 'iframe'));
});

test('in a frame the focus stays in the chat, and what is copied can be pasted', async (t) => {
  const { page, element, composer } = await openInFrame(t);
  await element.getByRole('button', { name: 'Sources' }).press('Enter');
  await isFocused(composer);
  await element.getByRole('button', { name: 'Copy' }).click();
  await element.getByRole('button', { name: 'Copied' }).waitFor();
  await composer.click();
  await page.keyboard.press('Control+V');
  assert.match(await composer.innerText(), /^Rust is a language\./);
});

test('in a frame Escape closes a preview', async (t) => {
  const { page, element, composer } = await openInFrame(t);
  await element.evaluate((chat, content) => (chat as unknown as { setComposerValue(value: unknown): Promise<void> }).setComposerValue({ content }), [TAG]);
  await composer.click();
  await composer.getByText('Ada Lovelace').hover();
  const tip = element.getByRole('tooltip');
  await tip.getByText('Wrote the first program').waitFor();
  await page.keyboard.press('Escape');
  await tip.waitFor({ state: 'detached' });
  assert.deepEqual(await toldOf(page), []);
});

test('a frame has the fonts of the theme, as the page has', async (t) => {
  const { page } = await openInFrame(t);
  const families = await page.evaluate(() => [document, document.querySelector('iframe')!.contentDocument!].map(({ fonts }) => [...fonts].map(({ family }) => family)));
  assert.deepEqual(families, [['House'], ['House']]);
});

test("in a frame the composer stays above the frame's keyboard", async (t) => {
  const { element, composer } = await openInFrame(t);
  await composer.click();
  const covered = await element.evaluate((chat) => {
    const { visualViewport } = chat.ownerDocument.defaultView!;
    Object.defineProperty(visualViewport!, 'height', { configurable: true, value: 300 });
    visualViewport!.dispatchEvent(new Event('resize'));
    return parseFloat(getComputedStyle(chat).getPropertyValue('--ck-keyboard'));
  });
  assert.ok(covered > 100, `${covered} pixels`);
});
