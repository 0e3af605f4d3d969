import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
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

const MODELS = [{ id: 'small', label: 'Small', default: true }, { id: 'large', label: 'Large' }, { id: 'huge', label: 'Huge', disabled: true }, { id: 'lean', label: 'Lean' }];
const OPTIONS = {
  startScreen: { prompts: [{ label: 'A widget', prompt: 'Show me only a widget' }] },
  composer: { models: MODELS, attachments: { enabled: true } },
  threadItemActions: { feedback: true, retry: true },
};

const ANSWERED = 'chatkit.response.end';

/** What has the focus, by its name, and whether that can be seen. */
function focused(page: Page): Promise<{ name: string; seen: boolean }> {
  return page.evaluate(() => {
    let element: Element = document.activeElement!;
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    const name = element.getAttribute('aria-label') ?? (element.ariaLabelledByElements?.[0] ?? element).textContent!.trim();
    // The composer shows the focus of its field.
    const shown = element.closest('.composer') !== null && element.matches('[data-composer]') ? element.closest('.composer')! : element;
    const style = getComputedStyle(shown);
    return { name, seen: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) };
  });
}

async function focusIs(page: Page, name: string): Promise<void> {
  let now = '';
  for (let tries = 0; tries < 300 && now !== name; tries++) {
    now = (await focused(page)).name;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  assert.equal(now, name);
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

test('Tab goes through the chat in the order of reading, shows where it is, and leaves it again', async (t) => {
  const { page } = await openChat(t, browser, server, OPTIONS);
  await page.getByRole('link', { name: 'Before' }).focus();
  const order: string[] = [];
  do {
    await press(page, 'Tab');
    const { name, seen } = await focused(page);
    if (name !== 'After') assert.ok(seen, `the focus on ${name} can be seen`);
    order.push(name);
  } while (order.at(-1) !== 'After' && order.length < 20);
  assert.deepEqual(order, ['Conversations', 'A widget', 'Message the AI', 'Attach a file', 'Model: Small', 'After']);
  for (const name of order.toReversed().slice(1)) {
    await press(page, 'Shift+Tab');
    assert.equal((await focused(page)).name, name);
  }
});

test('a menu is used by arrows, Home, End, letters and Escape, and gives the focus back', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  const button = chat.button('Model');
  await button.focus();
  await press(page, 'ArrowDown');
  await focusIs(page, 'Small');
  await chat.element.getByRole('button', { name: 'Model', expanded: true }).waitFor();
  for (const [key, name] of [['ArrowDown', 'Large'], ['End', 'Lean'], ['ArrowDown', 'Small'], ['ArrowUp', 'Lean'], ['Home', 'Small'], ['l', 'Large'], ['L', 'Lean'], ['l', 'Large'], ['h', 'Huge']] as const) {
    await press(page, key);
    assert.equal((await focused(page)).name, name, key);
  }
  await press(page, 'Enter');
  await chat.element.getByRole('menu').waitFor();
  assert.equal(await chat.element.getByRole('menuitemradio', { name: 'Huge' }).getAttribute('aria-disabled'), 'true');
  await press(page, 'Escape');
  await focusIs(page, 'Model: Small');
  await chat.element.getByRole('button', { name: 'Model', expanded: false }).waitFor();
  await press(page, 'Enter', 'ArrowDown', 'Enter');
  await focusIs(page, 'Model: Large');
  await press(page, 'Enter', 'Tab');
  await chat.element.getByRole('menu').waitFor({ state: 'hidden' });
  assert.equal((await focused(page)).name, 'After', 'Tab goes on');
  await button.focus();
  await press(page, 'Enter', 'Shift+Tab');
  await chat.element.getByRole('menu').waitFor({ state: 'hidden' });
  assert.equal((await focused(page)).name, 'Attach a file', 'and back');
});

test('a second click on its button closes a menu', async (t) => {
  const { chat } = await openChat(t, browser, server, OPTIONS);
  const menu = chat.element.getByRole('menu');
  for (const state of ['visible', 'hidden', 'visible'] as const) {
    await chat.button('Model').click();
    await menu.waitFor({ state });
  }
});

test('a whole conversation is led by the keyboard alone', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  await chat.during(ANSWERED, () => chat.button('A widget').press('Enter'));
  await focusIs(page, 'Message the AI');
  await page.keyboard.type('Hello');
  await press(page, 'Shift+Enter');
  await page.keyboard.type('you');
  await chat.during(ANSWERED, () => press(page, 'Enter'));
  await chat.element.locator('.bubble').filter({ hasText: /Hello\nyou/ }).waitFor();
  await focusIs(page, 'Message the AI');

  await chat.button('Good answer').last().waitFor();
  while ((await focused(page)).name !== 'Good answer') await press(page, 'Shift+Tab');
  await press(page, 'Enter');
  await chat.element.getByRole('button', { name: 'Good answer', pressed: true }).waitFor();
  await chat.during(ANSWERED, () => press(page, 'Tab', 'Tab', 'Space'));
  await focusIs(page, 'Message the AI');
  await press(page, 'Tab');
  assert.notEqual((await focused(page)).name, 'Before', 'the focus did not begin again at the top');
});

test('a stop, an error that is tried again and a notice that is taken away leave the focus in the chat', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  await chat.say('Please think');
  await chat.button('Stop').focus();
  await chat.during(ANSWERED, () => press(page, 'Enter'));
  await focusIs(page, 'Message the AI');
  await chat.ask('Please fail');
  await chat.during(ANSWERED, () => chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).press('Enter'));
  await focusIs(page, 'Message the AI');
  await chat.button('Dismiss').press('Enter');
  await chat.element.getByRole('alert').waitFor({ state: 'detached' });
  await focusIs(page, 'Message the AI');
});

test('questions are answered by the keyboard', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  await chat.ask('Ask me questions');
  await chat.element.getByRole('radio', { name: 'S', exact: true }).focus();
  await press(page, 'ArrowDown');
  assert.ok(await chat.element.getByRole('radio', { name: 'M', exact: true }).isChecked());
  while ((await focused(page)).name !== 'Submit') await press(page, 'Tab');
  await chat.during(ANSWERED, () => press(page, 'Enter'));
  await chat.element.getByRole('definition').filter({ hasText: 'M' }).first().waitFor();
  await focusIs(page, 'Message the AI');
});

test('the history is opened, searched, renamed in and closed by the keyboard, and holds nobody', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  await chat.ask('Show me only a widget');
  await chat.button('Conversations').focus();
  await press(page, 'Enter');
  await focusIs(page, 'Back');
  const dialog = chat.element.getByRole('dialog', { name: 'Conversations' });
  await dialog.getByRole('button', { name: /^Rename: / }).waitFor();
  while (!(await focused(page)).name.startsWith('Rename: ')) await press(page, 'Tab');
  await press(page, 'Enter');
  await focusIs(page, 'Rename');
  await page.keyboard.insertText('Lunch');
  await press(page, 'Enter');
  await dialog.getByRole('button', { name: 'Rename: Lunch' }).waitFor();
  await focusIs(page, 'Rename: Lunch');
  await press(page, 'Enter', 'Escape');
  await focusIs(page, 'Rename: Lunch');
  await press(page, 'Tab', 'Tab');
  await focusIs(page, 'After');
  await press(page, 'Shift+Tab', 'Escape');
  await dialog.waitFor({ state: 'detached' });
  await focusIs(page, 'Conversations');
});

test('while an input method composes a word, Enter sends nothing and Escape closes nothing', async (t) => {
  const { page, chat } = await openChat(t, browser, server, OPTIONS);
  const client = await page.context().newCDPSession(page);
  const compose = () => client.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  // What a browser sends for a key that the input method takes.
  const take = async (key: string) => {
    await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key, code: key, windowsVirtualKeyCode: 229 });
    await client.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: 229 });
  };
  await chat.composer.focus();
  await compose();
  await take('Enter');
  assert.equal(await chat.composer.textContent(), 'にほん');
  await client.send('Input.insertText', { text: '日本' });
  assert.equal(await chat.items.count(), 0);
  await chat.during(ANSWERED, () => press(page, 'Enter'));
  await chat.element.locator('.bubble').filter({ hasText: '日本' }).waitFor();

  await chat.button('Conversations').press('Enter');
  await chat.button(/^Rename: /).press('Enter');
  await focusIs(page, 'Rename');
  await compose();
  await take('Escape');
  await chat.element.getByRole('textbox', { name: 'Rename' }).waitFor();
  await chat.element.getByRole('dialog').waitFor();
});
