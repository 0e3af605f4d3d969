import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThemeOption } from '@openai/chatkit';
import type { Browser, Locator } from 'playwright-core';
import { keepPicture, openBrowser } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { openChat, serverForEverybody } from '../harness/everybody.js';
import type { Server } from '../harness/server.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), serverForEverybody()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const api = () => ({ url: `${server.url}/chatkit`, domainKey: 'any' });
const dress = (chat: Chat, theme: ThemeOption | string | undefined) => chat.configure({ api: api(), theme });

function styleOf(locator: Locator, property: string): Promise<string> {
  return locator.evaluate((node, property) => getComputedStyle(node).getPropertyValue(property), property);
}

/** A colour as red, green and blue of 0 to 255, however CSS has computed it. */
function rgb(locator: Locator, property: string): Promise<number[]> {
  return locator.evaluate((node, property) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    context.fillStyle = getComputedStyle(node).getPropertyValue(property);
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }, property);
}

const lightness = ([red, green, blue]: number[]) => 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;

/** WCAG's contrast of two colours, 1 to 21. */
function contrast(one: number[], other: number[]): number {
  const luminance = (color: number[]) => {
    const [red, green, blue] = color.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

test('the chat is light unless the page says dark, in either way of saying so', async (t) => {
  const { chat } = await openChat(t, browser, server, {}, { colorScheme: 'dark' });
  for (const [theme, scheme] of [[undefined, 'light'], ['dark', 'dark'], [{ colorScheme: 'dark' }, 'dark'], [{}, 'light'], ['light', 'light']] as const) {
    await dress(chat, theme);
    assert.equal(await styleOf(chat.element, 'color-scheme'), scheme);
    const [ground, ink] = [await rgb(chat.element, 'background-color'), await rgb(chat.element, 'color')];
    assert.equal(lightness(ground) > lightness(ink), scheme === 'light');
    assert.ok(contrast(ground, ink) > 12);
  }
});

test('radius, density and text size change what is drawn', async (t) => {
  const { chat } = await openChat(t, browser, server);
  const box = chat.element.locator('.composer');
  const radii: number[] = [];
  for (const radius of ['pill', 'round', 'soft', 'sharp'] as const) {
    await dress(chat, { radius });
    radii.push(parseFloat(await styleOf(box, 'border-top-left-radius')));
  }
  assert.deepEqual(radii, radii.toSorted((a, b) => b - a));
  assert.equal(new Set(radii).size, 4);
  assert.equal(radii.at(-1), 0);
  const heights: number[] = [];
  for (const density of ['compact', 'normal', 'spacious'] as const) {
    await dress(chat, { density });
    heights.push((await box.boundingBox())!.height);
  }
  assert.ok(heights[0]! < heights[1]! && heights[1]! < heights[2]!, String(heights));
  for (const baseSize of [14, 15, 16, 17, 18] as const) {
    await dress(chat, { typography: { baseSize } });
    assert.equal(await styleOf(chat.composer, 'font-size'), `${baseSize}px`);
  }
});

test('a radius and a density that nobody knows are the usual ones', async (t) => {
  const { chat } = await openChat(t, browser, server);
  const box = chat.element.locator('.composer');
  const look = async () => [await styleOf(box, 'border-radius'), await styleOf(box, 'padding')];
  await dress(chat, {});
  const usual = await look();
  await dress(chat, { radius: 'oval', density: 'airy' } as unknown as ThemeOption);
  assert.deepEqual(await look(), usual);
});

test("the size of the chat's text does not depend on what the page makes of rem", async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  const before = await chat.element.locator('.greeting').boundingBox();
  await page.addStyleTag({ content: 'html { font-size: 62.5% } body { font-size: 9px }' });
  assert.equal(await styleOf(chat.composer, 'font-size'), '16px');
  assert.equal((await chat.element.locator('.greeting').boundingBox())!.width, before!.width);
});

test('fonts of the page are fetched and used, for text and for code', async (t) => {
  const { page, chat } = await openChat(t, browser, server, {});
  await page.route('**/*.woff2', (route) => route.fulfill({ status: 404 }));
  const asked = page.waitForRequest('**/fonts/house.woff2');
  await dress(chat, {
    typography: {
      fontFamily: 'House, serif', fontFamilyMono: 'Typewriter',
      fontSources: [
        { family: 'House', src: '/fonts/house.woff2', weight: 400, style: 'normal', display: 'swap', unicodeRange: 'U+0-7F' },
        { family: 'Broken', src: 'http://[', weight: 'heavy' },
      ],
    },
  });
  await asked;
  assert.match(await styleOf(chat.composer, 'font-family'), /^House, serif, /);
  await chat.ask('Show me everything');
  assert.match(await styleOf(chat.element.locator('pre code').first(), 'font-family'), /^Typewriter, /);
  assert.ok(await page.evaluate(() => [...document.fonts].some((face) => face.family === 'House' && face.unicodeRange === 'U+0-7F')));
});

test('accent, its level, grayscale and surface colour the chat', async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  await chat.ask('Show me only a widget');
  const [send, bubble] = [chat.element.locator('.send'), chat.element.locator('.bubble').first()];
  const bubbles: number[] = [];
  for (const level of [0, 1, 2, 3] as const) {
    await dress(chat, { color: { accent: { primary: 'rgb(0, 90, 40)', level } } });
    assert.deepEqual(await rgb(send, 'background-color'), [0, 90, 40]);
    bubbles.push(lightness(await rgb(bubble, 'background-color')));
  }
  assert.ok(bubbles[1]! > bubbles[2]! && bubbles[2]! > bubbles[3]!, `more of the accent with each level: ${bubbles}`);
  for (const primary of ['#ffd43b', '#12008a', 'hsl(200 90% 60%)']) {
    await dress(chat, { color: { accent: { primary, level: 1 } } });
    assert.ok(contrast(await rgb(send, 'background-color'), await rgb(send, 'color')) > 4.5, primary);
  }
  await dress(chat, { color: { grayscale: { hue: 250, tint: 9, shade: -2 } } });
  const [red, , blue] = await rgb(chat.element.locator('.bubble').first(), 'background-color');
  assert.ok(blue! > red!, 'a blue hue');
  await dress(chat, { color: { grayscale: { hue: 250, tint: 0, shade: 0 } } });
  const gray = await rgb(chat.element.locator('.bubble').first(), 'background-color');
  assert.equal(new Set(gray).size, 1, 'no tint is gray');
  await dress(chat, { color: { grayscale: { hue: 250, tint: 4 } } });
  assert.deepEqual(await rgb(chat.element, 'background-color'), [255, 255, 255], 'white stays white');
  await dress(chat, { color: { surface: { background: '#10243a', foreground: '#e8f0ff' } } });
  assert.deepEqual(await rgb(chat.element, 'background-color'), [16, 36, 58]);
  assert.deepEqual(await rgb(chat.element, 'color'), [232, 240, 255]);
  for (const part of [chat.button('Conversations'), chat.button('New chat')]) {
    assert.ok(contrast([16, 36, 58], await rgb(part, 'color')) > 4.5, 'quiet texts are read on any surface');
  }
  await keepPicture(page, 'theme-surface');
});

test('words in the colour of the accent are read on every ground, and have it as it is where they are read already', async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  const wear = (theme: ThemeOption) => chat.configure({ api: api(), theme, disclaimer: { text: 'It may be [wrong](https://example.com).' } });
  await chat.ask('Show me everything');
  await chat.ask('Ask me questions');
  const [link, copy, skip] = [chat.element.getByRole('link', { name: 'wrong' }), chat.button('Copy').first(), chat.button('Skip')];
  const surface = { background: '#10243a', foreground: '#e8f0ff' };
  const themes: ThemeOption[] = [
    ...['#ffee00', '#220033', 'gold', 'hsl(200 90% 60%)', 'oklch(0.9 0.2 120)', 'rgb(255 0 0 / 0.5)'].flatMap((primary) =>
      (['light', 'dark'] as const).map((colorScheme) => ({ colorScheme, color: { accent: { primary, level: 1 as const } } }))),
    { color: { accent: { primary: '#123456', level: 1 }, surface } },
    { color: { accent: { primary: '#ffee00', level: 1 }, grayscale: { hue: 60, tint: 9, shade: -4 } } },
  ];
  for (const theme of themes) {
    await wear(theme);
    const ground = await rgb(chat.element, 'background-color');
    for (const part of [link, skip]) assert.ok(contrast(ground, await rgb(part, 'color')) >= 4.5, `${await part.innerText()} with ${JSON.stringify(theme)}`);
    assert.ok(contrast(await rgb(chat.element.locator('.code').first(), 'background-color'), await rgb(copy, 'color')) >= 4.5, `Copy with ${JSON.stringify(theme)}`);
  }
  const readAlready: [number[], ThemeOption][] = [
    [[11, 87, 208], { color: { accent: { primary: '#0b57d0', level: 1 } } }],
    [[255, 238, 0], { colorScheme: 'dark', color: { accent: { primary: '#ffee00', level: 1 } } }],
    [[255, 238, 0], { color: { accent: { primary: '#ffee00', level: 1 }, surface } }],
  ];
  for (const [words, theme] of readAlready) {
    await wear(theme);
    assert.deepEqual(await rgb(link, 'color'), words);
  }
  await keepPicture(page, 'theme-accent');
});

test('another theme is put on without drawing the conversation anew', async (t) => {
  const { chat } = await openChat(t, browser, server);
  await chat.ask('Show me everything');
  const heading = await chat.element.getByRole('heading', { name: 'The second level comes first' }).elementHandle();
  await dress(chat, 'dark');
  await chat.element.and(chat.page.locator('[data-dark]')).waitFor();
  assert.ok(await heading!.evaluate((node) => node.isConnected));
});
