import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { awaitLanguages, keepPicture, openBrowser, setTextSize } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { openChat, serverForEverybody, type OpenChat } from '../harness/everybody.js';
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

const OPTIONS = {
  header: { leftAction: { icon: 'menu' }, rightAction: { icon: 'close' } },
  startScreen: { prompts: [{ label: 'A prompt that is so long that it needs several lines on a small phone, and more', prompt: 'Hello' }] },
  composer: {
    attachments: { enabled: true }, dictation: { enabled: true },
    models: [{ id: 'a', label: 'A model with a long name', default: true }],
    tools: [{ id: 'search', label: 'Search', icon: 'search' }, { id: 'sum', label: 'Sum', icon: 'analytics', pinned: true }],
  },
  threadItemActions: { feedback: true, retry: true },
};

/** The chat alone on a phone, as tall as the screen. */
async function onPhone(open: OpenChat): Promise<OpenChat> {
  await open.page.addStyleTag({ content: 'h1, main > p { display: none } #chat { height: 100dvh !important }' });
  return open;
}

/** Nothing sticks out: neither the page nor any part of the chat can be scrolled to the side, but what scrolls by itself. */
async function fits(page: Page, where: string): Promise<void> {
  const wide = await page.locator('openai-chatkit').evaluate((element) => {
    const root = element.shadowRoot!;
    const found: string[] = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
    for (const part of root.querySelectorAll('*')) {
      const { right, left, width } = part.getBoundingClientRect();
      const scrolls = part.closest('pre, .table, .formula, .unseen, svg') !== null;
      if (!scrolls && width > 0 && (right > innerWidth + 1 || left < -1)) found.push(`${part.tagName}.${part.className} ${left} to ${right}`);
    }
    return found;
  });
  assert.deepEqual(wide, [], where);
}

for (const [width, height] of [[360, 640], [320, 568]] as const) {
  test(`on a phone of ${width} by ${height} everything fits and can be touched`, async (t) => {
    const { page, chat } = await onPhone(await openChat(t, browser, server, OPTIONS, { viewport: { width, height }, hasTouch: true, isMobile: true }));
    await fits(page, 'the start screen');
    await keepPicture(page, `phone-${width}-start`);
    await chat.ask('Show me everything');
    await chat.element.locator('math').first().waitFor();
    await fits(page, 'a thread');
    await keepPicture(page, `phone-${width}`);
    const small = await chat.element.evaluate((element) => [...element.shadowRoot!.querySelectorAll('button, summary, a.icon, label:has(input)')].flatMap((part) => {
      const { width, height } = part.getBoundingClientRect();
      // A link within a text is as high as the text (WCAG 2.5.8).
      if (width === 0 || part.matches('.source, .tag')) return [];
      return width < 43.5 || height < 43.5 ? [`${part.ariaLabel ?? part.textContent!.trim()}: ${width} x ${height}`] : [];
    }));
    assert.deepEqual(small, []);
    await chat.button('Conversations').tap();
    await chat.element.getByRole('dialog').getByRole('button', { name: 'A bit of everything' }).first().waitFor();
    await fits(page, 'the history');
    await chat.button('Back').tap();
    await chat.button('Model').tap();
    await chat.element.getByRole('menuitemradio').first().waitFor();
    await fits(page, 'a menu');
  });
}

test('the composer stays above an on-screen keyboard that lies over the page', async (t) => {
  const { page, chat } = await onPhone(await openChat(t, browser, server, OPTIONS, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }));
  await chat.composer.tap();
  // The focus comes after the touch.
  await page.waitForFunction(() => document.activeElement?.localName === 'openai-chatkit');
  const keyboard = (height: number, scale = 1) => page.evaluate(([height, scale]) => {
    Object.defineProperties(visualViewport!, { height: { configurable: true, value: height }, scale: { configurable: true, value: scale } });
    visualViewport!.dispatchEvent(new Event('resize'));
  }, [height, scale] as const);
  const bottom = async () => {
    const box = (await chat.element.locator('.composer').boundingBox())!;
    return box.y + box.height;
  };
  const before = await bottom();
  await keyboard(380);
  assert.ok((await bottom()) < 380, 'the composer is in sight');
  assert.ok((await chat.button('Conversations').boundingBox())!.y >= 0);
  await keepPicture(page, 'keyboard');
  await keyboard(380, 2);
  assert.equal(await bottom(), before, 'a page that is zoomed in has no keyboard');
  await keyboard(600);
  assert.equal(await bottom(), before, "a browser's bar is no keyboard");
  await keyboard(640);
  assert.equal(await bottom(), before);
});

test('a text twice as large, as set in the browser, is taken and fits', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS, { viewport: { width: 640, height: 900 } });
  const size = () => chat.composer.evaluate((node) => parseFloat(getComputedStyle(node).fontSize));
  assert.equal(await size(), 16);
  await setTextSize(page, 32);
  await fits(page, 'the start screen');
  await chat.ask('Show me everything');
  await chat.element.locator('math').first().waitFor();
  await fits(page, 'a thread');
  await keepPicture(page, 'text-200');
});

test('in a box of 300 by 320 pixels the chat can still be used', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  await chat.element.evaluate((element) => (element as HTMLElement).style.setProperty('height', '320px'));
  await page.setViewportSize({ width: 300, height: 480 });
  await chat.composer.fill('Hello');
  await chat.button('Send').click();
  await chat.element.getByText('Heard.').first().waitFor();
  await fits(page, 'a small box');
});

/** Whether all of it is seen in the chat. */
async function isInSight(chat: Chat, part: Locator): Promise<boolean> {
  const [inner, outer] = [(await part.boundingBox())!, (await chat.element.boundingBox())!];
  return inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}

const FILES = Array.from({ length: 10 }, (_, at) => ({ name: `picture-${at}.png`, mimeType: 'image/png', buffer: Buffer.from('None') }));

for (const [width, height, text] of [[380, 500, 16], [300, 320, 16], [380, 500, 32]] as const) {
  test(`with ten files and a long quote, one still writes and sends in a chat of ${width} by ${height} pixels, with letters of ${text}`, async (t) => {
    const models = Array.from({ length: 20 }, (_, at) => ({ id: `model-${at}`, label: `Model ${at}` }));
    const options = { ...OPTIONS, commands: { enabled: true }, composer: { ...OPTIONS.composer, models } };
    const { page, chat } = await openChat(t, browser, server, options, { viewport: { width, height: 700 } });
    await setTextSize(page, text);
    await chat.element.evaluate((element, height) => (element as HTMLElement).style.setProperty('height', `${height}px`), height);
    await chat.call('setComposerValue', { reply: 'What the answer said before. '.repeat(40) });
    await chat.element.locator('input[type=file]').setInputFiles(FILES);
    await chat.button('Remove: picture-9.png').waitFor();
    await keepPicture(page, `composer-full-${width}-${height}-${text}`);
    for (const part of [chat.composer, chat.button('Send'), chat.button('Remove').first(), chat.button('Remove: picture-9.png')]) {
      await part.scrollIntoViewIfNeeded();
      assert.ok(await isInSight(chat, part), String(part));
    }
    await chat.composer.pressSequentially('/');
    const first = chat.element.getByRole('option', { selected: true });
    await first.waitFor();
    await keepPicture(page, `composer-full-${width}-${height}-${text}-choices`);
    assert.ok(await isInSight(chat, chat.element.getByRole('listbox')));
    assert.ok(await isInSight(chat, first), 'the choice that Enter takes');
  });
}

test('a menu that has room neither above its button nor below it stays on the screen, and scrolls', async (t) => {
  const models = Array.from({ length: 20 }, (_, at) => ({ id: `model-${at}`, label: `Model ${at}` }));
  const { page, chat } = await openChat(t, browser, server, { composer: { models } }, { viewport: { width: 320, height: 256 } });
  await chat.button('Model').click();
  const menu = chat.element.getByRole('menu');
  await menu.waitFor();
  await keepPicture(page, 'menu-256');
  const { y, height } = (await menu.boundingBox())!;
  assert.ok(y >= 0 && y + height <= 256, `${y} to ${y + height}`);
  await page.keyboard.press('End');
  const last = (await chat.element.getByRole('menuitemradio', { name: 'Model 19' }).boundingBox())!;
  assert.ok(last.y + last.height <= y + height);
});

for (const [width, height, count] of [[380, 500, 7], [320, 500, 5]] as const) {
  test(`a start screen that is higher than its box of ${width} by ${height} pixels can be scrolled from end to end`, async (t) => {
    const prompts = Array.from({ length: count }, (_, at) => ({ label: `Prompt ${at}: what can you tell me about my last orders?`, prompt: 'Hello' }));
    const startScreen = { greeting: 'Hello. What is it that we can do for you today?', prompts };
    const { page, chat } = await openChat(t, browser, server, { startScreen });
    await chat.element.evaluate((element, size) => Object.assign((element as HTMLElement).style, size), { width: `${width}px`, height: `${height}px` });
    const start = chat.element.locator('.start');
    assert.ok(await start.evaluate((box) => box.scrollHeight > box.clientHeight), 'it is higher');
    for (const name of [/^Hello\. What/, ...prompts.map(({ label }) => label)]) {
      const part = chat.element.getByText(name);
      await part.scrollIntoViewIfNeeded();
      const [inner, outer] = [(await part.boundingBox())!, (await start.boundingBox())!];
      assert.ok(inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height, String(name));
    }
    await keepPicture(page, `start-${width}`);
  });
}

test('a start screen that is lower than its box stands at its end', async (t) => {
  const { chat } = await openChat(t, browser, server, OPTIONS);
  const [prompt, start] = [(await chat.element.locator('.prompt').boundingBox())!, (await chat.element.locator('.start').boundingBox())!];
  assert.equal(prompt.y + prompt.height + 20, start.y + start.height);
});

interface Shift { value: number; sources: string[] }

/** Watches from the first paint on; `hadRecentInput` does not excuse anything here. */
async function watchShifts(page: Page): Promise<() => Promise<Shift[]>> {
  await page.addInitScript(() => {
    const shifts: Shift[] = ((window as unknown as { shifts: Shift[] }).shifts = []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; sources: { node: Node | null }[] })[]) {
        shifts.push({ value: entry.value, sources: entry.sources.map(({ node }) => (node instanceof Element ? node.outerHTML : (node?.textContent ?? '')).slice(0, 100)) });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  return () => page.evaluate(() => (window as unknown as { shifts: Shift[] }).shifts);
}

for (const locale of ['en', 'ar']) {
  test(`nothing jumps while the chat is loaded and while an answer is written (${locale})`, async (t) => {
    const { page, chat } = await openChat(t, browser, server, { ...OPTIONS, locale, startScreen: { prompts: [{ label: 'Hello', prompt: 'Hello', icon: 'lucide:anchor' }] } });
    await awaitLanguages(page);
    const shifts = await watchShifts(page);
    await page.reload();
    await chat.element.locator('.prompt svg').waitFor();
    assert.deepEqual(await shifts(), [], 'while it is loaded');
    for (const words of ['Say it slowly', 'Once more, slowly']) {
      await chat.ask(words);
      await chat.element.locator('.actions').last().waitFor();
    }
    assert.deepEqual(await shifts(), [], 'while answers are written');
  });
}

test('nothing jumps when the button that leads to the end comes and goes', async (t) => {
  const { chat } = await openChat(t, browser, server, OPTIONS);
  await chat.ask('Show me everything');
  await chat.element.locator('math').first().waitFor();
  const down = chat.element.getByRole('button', { name: 'Scroll to the newest message' });
  const thread = chat.element.locator('.thread');
  const scrollTo = (top: number) => thread.evaluate((node, top) => {
    node.scrollTop = top;
  }, top);
  const height = () => thread.evaluate((node) => node.scrollHeight);
  await scrollTo(0);
  await down.waitFor();
  const away = await height();
  await down.click();
  await down.waitFor({ state: 'detached' });
  assert.equal(await height(), away);
});
