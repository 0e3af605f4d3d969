import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Locator, Page } from 'playwright-core';
import { keepPicture, openBrowser } from '../harness/browser.js';
import { openChat, serverForEverybody } from '../harness/everybody.js';
import { eventsOf } from '../harness/page.js';
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

const MODELS = [{ id: 'small', label: 'Small', default: true }, { id: 'large', label: 'Large', description: 'Thinks longer' }, { id: 'huge', label: 'Huge', disabled: true }, { id: 'lean', label: 'Lean' }];
const TOOLS = [{ id: 'search', label: 'Search', icon: 'search' }, { id: 'draw', label: 'Draw', icon: 'images' }, { id: 'sum', label: 'Sum', icon: 'analytics', pinned: true }];
const WHOLE = {
  header: { title: { text: 'Help' } },
  startScreen: { prompts: [{ label: 'Everything', prompt: 'Show me everything', icon: 'sparkle' }, { label: 'Questions', prompt: 'Ask me questions' }] },
  composer: { attachments: { enabled: true }, models: MODELS, tools: TOOLS, dictation: { enabled: true } },
  threadItemActions: { feedback: true, retry: true },
  disclaimer: { text: 'It may be **wrong**.' },
};

/** All rules of axe that are on by default: WCAG A and AA, and what it calls best practice. */
async function axeFindsNothing(page: Page, where: string): Promise<void> {
  // These pages have no frames: axe needs no second tab, in which it puts together what it found in each.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const found = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`) }));
  assert.deepEqual(found, [], where);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing, whatever is shown (${colorScheme})`, async (t) => {
    const theme = { colorScheme, color: { accent: { primary: colorScheme === 'dark' ? '#8ab4ff' : '#0b57d0', level: 2 } } };
    const { page, chat } = await openChat(t, browser, server, { ...WHOLE, theme }, { viewport: { width: 900, height: 3000 }, reducedMotion: 'reduce' });
    // What is out of sight is not laid out, and would not be looked at.
    await chat.element.evaluate((element) => (element as HTMLElement).style.setProperty('height', '2800px'));
    await axeFindsNothing(page, 'the start screen');

    await chat.button('Everything').click();
    await chat.element.getByRole('button', { name: 'Try again' }).waitFor();
    await chat.element.locator('math').first().waitFor();
    await chat.element.locator('.hljs-keyword').first().waitFor();
    for (const fold of await chat.element.locator('summary').all()) if (await fold.getByText(/Sources|Show more/).count() > 0) await fold.click();
    await axeFindsNothing(page, 'a thread');
    await keepPicture(page, `everything-${colorScheme}`);

    await chat.button('Model').click();
    await chat.element.getByRole('menuitemradio').first().waitFor();
    await axeFindsNothing(page, 'a menu');
    await page.keyboard.press('Escape');

    await chat.ask('Ask me questions');
    await axeFindsNothing(page, 'questions');
    const skipped = chat.ended();
    await chat.button('Skip').click();
    await skipped;
    await chat.element.getByText('Skipped').first().waitFor();
    await axeFindsNothing(page, 'questions that were answered');

    await chat.ask('Please fail');
    await chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).waitFor();
    await axeFindsNothing(page, 'an error');

    await chat.element.locator('input[type=file]').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Hello') });
    await chat.element.locator('.uploads').getByRole('alert').waitFor();
    await axeFindsNothing(page, 'an upload that failed');

    const asked = page.waitForRequest((request) => request.postData()?.includes('threads.list') ?? false);
    await chat.button('Conversations').click();
    await (await (await asked).response())!.finished();
    await chat.element.getByRole('dialog').getByRole('button', { name: 'A bit of everything' }).first().waitFor();
    await axeFindsNothing(page, 'the history');
    await chat.button(/^Rename: /).click();
    await axeFindsNothing(page, 'a rename');
    await keepPicture(page, `history-${colorScheme}`);
  });
}

test('axe finds nothing in a list of suggestions', async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  const people = [{ id: 'ada', title: 'Ada', group: 'People', icon: 'user' }, { id: 'bo', title: 'Bo', group: 'People' }, { id: 'doc', title: 'A plan', group: 'Documents' }];
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } }, { 'entities.onTagSearch': `async () => ${JSON.stringify(people)}` });
  await chat.composer.pressSequentially('@a');
  await chat.element.getByRole('option', { name: 'Ada' }).waitFor();
  await axeFindsNothing(page, 'suggestions');
  assert.equal(await chat.composer.evaluate((field) => (field.getRootNode() as ShadowRoot).getElementById(field.getAttribute('aria-activedescendant')!)?.textContent?.trim()), 'Ada');
});

test('axe finds nothing in a list of commands that scrolls, and the keys stay with the field', async (t) => {
  const models = Array.from({ length: 20 }, (_, at) => ({ id: `model-${at}`, label: `Model ${at}` }));
  const { page, chat } = await openChat(t, browser, server, { commands: { enabled: true }, composer: { models } });
  await chat.composer.pressSequentially('/');
  const list = chat.element.getByRole('listbox');
  assert.ok(await list.evaluate((box) => box.scrollHeight > box.clientHeight), 'it scrolls');
  await axeFindsNothing(page, 'commands');
  const hasFocus = () => chat.composer.evaluate((field) => field.matches(':focus'));
  await list.click({ position: { x: 2, y: 60 } });
  assert.ok(await hasFocus(), 'after a click beside the lines');
  await list.focus();
  assert.ok(await hasFocus(), 'when it is gone to');
  await page.keyboard.press('ArrowUp');
  const last = list.getByRole('option').last();
  await chat.page.waitForFunction((line) => line!.classList.contains('active'), await last.elementHandle());
  assert.ok(await last.evaluate((line) => line.getBoundingClientRect().bottom <= line.parentElement!.getBoundingClientRect().bottom), 'what is marked is in sight');
});

test('an answer is announced once and whole, and not word by word', async (t) => {
  const { chat } = await openChat(t, browser, server);
  const heard = await chat.element.evaluateHandle((element) => {
    const heard: string[] = [];
    const region = element.shadowRoot!.querySelector('[aria-live]')!;
    new MutationObserver(() => {
      const text = region.textContent!;
      if (text !== '' && text !== heard.at(-1)) heard.push(text);
    }).observe(region, { childList: true, characterData: true, subtree: true });
    return heard;
  });
  await chat.ask('Say it slowly');
  await chat.page.waitForFunction((heard) => heard.length === 2, heard);
  const [first, second] = await heard.jsonValue();
  assert.equal(first, 'Thinking');
  assert.match(second!, /^A heading One two three .* a point another point const answer = 42; Left Right one two The end of it\.$/);
  assert.doesNotMatch(second!, /[*#|]|Copy/, 'as it is read, and not as it is written');
  await chat.ask('Show me only a widget');
  // It comes at once: there may be no time to say that it is on its way.
  await chat.page.waitForFunction((heard) => heard.at(-1) === 'Assistant', heard);
});

test('an answer that was left for another thread is not announced there', async (t) => {
  const { page, chat } = await openChat(t, browser, server);
  await chat.ask('Say it slowly');
  const [{ threadId }] = (await eventsOf(page, 'chatkit.thread.change')) as [{ threadId: string }];
  await chat.button('New chat').click();
  await chat.say('Please think');
  await chat.button('Stop').waitFor();
  await chat.during('chatkit.response.end', () => chat.call('setThreadId', threadId));
  await chat.lastItem.getByText('The end of it.').waitFor();
  // An answer is read 100 ms after its end. Timers come in their order.
  await page.evaluate(() => new Promise((later) => setTimeout(later, 200)));
  assert.equal(await chat.element.locator('[aria-live=polite]').first().textContent(), '');
});

test('what goes on and what goes wrong is said by role and state', async (t) => {
  const { page, chat } = await openChat(t, browser, server, { frameTitle: 'Help desk' });
  await page.getByRole('region', { name: 'Help desk' }).waitFor();
  await page.getByRole('textbox', { name: 'Message the AI' }).waitFor();
  await chat.say('Please wait');
  await chat.element.getByRole('status').getByText('Looking it up').waitFor();
  const conversation = chat.element.getByRole('group', { name: 'Help desk' });
  assert.equal(await conversation.getAttribute('aria-busy'), 'true');
  await chat.button('Stop').click();
  await chat.button('Send').waitFor();
  assert.equal(await conversation.getAttribute('aria-busy'), 'false');
  await chat.ask('Please fail');
  await chat.element.getByRole('alert').getByText('The line was busy.').waitFor();
  const headings = await conversation.getByRole('heading', { level: 3 }).allTextContents();
  assert.deepEqual(headings.map((text) => text.trim()), ['You', 'You']);
});

test('headings of an answer stand below the heading that says who speaks', async (t) => {
  const { chat } = await openChat(t, browser, server);
  await chat.ask('Show me everything');
  for (const name of ['A bit of everything', 'A table']) await chat.element.getByRole('heading', { name }).first().waitFor();
  const levels = await chat.element.getByRole('heading').evaluateAll((all) =>
    all.map((one) => [Number(one.ariaLevel ?? one.tagName[1]), one.textContent!.trim()]));
  assert.deepEqual(levels, [
    [2, 'A bit of everything'], [2, 'Chat'], [3, 'You'], [3, 'Assistant'], [4, 'The second level comes first'], [5, 'A level was left out'],
    [3, 'Assistant'], [4, 'A table'],
  ]);
});

test('nothing moves for somebody who wants less motion', async (t) => {
  const animations = (page: Page) => page.locator('openai-chatkit').evaluate((element) => element.shadowRoot!.getAnimations().length);
  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    const { page, chat } = await openChat(t, browser, server, {}, { reducedMotion });
    await chat.say('Please think');
    await chat.button('Stop').waitFor();
    await chat.element.locator('.dots').waitFor();
    const moving = await animations(page);
    assert.equal(moving > 0, reducedMotion === 'no-preference', `${moving} animations with ${reducedMotion}`);
  }
});

test('with forced colours, what a ground said is said by lines', async (t) => {
  const { page, chat } = await openChat(t, browser, server, WHOLE, { forcedColors: 'active' });
  await chat.ask('Show me only a widget');
  await chat.element.getByText('Nothing else').waitFor();
  const border = (selector: string) => chat.element.locator(selector).first().evaluate((node) => getComputedStyle(node).borderTopStyle);
  assert.equal(await border('.bubble'), 'solid');
  assert.equal(await border('.send'), 'solid');
  await chat.button('Sum').click();
  await chat.element.getByRole('button', { name: 'Sum', pressed: true }).waitFor();
  assert.equal(await chat.button('Sum').evaluate((node) => getComputedStyle(node).outlineStyle), 'solid');
  await keepPicture(page, 'forced-colors');
});

test('with forced colours, what only a colour says is still seen', async (t) => {
  const { page, chat } = await openChat(t, browser, server, { ...WHOLE, threadItemActions: { feedback: true } }, { forcedColors: 'active' });
  const ground = (part: Locator) => part.first().evaluate((node) => getComputedStyle(node).backgroundColor);
  const canvas = await ground(chat.element);
  await chat.ask('Show me everything');
  const swatch = chat.element.locator('.legend i');
  await swatch.waitFor();
  assert.notEqual(await ground(swatch), canvas, "a series' colour");
  const day = chat.element.locator('input[type=date]');
  await day.fill('2026-03-14');
  await day.press('F4');
  const border = (name: string) => chat.element.getByRole('button', { name }).evaluate((node) => getComputedStyle(node).borderTopWidth);
  await chat.element.getByRole('gridcell', { selected: true }).waitFor();
  assert.notEqual(await border('Saturday, March 14, 2026'), await border('Friday, March 13, 2026'), 'the chosen day');
  await keepPicture(page, 'forced-colors-calendar');
  await page.keyboard.press('Escape');
  await chat.say('Please think');
  await chat.element.locator('.dots').waitFor();
  assert.notEqual(await ground(chat.element.locator('.dots i')), canvas, 'the dots of an answer that is awaited');
  await keepPicture(page, 'forced-colors-dots');
});
