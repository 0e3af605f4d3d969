import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { awaitLanguages, keepPicture, openBrowser } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { openChat, serverForEverybody } from '../harness/everybody.js';
import { root, type Server } from '../harness/server.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), serverForEverybody()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** The languages that the declarations name. */
async function declared(type: 'TranslatedLocale' | 'SupportedLocale'): Promise<string[]> {
  const types = await readFile(join(root, 'web/node_modules/@openai/chatkit/types/index.d.ts'), 'utf8');
  const [, body] = new RegExp(`export type ${type} =([^;]*);`).exec(types)!;
  return [...body!.matchAll(/'([^']+)'/g)].map(([, text]) => text!);
}

async function words(locale: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(root, `web/element/src/locale/files/${locale}.json`), 'utf8'));
}

async function speak(chat: Chat, locale: string | undefined, lang: string): Promise<{ dir: string; ask: string | null; greeting: string | null }> {
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, locale });
  await chat.element.and(chat.page.locator(`[lang="${lang}"]`)).waitFor();
  return chat.element.evaluate(async (element) => {
    await (element as HTMLElement & { updateComplete: Promise<unknown> }).updateComplete;
    const root = element.shadowRoot!;
    const ask = root.querySelector('[data-composer]')!.getAttribute('aria-label');
    return { dir: (element as HTMLElement).dir, ask, greeting: root.querySelector('.greeting')!.textContent };
  });
}

test('every language of the declarations is loaded and shown, in its direction', async (t) => {
  const { chat } = await openChat(t, browser, server);
  const locales = await declared('TranslatedLocale');
  assert.ok(locales.length > 60);
  for (const locale of locales) {
    const { ask, greeting } = await words(locale);
    assert.deepEqual(await speak(chat, locale, locale), { dir: ['ar', 'ur'].includes(locale) ? 'rtl' : 'ltr', ask, greeting });
  }
});

test('every other code that the declarations accept finds its language', async (t) => {
  const { chat } = await openChat(t, browser, server);
  for (const locale of await declared('SupportedLocale')) {
    await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, locale });
    const language = locale.split('-')[0]!;
    await chat.element.and(chat.page.locator(`[lang="${language}"], [lang^="${language}-"]`)).waitFor();
  }
});

test('a region gets its own variant or the nearest, and what nobody has translated is English', async (t) => {
  const { chat } = await openChat(t, browser, server);
  const near = { 'es-MX': 'es-419', 'pt-AO': 'pt-PT', 'fr-BE': 'fr-FR', 'fr-CA': 'fr-CA', 'de-AT': 'de-DE', 'zh-Hant-HK': 'zh-HK', 'zh-SG': 'zh-CN', no: 'nb-NO' };
  for (const [asked, lang] of Object.entries(near)) assert.equal((await speak(chat, asked, lang)).ask, (await words(lang)).ask, asked);
  for (const asked of ['eu', 'x-klingon', 'en-GB', '']) assert.equal((await speak(chat, asked, 'en')).ask, 'Message the AI', asked);
});

test("without an option the chat speaks the browser's language", async (t) => {
  const { chat } = await openChat(t, browser, server, {}, { locale: 'de-CH' });
  await chat.element.and(chat.page.locator('[lang="de-DE"]')).waitFor();
  assert.equal(await chat.composer.getAttribute('aria-label'), (await words('de-DE')).ask);
});

test('the chat is not drawn in English before its language is there', async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  await awaitLanguages(page);
  let send = () => {};
  const held = new Promise<void>((resolve) => (send = resolve));
  await page.route('**/locale/ja-JP.json', async (route) => {
    await held;
    await route.fallback();
  });
  const asked = page.waitForRequest('**/locale/ja-JP.json');
  await page.evaluate((api) => {
    const second = document.createElement('openai-chatkit') as HTMLElement & { setOptions(options: unknown): void };
    second.id = 'second';
    second.style.height = '400px';
    second.setOptions({ api, locale: 'ja-JP', frameTitle: 'Second' });
    document.querySelector('main')!.append(second);
  }, { url: `${server.url}/chatkit`, domainKey: 'any' });
  await asked;
  const second = page.locator('#second');
  assert.equal(await second.evaluate((element) => element.shadowRoot!.textContent!.trim()), '');
  send();
  await second.getByText((await words('ja-JP')).greeting!).waitFor();
  assert.equal(await chat.element.count(), 2);
});

test('a language that cannot be loaded leaves the chat in English', async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  await page.route('**/locale/*.json', (route) => route.abort());
  await speak(chat, 'fi', 'en');
  assert.equal(await chat.composer.getAttribute('aria-label'), 'Message the AI');
  await page.unroute('**/locale/*.json');
  await speak(chat, 'fi', 'fi-FI');
});

for (const locale of ['ar', 'he', 'fa', 'ur']) {
  test(`from right to left the chat is mirrored, and code is not (${locale})`, async (t) => {
    const { page, chat } = await openChat(t, browser, server, { locale, header: { rightAction: { icon: 'close' } }, threadItemActions: { retry: true } });
    await chat.ask('In arabic, please');
    await chat.element.locator('pre code .hljs-keyword').waitFor();
    const side = async (selector: string) => {
      const box = (await chat.element.locator(selector).first().boundingBox())!;
      return box.x + box.width / 2 < 450 ? 'left' : 'right';
    };
    assert.equal(await chat.composer.evaluate((node) => getComputedStyle(node).direction), 'rtl');
    assert.equal(await side('.header .side'), 'right');
    assert.equal(await side('.user_message .bubble'), 'left');
    assert.equal(await side('.send'), 'left');
    assert.equal(await side('.actions button'), 'right');
    const way = (selector: string) => chat.element.locator(selector).first().evaluate((node) => getComputedStyle(node).direction);
    assert.equal(await way('pre'), 'ltr');
    assert.equal(await way('p code'), 'ltr');
    assert.equal(await way('.assistant_message .block'), 'rtl');
    assert.equal(await chat.element.locator('.assistant_message .block').last().evaluate((node) => getComputedStyle(node).direction), 'ltr', 'an English paragraph');
    await keepPicture(page, `rtl-${locale}`);
  });
}

test('a text in Arabic runs from right to left in an English chat, too', async (t) => {
  const { chat } = await openChat(t, browser, server);
  await chat.ask('مرحبا arabic');
  await chat.button('Copy').first().waitFor();
  for (const selector of ['.bubble', '.assistant_message .block']) {
    assert.equal(await chat.element.locator(selector).first().evaluate((node) => getComputedStyle(node).direction), 'rtl');
  }
});
