import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { show, shownByName, type Shown, type ShowOptions } from '../harness/widgets.js';
import { cards } from '../widgets/cards.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ ...shownByName(cards), otherwise: [] })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const shown = (t: TestContext, name: string, options?: ShowOptions): Promise<Shown> => show(t, browser, server, name, options);
const css = (locator: Locator, ...properties: string[]) => locator.evaluate((one, properties) => properties.map((name) => getComputedStyle(one).getPropertyValue(name)), properties);
const width = async (locator: Locator) => (await locator.boundingBox())!.width;
/** The frame that a text is in. */
const around = (widget: Locator, text: string) => widget.locator('.card').filter({ hasText: text });

test('a status stands above a card, with its icon or picture', async (t) => {
  const { widget } = await shown(t, 'statuses');
  const [above, below] = [await widget.getByText('With an icon').boundingBox(), await widget.getByText('One').boundingBox()];
  assert.ok(above!.y < below!.y);
  assert.equal(await widget.locator('p', { hasText: 'With an icon' }).locator('svg').count(), 1);
  const picture = widget.locator('p', { hasText: 'With a picture' }).locator('img');
  assert.match((await picture.getAttribute('src'))!, /^data:image/);
  assert.deepEqual(await css(picture, 'border-top-width', 'width'), ['1px', '16px']);
});

test('the layout of a root without a frame is its own', async (t) => {
  const { widget } = await shown(t, 'statuses');
  const basic = widget.locator('.basic');
  assert.deepEqual(await css(basic, 'row-gap', 'padding-left', 'align-items', 'justify-content', 'flex-direction', 'color-scheme'), ['8px', '4px', 'stretch', 'flex-start', 'column', 'light']);
});

test('a card is as wide as its size says', async (t) => {
  const { widget } = await shown(t, 'sizes', { viewport: { width: 900, height: 900 } });
  const widths = await Promise.all(['sm', 'md', 'lg', 'full'].map((name) => width(around(widget, name))));
  assert.deepEqual(widths.slice(0, 3), [360, 440, 600]);
  assert.ok(widths[3]! > 600);
});

test('a card has the background, padding and border that it says', async (t) => {
  const { widget } = await shown(t, 'dressed', { options: { theme: { colorScheme: 'dark' } } });
  const padding = (name: string) => css(around(widget, name).locator('.body'), 'padding-top', 'padding-right', 'padding-bottom', 'padding-left');
  assert.deepEqual(await css(around(widget, 'Dressed'), 'border-top-width', 'border-top-style'), ['2px', 'solid']);
  assert.deepEqual(await padding('Dressed'), ['4px', '8px', '12px', '16px']);
  assert.deepEqual(await css(around(widget, 'In colour'), 'background-color'), ['rgb(4, 5, 6)']);
  assert.deepEqual(await padding('In colour'), ['8px', '24px', '8px', '24px']);
  assert.deepEqual(await padding('Tight'), ['0px', '0px', '0px', '0px']);
});

test('a part with a theme of its own keeps it in the other one', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { widget } = await shown(t, 'themed', { options: { theme: { colorScheme, color: colorScheme === 'light' ? { accent: { primary: '#ff0000', level: 2 }, surface: { background: '#eee', foreground: '#222' } } : {} } } });
    const lightness = (name: string, property: string) =>
      around(widget, name).evaluate((card, property) => {
        const canvas = new OffscreenCanvas(1, 1).getContext('2d')!;
        canvas.fillStyle = getComputedStyle(card).getPropertyValue(property);
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data[0]!;
      }, property);
    for (const name of ['Always dark', 'A dark list']) assert.ok((await lightness(name, 'background-color')) < 60 && (await lightness(name, 'color')) > 200, `${name} within ${colorScheme}`);
    for (const name of ['Always light', 'A light card']) assert.ok((await lightness(name, 'background-color')) > 200 && (await lightness(name, 'color')) < 80, `${name} within ${colorScheme}`);
  }
});

test('a collapsed card is one line that can be opened, without its buttons', async (t) => {
  const { widget } = await shown(t, 'collapsed');
  const sent = widget.getByRole('button', { name: 'Sent' });
  assert.equal(await sent.getAttribute('aria-expanded'), 'false');
  assert.equal(await widget.getByText('Dear Ada').count(), 0);
  await sent.click();
  await widget.getByText('Dear Ada').waitFor();
  assert.equal(await sent.getAttribute('aria-expanded'), 'true');
  await widget.getByRole('button', { name: 'The letter' }).click();
  await widget.getByText('Dear Bea').waitFor();
  assert.equal(await widget.getByRole('button', { name: 'Send', exact: true }).count(), 1, 'only the card that is not collapsed has its buttons');
  await widget.getByText('Dear Eve').waitFor();
});

test('from right to left, the sign of a collapsed card points to where its words go on, and down when it is open', async (t) => {
  const { widget } = await shown(t, 'collapsed', { options: { locale: 'ar' } });
  const sent = widget.getByRole('button', { name: 'Sent' });
  assert.deepEqual(await css(sent.locator('.sign'), 'scale', 'rotate'), ['-1 1', 'none']);
  await sent.click();
  await widget.getByText('Dear Ada').waitFor();
  assert.deepEqual(await css(sent.locator('.sign'), 'scale', 'rotate'), ['-1 1', '-90deg']);
});

test('what is flush reaches the edges of its card', async (t) => {
  const { widget } = await shown(t, 'flush');
  const edges = async (locator: Locator) => {
    const { x, y, width } = (await locator.boundingBox())!;
    return [x, x + width, y].map(Math.round);
  };
  const [left, right, top] = await edges(widget.locator('.card'));
  const inner = [left! + 1, right! - 1];
  assert.deepEqual(await edges(widget.getByRole('img', { name: 'A dot' })), [...inner, top! + 1]);
  assert.deepEqual((await edges(widget.getByRole('separator'))).slice(0, 2), inner);
});

test('a long list shows its first lines, and the rest on demand', async (t) => {
  const { widget } = await shown(t, 'limited');
  const lines = widget.getByRole('listitem');
  assert.deepEqual(await lines.allInnerTexts(), ['One', 'Two']);
  await widget.getByRole('button', { name: 'Show more' }).click();
  assert.deepEqual(await lines.allInnerTexts(), ['One', 'Two', 'Three', 'Four']);
  await widget.getByRole('button', { name: 'Show less' }).click();
  assert.deepEqual(await lines.allInnerTexts(), ['One', 'Two']);
});

test('a list with an automatic limit is cut where it gets long', async (t) => {
  const { widget } = await shown(t, 'automatic');
  assert.equal(await widget.getByRole('listitem').count(), 5);
  await widget.getByRole('button', { name: 'Show more' }).click();
  assert.equal(await widget.getByRole('listitem').count(), 7);
});

test('a table has its heads, spans, widths and alignments', async (t) => {
  const { widget } = await shown(t, 'table');
  const head = (name: string) => widget.getByRole('columnheader', { name });
  assert.deepEqual(await css(head('Price'), 'text-align'), ['end']);
  assert.deepEqual(await head('Price').evaluate((one) => (one as HTMLElement).style.width), '90px');
  assert.equal(await head('Item').evaluate((one) => (one as HTMLElement).style.width), '12em');
  const cell = (name: string) => widget.getByRole('cell', { name, exact: true });
  assert.deepEqual(await css(cell('Tea'), 'vertical-align', 'padding-top', 'padding-left'), ['bottom', '12px', '20px']);
  assert.equal(await cell('Tea').getAttribute('rowspan'), '2');
  assert.deepEqual(await css(cell('3.10'), 'vertical-align', 'text-align'), ['middle', 'center']);
  assert.deepEqual(await css(cell('3.40'), 'vertical-align', 'text-align'), ['top', 'start']);
  assert.equal(await cell('Tax is included').getAttribute('colspan'), '2');
  const widths = await Promise.all(['xs', 'sm', 'md', 'xl'].map((name) => cell(name).evaluate((one) => (one as HTMLElement).style.width)));
  assert.deepEqual(widths, ['3em', '5em', '8em', '18em']);
});

test('words are words: text stays text, Markdown is drawn, and loads no picture from strangers', async (t) => {
  const { page, widget } = await shown(t, 'words');
  await widget.getByRole('heading', { name: 'A headline' }).waitFor();
  await widget.getByText('<b>Not bold</b>').waitFor();
  await widget.locator('strong', { hasText: 'Bold' }).waitFor();
  assert.equal(await widget.getByRole('link', { name: 'a link' }).getAttribute('href'), 'https://example.com/');
  await widget.getByRole('link', { name: 'far' }).waitFor();
  await widget.getByText('One child').waitFor();
  await widget.getByText('Several').waitFor();
  await page.waitForFunction(() => document.querySelector('openai-chatkit')!.shadowRoot!.querySelectorAll('article.widget svg').length >= 2);
});
