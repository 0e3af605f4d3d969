import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import type { Chat } from '../harness/chat.js';
import { showForeign } from '../harness/foreign.js';
import { Server } from '../harness/server.js';
import { answered, show, shownByName, type Component } from '../harness/widgets.js';

const text = (value: string, more: Record<string, unknown> = {}): Component => ({ type: 'Text', value, ...more });
const evil = 'https://evil.example/x.png';

const widgets: Record<string, Component> = {
  huge: { type: 'Card', size: 'full', children: Array.from({ length: 2_500 }, (_, at) => ({ type: 'Row', children: [{ type: 'Badge', label: 'B' }, { type: 'Input', name: `field ${at}` }, text(`Line ${at}`)] })) },
  unknown: {
    type: 'Card',
    children: [
      text('Before'), { type: 'Newcomer', sparkle: { depth: 2 }, children: [text('In a stranger')] }, { type: 'Nobody' },
      { type: 'Newcomer', children: { type: 'Stranger', children: [{ type: 'Button', label: 'Within', onClickAction: { type: 'quiet' } }] } }, text('After'),
    ],
  },
  twins: {
    type: 'Card',
    children: [text('One', { key: 'k', id: 'i' }), text('Two', { key: 'k', id: 'i' }), { type: 'Title', key: 'k', value: 'Three' }, { type: 'Input', name: 'n', key: 'k' }, { type: 'Input', name: 'n', key: 'k' }],
  },
  hostile: {
    type: 'Card', background: `url(${evil})`, status: { text: 'Status', favicon: 'javascript:alert(1)' },
    children: [
      { type: 'Image', src: 'javascript:alert(1)', alt: 'script' }, { type: 'Image', src: 'data:text/html,<script>alert(1)</script>', alt: 'page' },
      { type: 'Image', src: 'data:image/svg+xml,<svg onload="alert(1)"/>', alt: 'drawing' }, { type: 'Image', src: 'https://[', alt: 'nothing' },
      { type: 'Markdown', value: '[press](javascript:alert(1))' }, text('<img src=x onerror="alert(1)">'),
      { type: 'Box', background: `red; background-image: url(${evil})`, children: [text('Coloured', { color: `image-set("${evil}" 1x)` })] },
      { type: 'Box', border: { size: 1, color: `url(${evil})` }, background: { light: `u\\72l(${evil})`, dark: `url(${evil})` }, children: [text('Boxed')] },
      { type: 'Title', value: '<script>alert(1)</script>' }, { type: 'Badge', label: '"><script>alert(1)</script>' }, { type: 'Icon', name: '../../etc/passwd' }, { type: 'Icon', name: 'constructor' }, { type: 'Icon', name: 'lucide:constructor' },
      { type: 'Input', name: 'x" onfocus="alert(1)', placeholder: '"><b>', defaultValue: '<b>' },
    ],
  },
};

/** What cannot be drawn must not keep anything else from being drawn. */
async function isAlive(chat: Chat): Promise<void> {
  await chat.composer.click();
  await chat.page.keyboard.insertText('Still there?');
  assert.equal(await chat.composer.innerText(), 'Still there?');
  await chat.button('Send').and(chat.page.locator(':enabled')).waitFor();
}

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.answering(shownByName(widgets, { quiet: [] }))]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test('of a widget of 10 000 components, a thousand are drawn at a time, and the page stays alive', async (t) => {
  const { chat, widget } = await show(t, browser, server, 'huge');
  const lines = widget.getByText(/^Line \d+$/);
  const first = await lines.count();
  assert.ok(first > 200 && first < 400, `${first} lines`);
  await isAlive(chat);
  await widget.getByLabel('field 0', { exact: true }).fill('typed');
  await widget.getByRole('button', { name: 'Show more' }).click();
  await widget.getByText(`Line ${first + 10}`, { exact: true }).waitFor();
  assert.ok((await lines.count()) <= 2 * first + 1);
  assert.equal(await widget.getByLabel('field 0', { exact: true }).inputValue(), 'typed');
});

test('an unknown component draws what is in it, or nothing, and is logged once', async (t) => {
  const { chat, widget, complaints, sent, logged } = await show(t, browser, server, 'unknown');
  assert.deepEqual(await widget.locator('p').allInnerTexts(), ['Before', 'In a stranger', 'After']);
  await answered(chat, () => widget.getByRole('button', { name: 'Within' }).click());
  assert.equal(sent.length, 1);
  assert.deepEqual((await logged('widget.unknown_component')).map(({ type }) => type).sort(), ['Newcomer', 'Nobody', 'Stranger']);
  assert.deepEqual(complaints, []);
});

test('components of one key are all drawn', async (t) => {
  const { widget, complaints } = await show(t, browser, server, 'twins');
  assert.deepEqual(await widget.locator('p:visible, h4').allInnerTexts(), ['One', 'Two', 'Three']);
  assert.equal(await widget.getByRole('textbox').count(), 2);
  assert.deepEqual(complaints, []);
});

test('nothing in a widget runs, and no picture is loaded by a colour', async (t) => {
  const { page, widget, complaints } = await show(t, browser, server, 'hostile');
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => (dialogs.push(dialog.message()), void dialog.dismiss()));
  for (const name of ['script', 'page', 'drawing']) assert.equal(await widget.getByRole('img', { name }).evaluate((one) => one.tagName), 'SPAN', name);
  assert.equal(await widget.getByRole('link', { name: 'press' }).count(), 0);
  await widget.getByText('<img src=x onerror="alert(1)">').waitFor();
  await widget.getByText('Boxed').waitFor();
  await widget.getByRole('textbox').focus();
  assert.equal(await widget.locator('script').count(), 0);
  const backgrounds = await widget.locator('*').evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundImage).filter((image) => image.includes('evil')));
  assert.deepEqual(backgrounds, []);
  const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  assert.deepEqual(loaded.filter((url) => url.includes('evil')), []);
  assert.deepEqual(dialogs, []);
  assert.deepEqual(complaints, []);
});

test('properties of wrong types harm nobody but their component', async (t) => {
  const wrong = [null, 7, true, 'word', [], {}, [null], { type: 7 }, { length: 3 }];
  const names = ['value', 'label', 'name', 'options', 'children', 'color', 'size', 'gap', 'padding', 'border', 'width', 'src', 'data', 'series', 'xAxis', 'onClickAction', 'defaultValue', 'status', 'confirm', 'limit', 'background', 'editable', 'min', 'maxLines'];
  const types = ['Text', 'Title', 'Caption', 'Badge', 'Markdown', 'Box', 'Row', 'Col', 'Divider', 'Icon', 'Image', 'Button', 'Checkbox', 'Spacer', 'Select', 'DatePicker', 'Form', 'Input', 'Label', 'RadioGroup', 'Table', 'Textarea', 'Transition', 'Chart', 'ListViewItem', 'Card', 'ListView', 'Basic'];
  const broken = types.flatMap((type) => wrong.map((value, at) => ({ type, ...Object.fromEntries(names.map((name, number) => [name, wrong[(at + number) % wrong.length]])), [names[at % names.length]!]: value })));
  const { chat, complaints } = await showForeign(t, browser, server, { type: 'Basic', children: [text('First'), ...broken, ...wrong, text('Last')] });
  await chat.element.getByText('First', { exact: true }).waitFor();
  await chat.element.getByText('Last', { exact: true }).waitFor();
  await isAlive(chat);
  assert.deepEqual(complaints, []);
});

test('a chart that cannot be drawn shows its numbers, and says why', async (t) => {
  const xAxis = { dataKey: 'day', labels: { Mon: { length: 20 } } };
  const chart = { type: 'Chart', data: [{ day: 'Mon', sold: 3 }], series: [{ type: 'bar', dataKey: 'sold' }], xAxis };
  const { chat, complaints, logged } = await showForeign(t, browser, server, { type: 'Card', children: [chart] });
  await chat.page.waitForFunction(() => document.querySelector('openai-chatkit')!.shadowRoot!.querySelector('chatkitd-widget table')?.closest('.unseen') === null);
  await chat.element.getByRole('cell', { name: '3' }).waitFor();
  assert.deepEqual(await logged(), ['widget.broken_component']);
  assert.deepEqual(complaints, []);
});

test('a widget that is no widget is none, and the chat goes on', async (t) => {
  for (const widget of [null, 'text', 7, [], {}, { type: 'Nobody', children: [text('In nobody')] }]) {
    const { chat, complaints } = await showForeign(t, browser, server, widget);
    if ((widget as Component | null)?.type === 'Nobody') await chat.element.getByText('In nobody').waitFor();
    await isAlive(chat);
    assert.deepEqual(complaints, []);
  }
});

test('a widget a thousand levels deep is drawn as far as anybody could see, and says where it ends', async (t) => {
  let nested: Component = text('The bottom');
  for (let level = 0; level < 1_000; level += 1) nested = { type: level % 2 === 0 ? 'Box' : 'Transition', children: level % 2 === 0 ? [nested] : nested } as unknown as Component;
  const { chat, complaints, logged } = await showForeign(t, browser, server, { type: 'Card', children: [text('The top'), nested, text('Beside')] });
  await chat.element.getByText('The top').waitFor();
  await chat.element.getByText('Beside').waitFor();
  await chat.element.getByText('This part cannot be shown.').waitFor();
  assert.deepEqual(await logged(), ['widget.too_deep']);
  assert.deepEqual(complaints, []);
});

test('a chart of many rows, and a choice of many options, are drawn in part', async (t) => {
  const data = Array.from({ length: 5_000 }, (_, at) => ({ day: `Day ${at}`, sold: Math.sin(at / 100) }));
  const options = Array.from({ length: 5_000 }, (_, at) => ({ value: String(at), label: `Choice ${at}` }));
  const { chat, complaints } = await showForeign(t, browser, server, {
    type: 'Card',
    children: [{ type: 'Chart', data, series: [{ type: 'line', dataKey: 'sold' }], xAxis: 'day' }, { type: 'Select', name: 'many', placeholder: 'Many', options }, { type: 'RadioGroup', name: 'more', options }],
  });
  await chat.element.getByText('(500 / 5000)').waitFor();
  const field = chat.element.getByRole('combobox', { name: 'Many' });
  await field.fill('Choice 4999');
  await chat.element.getByRole('option', { name: 'Choice 4999' }).click();
  assert.equal(await field.inputValue(), 'Choice 4999');
  assert.equal(await chat.element.getByRole('radio').count(), 500);
  assert.deepEqual(complaints, []);
});
