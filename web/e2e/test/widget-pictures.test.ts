import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { keepPicture, openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { show, shownByName } from '../harness/widgets.js';
import { gallery } from '../widgets/gallery.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.answering(shownByName(gallery))]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** What axe finds in the widget. */
async function problems(page: Page): Promise<string[]> {
  // These pages have no frames: axe needs no second tab, in which it puts together what it found in each.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().include({ fromShadowDom: ['openai-chatkit', 'chatkitd-widget'] }).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

for (const name of Object.keys(gallery)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a picture of ${name} in ${colorScheme}, in which axe finds nothing`, async (t) => {
      const { page, widget } = await show(t, browser, server, name, { options: { theme: { colorScheme } }, viewport: { width: 760, height: 900 } });
      if (name === 'charts') await widget.locator('svg').nth(1).waitFor();
      await keepPicture(page, `widget-${name}-${colorScheme}`);
      assert.deepEqual(await problems(page), []);
    });
  }
}

test('a picture of a form that says what is wrong, and of its choices', async (t) => {
  const { page, widget } = await show(t, browser, server, 'form', { viewport: { width: 760, height: 900 } });
  await widget.getByRole('button', { name: 'Reserve' }).click();
  await widget.getByLabel('Name').and(page.locator('[aria-invalid="true"]')).waitFor();
  await widget.getByLabel('Day').press('F4');
  await widget.getByRole('grid').waitFor();
  await keepPicture(page, 'widget-calendar');
  assert.deepEqual(await problems(page), []);
  await page.keyboard.press('Escape');
  await widget.getByLabel('Seats').click();
  await widget.getByRole('option', { name: 'Four By the window' }).waitFor();
  await keepPicture(page, 'widget-choice');
});

test('a widget fits on a phone', async (t) => {
  const { page, widget } = await show(t, browser, server, 'form', { viewport: { width: 360, height: 700 } });
  const { x, width } = (await widget.locator('form').boundingBox())!;
  assert.ok(x >= 0 && x + width <= 360);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await keepPicture(page, 'widget-phone');
});
