import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { show, shownByName, type Shown, type ShowOptions } from '../harness/widgets.js';
import { charts } from '../widgets/charts.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.answering(shownByName(charts))]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const shown = (t: TestContext, name: string, options?: ShowOptions): Promise<Shown> => show(t, browser, server, name, options);
const pictures = (widget: Locator) => widget.getByRole('group').and(widget.page().locator('chatkitd-chart'));
const boxes = (marks: Locator) => marks.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect));

test('bars stand on one another in a stack and beside one another else, as far apart as they should', async (t) => {
  const { widget } = await shown(t, 'bars');
  const bars = pictures(widget).first().locator('rect');
  await bars.nth(11).waitFor();
  const all = await boxes(bars);
  const [sold, kept, lost] = [all[0]!, all[4]!, all[8]!];
  assert.equal(Math.round(sold.top), Math.round(kept.bottom), 'a stack has no gap');
  assert.equal(Math.round(sold.left), Math.round(kept.left));
  assert.equal(Math.round(lost.left - sold.right), 10, 'barGap');
  assert.equal(Math.round(all[1]!.left - lost.right), 40, 'barCategoryGap');
  assert.ok(all[11]!.top >= Math.round(sold.bottom) - 1, 'what is below zero hangs below it');
  assert.equal(Math.round((kept.height / sold.height) * 3), 5, 'heights are values');
});

test('series have the colours that they say, or one of their own', async (t) => {
  const { widget } = await shown(t, 'bars', { options: { theme: 'dark' } });
  const bars = pictures(widget).first().locator('rect');
  await bars.nth(11).waitFor();
  const fills = await bars.evaluateAll((all) => all.map((bar) => getComputedStyle(bar).fill));
  assert.deepEqual([fills[0], fills[4]], ['rgb(1, 2, 3)', 'rgb(7, 8, 9)']);
  assert.equal(new Set(fills).size, 3);
});

test('the axes say what the numbers and the rows are', async (t) => {
  const { widget } = await shown(t, 'bars');
  const words = pictures(widget).first().locator('text');
  await words.first().waitFor();
  const all = await words.allTextContents();
  for (const expected of ['Monday', 'Tue', 'Wed', 'Thu', '0']) assert.ok(all.includes(expected), `${expected} in ${all.join(' ')}`);
  assert.ok(all.some((word) => Number(word) >= 10), 'the axis reaches the highest stack');
});

test('a chart without axes, legend and tooltip has none', async (t) => {
  const { page, widget } = await shown(t, 'plain');
  const picture = pictures(widget).first();
  await picture.locator('rect').first().waitFor();
  assert.equal(await picture.locator('text').count(), 0);
  assert.equal(await widget.locator('.legend').count(), 0);
  await picture.hover();
  assert.equal(await page.getByRole('status').filter({ hasText: 'Mon' }).count(), 0);
});

test('the legend names the series', async (t) => {
  const { widget } = await shown(t, 'bars');
  assert.deepEqual(await widget.locator('.legend li').allInnerTexts(), ['Sold', 'Kept', 'lost']);
});

test('pointing at a row shows its values, and so do the arrow keys', async (t) => {
  const { page, widget } = await shown(t, 'bars');
  const picture = pictures(widget).first();
  await picture.locator('rect').nth(11).waitFor();
  const tip = picture.getByRole('status');
  const { width, height } = (await picture.boundingBox())!;
  await picture.hover({ position: { x: width - 40, y: height / 2 } });
  assert.deepEqual((await tip.innerText()).split('\n'), ['Thu', 'Sold: 2', 'Kept: 4', 'lost: -3']);
  await page.mouse.move(0, 0);
  await tip.waitFor({ state: 'hidden' });
  await picture.focus();
  await page.keyboard.press('ArrowRight');
  assert.match(await tip.innerText(), /^Monday/);
  await page.keyboard.press('ArrowRight');
  assert.match(await tip.innerText(), /^Tue/);
  await page.evaluate(() => addEventListener('keydown', ({ key }) => Object.assign(globalThis, { heard: key })));
  await page.keyboard.press('Escape');
  await tip.waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => 'heard' in globalThis), false, 'what is around it stays');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => 'heard' in globalThis), true);
});

test('the values of a row are written as the language has it, and anew in another one', async (t) => {
  const { widget, chat, page } = await shown(t, 'large', { options: { locale: 'en' } });
  const picture = pictures(widget).first();
  const first = picture.locator('text[text-anchor=end]').first();
  await first.waitFor();
  await picture.press('ArrowRight');
  await picture.getByRole('status').getByText('sold: 3,000.5', { exact: true }).waitFor();
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, locale: 'de' });
  await page.waitForFunction(() => document.querySelector<HTMLElement>('openai-chatkit')!.lang.startsWith('de'));
  await picture.getByRole('status').waitFor({ state: 'detached' });
  await picture.blur();
  await picture.press('ArrowRight');
  await picture.getByRole('status').getByText('sold: 3.000,5', { exact: true }).waitFor();
});

test('from right to left, too, the numbers of an axis stand beside the plot', async (t) => {
  for (const name of ['bars', 'large']) {
    const { widget } = await shown(t, name, { options: { locale: 'ar' } });
    const picture = pictures(widget).first();
    const numbers = picture.locator('text[text-anchor=end]');
    await numbers.first().waitFor();
    const [plot] = await boxes(picture.locator('line.grid').first());
    for (const { left, right } of await boxes(numbers)) assert.ok(left < right && right <= plot!.left, `${right} of ${plot!.left}`);
  }
});

test('the numbers of a chart are a table for those who listen', async (t) => {
  const { widget } = await shown(t, 'bars');
  const table = widget.getByRole('table');
  assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), ['day', 'Sold', 'Kept', 'lost']);
  assert.deepEqual(await table.getByRole('row').nth(1).locator('th, td').allInnerTexts(), ['Monday', '3', '5', '2']);
  assert.equal(await pictures(widget).first().getAttribute('aria-label'), 'Sold, Kept, lost');
});

test('lines and areas go through their values; areas of a stack stand on one another', async (t) => {
  const { widget } = await shown(t, 'lines');
  const paths = pictures(widget).first().locator('path');
  await paths.nth(4).waitFor();
  const drawn = await paths.evaluateAll((all) => all.map((path) => [path.getAttribute('class'), path.getAttribute('d')!]));
  assert.deepEqual(drawn.map(([kind]) => kind), ['line-of-series', 'area', 'line-of-series', 'area', 'line-of-series']);
  assert.equal(drawn[0]![1]!.split('L').length, 4, 'four values, joined by straight lines');
  assert.equal(drawn.some(([, d]) => d!.includes('NaN')), false);
});

test('every kind of curve is drawn, and no two alike', async (t) => {
  const { widget } = await shown(t, 'curves', { viewport: { width: 900, height: 2400 } });
  await pictures(widget).nth(14).locator('path').first().waitFor();
  const lines = await pictures(widget).evaluateAll((all) => all.map((one) => one.querySelector('.line-of-series')!.getAttribute('d')!));
  assert.equal(lines.length, 15);
  assert.equal(lines.some((d) => d === '' || d.includes('NaN')), false);
  // bump is bumpX and monotone is monotoneX.
  assert.equal(new Set(lines).size, 13);
});

test('a chart is as large as it says', async (t) => {
  const { widget } = await shown(t, 'sizes', { viewport: { width: 900, height: 1400 } });
  await pictures(widget).nth(3).locator('svg').waitFor();
  const sizes = await boxes(widget.locator('.chart'));
  assert.deepEqual(sizes.map(({ width, height }) => [width, height].map(Math.round)), [[300, 120], [160, 160], [280, 210], [190, 180]]);
});

test('a chart is drawn anew in another width, with letters of the same size', async (t) => {
  const { page, widget } = await shown(t, 'bars');
  const svg = pictures(widget).first().locator('svg');
  await svg.waitFor();
  await page.setViewportSize({ width: 400, height: 800 });
  await page.waitForFunction(() => Number(document.querySelector('openai-chatkit')!.shadowRoot!.querySelector('chatkitd-chart svg')!.getAttribute('width')) < 360);
  assert.equal(await svg.locator('text').first().evaluate((text) => getComputedStyle(text).fontSize), '11px');
});

test('without the file that draws charts, their numbers are shown', async (t) => {
  const context = browser.newContext.bind(browser);
  t.mock.method(browser, 'newContext', async (...options: Parameters<typeof context>) => {
    const made = await context(...options);
    // Before what stands in for the bundle.
    made.on('page', (page) => void page.route(/\/chart\.js$/, (route) => route.abort()));
    return made;
  });
  for (const name of ['plain', 'long']) {
    const { widget } = await shown(t, name);
    await widget.getByRole('table').waitFor();
    await widget.page().waitForFunction(() => document.querySelector('openai-chatkit')!.shadowRoot!.querySelector('chatkitd-widget table')!.closest('.unseen') === null);
  }
});
