import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { answered, show, shownByName, type Shown } from '../harness/widgets.js';
import { answers, clicked } from '../widgets/actions.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ ...shownByName(clicked), ...answers })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const shown = (t: TestContext, name: string): Promise<Shown> => show(t, browser, server, name);
const button = (widget: Locator, name: string) => widget.getByRole('button', { name, exact: true });
const isBusy = (control: Locator) => control.and(control.page().locator('[aria-busy="true"]'));

for (const name of ['auto', 'self']) {
  test(`loadingBehavior ${name} of a button shows on the button itself, which keeps the focus`, async (t) => {
    const page = await shown(t, 'loading');
    await answered(page.chat, async () => {
      await button(page.widget, name).click();
      await isBusy(button(page.widget, name)).waitFor();
      assert.equal(await button(page.widget, 'none').isDisabled(), true);
      assert.equal(await page.widget.locator('[inert]').count(), 0);
      await page.chat.stop();
    });
    await button(page.widget, name).and(page.page.locator(':focus')).waitFor();
    await button(page.widget, name).and(page.page.locator('[aria-busy="false"][aria-disabled="false"]')).waitFor();
    assert.equal(page.sent.length, 1);
  });
}

test('loadingBehavior container takes the whole widget out of use, and gives the focus back', async (t) => {
  const page = await shown(t, 'loading');
  await answered(page.chat, async () => {
    await button(page.widget, 'container').click();
    await page.widget.locator('[inert][aria-busy="true"]').waitFor();
    await page.chat.stop();
  });
  await button(page.widget, 'container').and(page.page.locator(':focus')).waitFor();
  assert.equal(await page.widget.locator('[inert]').count(), 0);
});

test('loadingBehavior none shows nothing', async (t) => {
  const page = await shown(t, 'loading');
  await answered(page.chat, async () => {
    await button(page.widget, 'none').click();
    await page.chat.button('Stop').waitFor();
    assert.equal(await page.widget.locator('[aria-busy="true"], [inert]').count(), 0);
    await page.chat.stop();
  });
});

test('a confirmation takes the whole card, a cancellation with self its own button, a choice with self its field', async (t) => {
  const page = await shown(t, 'loading');
  await answered(page.chat, async () => {
    await button(page.widget, 'Confirm').click();
    await page.widget.locator('[inert]').waitFor();
    await page.chat.stop();
  });
  await answered(page.chat, async () => {
    await button(page.widget, 'Cancel').click();
    await isBusy(button(page.widget, 'Cancel')).waitFor();
    await page.chat.stop();
  });
  await answered(page.chat, async () => {
    await page.widget.getByLabel('Pick').selectOption('A');
    await page.widget.getByLabel('Pick').and(page.page.locator(':disabled')).waitFor();
    await page.chat.stop();
  });
  assert.equal(await page.widget.getByLabel('Pick').isEnabled(), true);
});

test('an action that fails says so, and leaves the widget as it was', async (t) => {
  const page = await shown(t, 'loading');
  await answered(page.chat, () => button(page.widget, 'broken').click());
  await page.chat.element.getByText('The answer failed.').waitFor();
  await button(page.widget, 'refused').click();
  await page.chat.button('Try again').first().waitFor();
  await button(page.widget, 'refused').and(page.page.locator('[aria-busy="false"][aria-disabled="false"]')).waitFor();
  assert.equal(await page.widget.locator('[inert]').count(), 0);
});
