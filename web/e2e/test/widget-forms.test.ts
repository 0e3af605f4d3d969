import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { keepPicture, openBrowser, setTextSize } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { answered, show, shownByName, type Shown } from '../harness/widgets.js';
import { forms } from '../widgets/forms.js';

let browser: Browser;
let server: Server;
before(async () => {
  const { messages } = shownByName(forms);
  const twice = [{ widget: forms.payment }, { widget: forms.payment }];
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ messages: { ...messages, twice }, otherwise: [] })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const shown = (t: TestContext, name: string): Promise<Shown> => show(t, browser, server, name);
const button = (widget: Locator, name: string) => widget.getByRole('button', { name, exact: true });

const values = {
  todo: { title: 'Buy milk', more: 'Two\nlines' }, note: 'Twice', size: 'm', town: '', day: '2026-03-14', urgent: true, colour: 'blue', tags: ['one', 'two'],
};

test('a form sends its fields by their names, into the payload of its action', async (t) => {
  const page = await shown(t, 'everything');
  await answered(page.chat, () => button(page.widget, 'Save').click());
  assert.deepEqual(page.sent[0]!.action, { type: 'save', payload: { id: 3, ...values, todo: { kept: true, ...values.todo } } });
});

test('every action in a form carries its values, as they are now', async (t) => {
  const page = await shown(t, 'everything');
  await page.widget.getByLabel('What to do').fill('Buy bread');
  await page.widget.getByLabel('Note').fill('Thrice');
  await page.widget.getByLabel('Urgent').uncheck();
  await page.widget.getByLabel('Red').check();
  await answered(page.chat, () => button(page.widget, 'Preview').click());
  const todo = { ...values.todo, title: 'Buy bread' };
  assert.deepEqual(page.sent[0]!.action, { type: 'preview', payload: { ...values, todo, note: 'Thrice', urgent: false, colour: 'red' } });
});

test('what the payload says already stays, and the page learns of it', async (t) => {
  const page = await shown(t, 'collision');
  const error = page.chat.next('chatkit.error');
  await answered(page.chat, () => button(page.widget, 'Save').click());
  assert.deepEqual(await error, { error: { message: 'The payload of the action "save" has no place for "id": the value of the field was left out.', code: 'payload_collision' } });
  assert.equal(JSON.stringify(page.sent[0]!.action.payload), '{"id":3,"__proto__":{"polluted":"yes"}}');
  assert.equal(await page.page.evaluate(() => 'polluted' in {}), false);
});

test('a form with wrong values is not sent: each field says what is wrong, and the first has the focus', async (t) => {
  const page = await shown(t, 'checked');
  const { widget } = page;
  for (const [field, text] of [['Mail', 'no mail'], ['Site', 'no site'], ['Code', 'abc'], ['Bio', 'xx'], ['Word', '--'], ['Day', '2026-04-01']] as const) await widget.getByLabel(field).fill(text);
  await button(widget, 'Save').click();
  const name = widget.getByLabel('Name');
  await name.and(page.page.locator(':focus')).waitFor();
  for (const field of ['Name', 'Mail', 'Site', 'Code', 'Bio', 'Word', 'Day', 'I agree', 'Cash']) {
    const said = await widget.getByLabel(field).evaluate((input) => {
      const holder = input.closest('[aria-describedby]')!;
      return (input.getRootNode() as ShadowRoot).getElementById(holder.getAttribute('aria-describedby')!)!.innerText;
    });
    assert.match(said, /\w+/, `${field} says what is wrong with it`);
    assert.equal(await widget.getByLabel(field).getAttribute('aria-invalid'), 'true', field);
  }
  assert.deepEqual(page.sent, []);
  await name.fill('Ada');
  assert.equal(await name.getAttribute('aria-invalid'), 'false');
});

test('a form that was mended is sent', async (t) => {
  const page = await shown(t, 'checked');
  const { widget } = page;
  await button(widget, 'Save').click();
  for (const [field, text] of [['Name', 'Ada'], ['Mail', 'ada@example.com'], ['Site', 'https://example.com'], ['Count', '3'], ['Code', 'ABC'], ['Bio', 'none'], ['Word', 'yes']] as const) await widget.getByLabel(field).fill(text);
  await widget.getByLabel('I agree').check();
  await widget.getByLabel('Cash').check();
  await answered(page.chat, () => widget.getByLabel('Code').press('Enter'));
  assert.deepEqual(page.sent[0]!.action.payload, {
    name: 'Ada', mail: 'ada@example.com', site: 'https://example.com', count: '3', code: 'ABC', phone: '', secret: '', bio: 'none', word: 'yes', day: '2026-03-14', agree: true, pay: 'cash',
  });
  assert.equal(await widget.locator('[aria-invalid="true"]').count(), 0);
});

test('an action that does not submit asks nothing of the fields', async (t) => {
  const page = await shown(t, 'checked');
  await answered(page.chat, () => button(page.widget, 'Draft').click());
  assert.equal(page.sent[0]!.action.type, 'draft');
});

test('a pattern that is no regular expression asks nothing, as in HTML, and is logged', async (t) => {
  const page = await shown(t, 'patterns');
  for (const [field, text] of [['Line', '- -'], ['Lines', 'A\nB'], ['Word', '?']] as const) await page.widget.getByLabel(field, { exact: true }).fill(text);
  await answered(page.chat, () => button(page.widget, 'Save').click());
  assert.deepEqual(page.sent.map(({ action }) => action), [{ type: 'save', payload: { line: '- -', lines: 'A\nB', word: '?' } }]);
  const patterns = (await page.logged('widget.broken_pattern')).map(({ pattern }) => pattern);
  assert.deepEqual(patterns, ['[\\w-]+', '[a-z/]+', '(']);
  assert.deepEqual(page.complaints, []);
});

test('a choice in one widget leaves the same choice in another alone', async (t) => {
  const page = await shown(t, 'twice');
  const [first, second] = [page.widget, page.chat.element.locator('article.widget').nth(1)];
  await second.getByLabel('Card').check();
  assert.equal(await first.getByLabel('Cash').isChecked(), true);
  await first.getByLabel('Card').check();
  assert.equal(await second.getByLabel('Card').isChecked(), true);
});

test('a card as a form is checked when it is confirmed, and not when it is cancelled', async (t) => {
  const page = await shown(t, 'card');
  await button(page.widget, 'Send').click();
  await page.widget.getByLabel('Name').and(page.page.locator(':focus')).waitFor();
  await answered(page.chat, () => button(page.widget, 'Cancel').click());
  await page.widget.getByLabel('Name').fill('Ada');
  await answered(page.chat, () => page.widget.getByLabel('Name').press('Enter'));
  assert.deepEqual(page.sent.map(({ action }) => action), [{ type: 'cancel', payload: { name: '' } }, { type: 'send', payload: { draft: 1, name: 'Ada' } }]);
});

test('a submit button acts by itself where the form has no action, once the fields are right', async (t) => {
  const page = await shown(t, 'bare');
  await button(page.widget, 'Go').click();
  assert.equal(page.sent.length, 0);
  await page.widget.getByLabel('Name').fill('Ada');
  await answered(page.chat, () => button(page.widget, 'Go').click());
  assert.deepEqual(page.sent[0]!.action, { type: 'go', payload: { name: 'Ada' } });
});

test('a choice shows what can be chosen, and can be taken back', async (t) => {
  const page = await shown(t, 'choices');
  const size = page.widget.getByRole('combobox', { name: 'Size' });
  assert.equal(await size.inputValue(), '');
  await size.click();
  assert.equal(await page.widget.getByRole('option', { name: 'Large Sold out' }).isDisabled(), true);
  await page.widget.getByRole('option', { name: 'Medium' }).click();
  assert.equal(await size.inputValue(), 'm');
  await button(page.widget, 'Remove').first().click();
  assert.equal(await size.inputValue(), '');
});

test('a choice that was made shows its label, and not what is said of it', async (t) => {
  const page = await shown(t, 'choices');
  const size = page.widget.getByRole('combobox', { name: 'Size' });
  const drawn = () => size.evaluate((select: HTMLSelectElement) => [...select.options].map((option) => [option.text, getComputedStyle(option, '::after').content]));
  assert.deepEqual((await drawn()).slice(-3), [['Small', 'none'], ['Large', '"Sold out"'], ['Medium', 'none']]);
});

test('a browser that draws the list itself writes what is said of a choice behind its label', async (t) => {
  const page = await shown(t, 'twice');
  await page.page.evaluate(() => Object.assign(CSS, { supports: () => false }));
  await answered(page.chat, () => page.chat.say('choices'));
  const size = page.chat.element.getByRole('combobox', { name: 'Size' });
  const written = await size.evaluate((select: HTMLSelectElement) => [...select.options].map((option) => [option.text, option.getAttribute('aria-description')]));
  assert.deepEqual(written.slice(-3), [['Small', null], ['Large – Sold out', null], ['Medium', null]]);
});

test('a choice from many is searched in, with the mouse or the keyboard', async (t) => {
  const page = await shown(t, 'choices');
  const town = page.widget.getByRole('combobox', { name: 'Town' });
  await town.click();
  assert.equal(await page.widget.getByRole('listbox', { name: 'Town' }).getByRole('option').count(), 16);
  await town.fill('en');
  assert.deepEqual(await page.widget.getByRole('listbox', { name: 'Town' }).getByRole('option').allInnerTexts(), ['Aachen\n6 letters', 'Bremen\n6 letters', 'Dresden\n7 letters', 'Essen\n5 letters', 'Jena\n4 letters']);
  await town.press('ArrowDown');
  await town.press('Enter');
  assert.equal(await town.inputValue(), 'Bremen');
  await town.press('ArrowDown');
  await town.press('Escape');
  assert.equal(await town.getAttribute('aria-expanded'), 'false');
  await town.click();
  await page.widget.getByRole('option', { name: 'Kiel' }).click();
  assert.equal(await town.inputValue(), 'Kiel');
  await button(page.widget, 'Remove').last().click();
  assert.equal(await town.inputValue(), '');
});

test('a click on its label goes to a choice from many, as to any field', async (t) => {
  const page = await shown(t, 'choices');
  for (const name of ['Size', 'Town']) {
    await page.widget.locator('label').filter({ hasText: name }).click();
    await page.widget.getByRole('combobox', { name }).and(page.page.locator(':focus')).waitFor();
  }
});

test('a day is taken from a calendar, within its bounds', async (t) => {
  const page = await shown(t, 'dates');
  const { widget } = page;
  const field = widget.locator('input[name="bottom"]');
  await field.press('F4');
  const grid = widget.getByRole('grid', { name: 'March 2026' });
  assert.equal(await grid.getByRole('button', { name: 'Sunday, March 1, 2026' }).isDisabled(), true);
  await page.page.keyboard.press('ArrowRight');
  await page.page.keyboard.press('PageDown');
  await widget.getByRole('button', { name: 'Wednesday, April 15, 2026' }).and(page.page.locator(':focus')).waitFor();
  await page.page.keyboard.press('Enter');
  assert.equal(await field.inputValue(), '2026-04-15');
  await field.and(page.page.locator(':focus')).waitFor();
  await button(widget, 'Remove').nth(1).click();
  assert.equal(await field.inputValue(), '');
  await page.chat.composer.click();
  await widget.getByText('On the bottom').waitFor();
});

test('a calendar opens on its side of the field, where it has room', async (t) => {
  const page = await shown(t, 'dates');
  for (const side of ['top', 'bottom', 'right'] as const) {
    const field = page.widget.locator(`input[name="${side}"]`);
    await field.press('F4');
    const grid = page.widget.getByRole('grid', { name: 'March 2026' });
    await page.page.waitForFunction(() => document.querySelector('openai-chatkit')!.shadowRoot!.activeElement?.closest('[popover]')?.getAttribute('style')?.includes('left') === true);
    const [calendar, place] = [(await grid.boundingBox())!, (await field.boundingBox())!];
    const isThere = { top: calendar.y + calendar.height <= place.y, bottom: calendar.y >= place.y + place.height, right: calendar.x >= place.x + place.width };
    assert.equal(isThere[side], true, side);
    await page.page.keyboard.press('Escape');
    await grid.waitFor({ state: 'hidden' });
  }
});

test('from right to left, a calendar that starts with its field starts at the right', async (t) => {
  const { widget, page } = await show(t, browser, server, 'dates', { options: { locale: 'ar' } });
  const field = widget.locator('input[name="top"]');
  await field.press('F4');
  const popup = widget.locator('[popover]:popover-open');
  await page.waitForFunction((popup) => (popup as HTMLElement).style.left !== '', await popup.elementHandle());
  const [calendar, place] = [(await popup.boundingBox())!, (await field.boundingBox())!];
  assert.equal(Math.round(calendar.x + calendar.width), Math.round(place.x + place.width));
});

test('a calendar and a list of choices go along with their field when that is scrolled', async (t) => {
  const { widget, page, chat } = await show(t, browser, server, 'scrolled', { viewport: { width: 900, height: 700 } });
  for (const [selector, key] of [['input[name="day"]', 'F4'], ['chatkitd-combobox input', 'ArrowDown']] as const) {
    const field = widget.locator(selector);
    const scrollTo = (y: number) => field.evaluate(async (field, y) => {
      field.closest('.thread')!.scrollTop += field.getBoundingClientRect().top - y;
      await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
      return field.getBoundingClientRect().top;
    }, y);
    await scrollTo(120);
    await field.press(key);
    const popup = widget.locator('[popover]:popover-open');
    await page.waitForFunction((popup) => (popup as HTMLElement).style.left !== '', await popup.elementHandle());
    const top = async () => (await popup.boundingBox())!.y;
    const before = [await scrollTo(120), await top()];
    const after = [await scrollTo(100), await top()];
    assert.deepEqual(after.map((y, at) => Math.round(before[at]! - y!)), [20, 20], selector);
    await chat.composer.click();
    await popup.waitFor({ state: 'detached' });
  }
});

test('a field is as high as its letters, where those are twice as large', async (t) => {
  const { widget, page } = await show(t, browser, server, 'small');
  await setTextSize(page, 32);
  await keepPicture(page, 'fields-200');
  for (const field of await widget.locator('.field').all()) {
    const [name, room, line] = await field.evaluate((field) => [field.getAttribute('name')!, field.clientHeight, parseFloat(getComputedStyle(field).lineHeight)] as const);
    assert.ok(room >= Math.floor(line), `${name}: ${room} for ${line}`);
  }
});

test('a calendar is closed by its button and by Escape, which nothing else hears', async (t) => {
  const page = await shown(t, 'dates');
  const opener = page.widget.locator('.slot').filter({ has: page.page.locator('input[name="bottom"]') }).locator('button.open');
  const grid = page.widget.getByRole('grid', { name: 'March 2026' });
  for (const state of ['visible', 'hidden', 'visible'] as const) {
    await opener.click();
    await grid.waitFor({ state });
  }
  await page.page.evaluate(() => addEventListener('keydown', ({ key }) => Object.assign(globalThis, { heard: key })));
  await page.page.keyboard.press('Escape');
  await grid.waitFor({ state: 'hidden' });
  assert.equal(await page.page.evaluate(() => 'heard' in globalThis), false);
});

test('Escape closes the list of a choice, and nothing else hears it', async (t) => {
  const page = await shown(t, 'choices');
  await page.page.evaluate(() => addEventListener('keydown', ({ key }) => Object.assign(globalThis, { heard: key })));
  await page.widget.getByRole('combobox', { name: 'Size' }).click();
  const option = page.widget.getByRole('option', { name: 'Medium' });
  await option.waitFor();
  await page.page.keyboard.press('Escape');
  await option.waitFor({ state: 'hidden' });
  assert.equal(await page.page.evaluate(() => 'heard' in globalThis), false);
  await page.page.keyboard.press('Escape');
  assert.equal(await page.page.evaluate(() => 'heard' in globalThis), true);
});

test('each month of a calendar has a day for the keyboard', async (t) => {
  const page = await shown(t, 'dates');
  await page.widget.locator('input[name="bottom"]').press('F4');
  await page.page.keyboard.press('ArrowDown');
  await page.page.keyboard.press('ArrowDown');
  for (const month of ['April 2026', 'May 2026']) await button(page.widget, month).click();
  await page.widget.getByRole('grid', { name: 'May 2026' }).waitFor();
  await page.page.keyboard.press('Tab');
  await button(page.widget, 'Wednesday, May 20, 2026').and(page.page.locator(':focus')).waitFor();
});

test('a word that is composed in a search is no choice yet', async (t) => {
  const page = await shown(t, 'choices');
  const town = page.widget.getByRole('combobox', { name: 'Town' });
  await town.click();
  const client = await page.page.context().newCDPSession(page.page);
  await client.send('Input.imeSetComposition', { text: 'ki', selectionStart: 2, selectionEnd: 2 });
  await page.widget.getByRole('option', { name: 'Kiel' }).waitFor();
  for (const key of ['Enter', 'Escape']) await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key, code: key, windowsVirtualKeyCode: 229 });
  await client.send('Input.insertText', { text: 'ki' });
  assert.equal(await town.getAttribute('aria-expanded'), 'true');
  await town.press('Enter');
  assert.equal(await town.inputValue(), 'Kiel');
});

test('a field takes the focus and is selected, and says what may fill it in', async (t) => {
  const page = await shown(t, 'focus');
  const first = page.widget.getByLabel('First');
  await first.and(page.page.locator(':focus')).waitFor();
  const selected = (field: Locator) => field.evaluate((input: HTMLInputElement) => input.value.slice(input.selectionStart!, input.selectionEnd!));
  assert.equal(await selected(first), 'all of it');
  await page.page.keyboard.press('Tab');
  assert.equal(await selected(page.widget.getByLabel('More')), 'all of this');
  await page.page.keyboard.press('Tab');
  assert.equal(await selected(page.widget.getByLabel('That')), 'all of that');
  const completion = (name: string) => page.widget.getByLabel(name).getAttribute('autocomplete');
  assert.deepEqual(await Promise.all(['Plain', 'First', 'More', 'That'].map(completion)), ['off', 'on', 'off', 'name']);
});

test('a field of several lines grows with its text up to its most lines', async (t) => {
  const page = await shown(t, 'focus');
  const more = page.widget.getByLabel('More');
  const height = async () => (await more.boundingBox())!.height;
  const small = await height();
  await more.fill('1\n2\n3\n4');
  const grown = await height();
  await more.fill('1\n2\n3\n4\n5\n6\n7\n8\n9');
  const most = await height();
  assert.ok(grown > small * 1.5, `${small} to ${grown}`);
  assert.ok(most > grown && most < grown * 1.6, `${grown} to ${most}`);
});

test('a field does not take the focus from somebody who is writing', async (t) => {
  const page = await shown(t, 'late');
  await page.widget.getByLabel('Area').and(page.page.locator(':focus')).waitFor();
  await page.chat.composer.click();
  await page.page.keyboard.insertText('half a sentence');
  await page.chat.call('sendUserMessage', { text: 'editing' });
  await page.chat.element.getByText('Not me').waitFor();
  await page.page.keyboard.insertText(' more');
  assert.equal(await page.chat.composer.innerText(), 'half a sentence more');
});

test('a field does not take the focus from somebody who is writing in another part of the page', async (t) => {
  for (const place of ['<an-editor title="open"></an-editor>', '<an-editor title="closed"></an-editor>', '<iframe srcdoc="<textarea></textarea>"></iframe>']) {
    const { page, chat } = await shown(t, 'late');
    await page.evaluate((place) => {
      customElements.define('an-editor', class extends HTMLElement {
        connectedCallback(): void {
          this.attachShadow({ mode: this.title as ShadowRootMode }).innerHTML = '<textarea></textarea>';
        }
      });
      document.body.insertAdjacentHTML('beforeend', place);
    }, place);
    const editor = page.locator('an-editor, iframe');
    await editor.click();
    await page.keyboard.insertText('half a sentence');
    await answered(chat, () => chat.call('sendUserMessage', { text: 'editing' }));
    await chat.element.getByText('Not me').waitFor();
    assert.equal(await editor.evaluate((one) => one === document.activeElement), true, place);
  }
});

test('a day has a year of four digits', async (t) => {
  const { page, widget } = await shown(t, 'everything');
  const field = widget.locator('input[name=day]');
  await field.focus();
  await page.keyboard.type('0314202666');
  assert.match(await field.inputValue(), /^\d{4}-03-14$/);
});

test('a text that can be edited is a field, and one that cannot is none', async (t) => {
  const page = await shown(t, 'editing');
  const edited = page.widget.getByRole('textbox', { name: 'edited' });
  await edited.and(page.page.locator(':focus')).waitFor();
  assert.equal(await edited.inputValue(), 'Edit me');
  assert.equal(await edited.evaluate((field) => getComputedStyle(field).fontSize), '18px');
  assert.equal(await page.widget.getByRole('textbox', { name: 'any' }).inputValue(), 'Me, too');
  assert.equal(await page.widget.getByRole('textbox').count(), 2);
});
