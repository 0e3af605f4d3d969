import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { show, shownByName, type Shown } from '../harness/widgets.js';
import { updates, written } from '../widgets/updates.js';

let browser: Browser;
let server: Server;
before(async () => {
  const { component, stream, root, replace } = updates;
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ ...shownByName({ written }), actions: { component, stream, root, replace } })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** Makes the server change the widget, as an agent that is still at work does. */
async function change({ chat, widget }: Shown, type: keyof typeof updates): Promise<void> {
  await chat.call('sendCustomAction', { type }, await widget.getAttribute('data-item'));
}

async function write({ widget }: Shown): Promise<void> {
  await widget.getByLabel('I agree').check();
  await widget.getByLabel('Size').selectOption('Large');
  await widget.getByRole('textbox', { name: 'note' }).fill('Yours');
  await widget.getByRole('button', { name: 'Show more' }).click();
  const name = widget.getByLabel('Name');
  await name.fill('Ada Lovelace');
  await name.evaluate((input: HTMLInputElement) => input.setSelectionRange(3, 5));
}

async function assertKept({ page, widget }: Shown): Promise<void> {
  const name = widget.getByLabel('Name');
  assert.equal(await name.inputValue(), 'Ada Lovelace');
  assert.equal(await name.and(page.locator(':focus')).count(), 1, 'the field has the focus');
  assert.deepEqual(await name.evaluate((input: HTMLInputElement) => [input.selectionStart, input.selectionEnd]), [3, 5]);
  assert.equal(await widget.getByLabel('I agree').isChecked(), true);
  assert.equal(await widget.getByLabel('Size').inputValue(), 'l');
  assert.equal(await widget.getByRole('textbox', { name: 'note' }).inputValue(), 'Yours');
  assert.deepEqual(await widget.getByRole('listitem').allInnerTexts(), ['One', 'Two']);
}

for (const [type, seen] of Object.entries({ component: 'One', stream: 'Once upon a time', root: 'Something new', replace: 'Something new' })) {
  test(`what was typed, chosen and opened stays through an update of kind ${type}`, async (t) => {
    const shown = await show(t, browser, server, 'written');
    await write(shown);
    await change(shown, type as keyof typeof updates);
    await shown.widget.getByText(seen, { exact: true }).first().waitFor();
    await assertKept(shown);
  });
}

test('texts that stream grow, and are no longer busy at their end', async (t) => {
  const shown = await show(t, browser, server, 'written');
  const text = shown.widget.locator('p', { hasText: 'Once' });
  assert.equal(await text.getAttribute('aria-busy'), 'true');
  await change(shown, 'stream');
  await shown.widget.getByText('Once upon a time').waitFor();
  assert.equal(await text.getAttribute('aria-busy'), 'false');
  await shown.widget.locator('strong', { hasText: 'long' }).waitFor();
  await shown.widget.getByText('ago.').waitFor();
});
