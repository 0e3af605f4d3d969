import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { keepPicture, openBrowser } from '../harness/browser.js';
import { type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { assistantMessage, done, events, inRun, json, opening, plain, refused, thread, userMessage, widget } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** `script`: where the element comes from. */
function scene(t: TestContext, script?: string): Promise<Scene> {
  return sceneWith(t, browser, server, { script });
}

test('a message whose quote is null has none', async (t) => {
  const { standIn, chat } = await scene(t);
  const replaced = { type: 'thread.item.replaced', item: { ...userMessage('Hello'), quoted_text: null } };
  standIn.on('threads.create', events(...opening('Hello'), replaced, done('Here I am.')));
  await chat.ask('Hello');
  assert.equal(await chat.element.locator('blockquote').count(), 0);
});

/** Says something that fails, and waits until the visitor is told. */
async function sayAndFail({ chat }: Scene): Promise<string> {
  const ended = chat.ended();
  await chat.say('Hello');
  await ended;
  return chat.element.getByRole('alert').innerText();
}

function gaps(times: number[]): number[] {
  return times.slice(1).map((time, at) => time - times[at]!);
}

test('a server that fails is tried four times, each time after a longer wait, and then the visitor may try again', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', refused(502, null));
  const words = await sayAndFail(here);
  assert.match(words, /The answer failed/);
  const calls = here.standIn.of('threads.create');
  const [first, second, third] = gaps(calls.map(({ at }) => at));
  assert.equal(calls.length, 4);
  assert.ok(first! >= 490 && second! >= 990 && third! >= 1990, `waited ${first}, ${second}, ${third} ms`);
  assert.equal(new Set(calls.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.deepEqual(await here.told(), [{ message: 'The server answered 502.', code: 'http_502', status: 502 }]);
  await here.chat.element.getByText('Hello').waitFor();
  await keepPicture(here.chat.page, 'refused');

  here.standIn.on('threads.create', events(...opening('Hello'), done('Here I am again.')));
  await here.chat.button('Try again').click();
  await here.chat.lastItem.getByText('Here I am again.').waitFor();
  assert.equal(await here.chat.items.count(), 2);
  assert.equal(await here.chat.element.getByRole('alert').count(), 0);
  const again = here.standIn.of('threads.create').at(-1)!;
  assert.equal(again.headers['idempotency-key'], calls[0]!.headers['idempotency-key']);
});

test('a server that is no chatkitd is not sent the same message twice, unless it did nothing', async (t) => {
  const here = await scene(t, `${server.url}/chatkit.js`);
  here.standIn.on('threads.create', refused(429, 'Slow down.'), refused(502, null));
  assert.match(await sayAndFail(here), /The answer failed/);
  assert.equal(here.standIn.of('threads.create').length, 2);
  // Only a chatkitd names its runs.
  here.standIn.on('threads.create', inRun('run_1', events(...opening('Hello'), done('At last.'))));
  here.standIn.onResume('run_1', (response) => response.writeHead(204).end());
  await here.chat.during('chatkit.response.end', () => here.chat.button('Try again').click());
  await here.chat.lastItem.getByText('At last.').waitFor();
  here.standIn.on('threads.add_user_message', refused(502, null), events(opening('And?')[1]!, done('That is all.', 'cti_more')));
  await here.chat.ask('And?');
  await here.chat.lastItem.getByText('That is all.').waitFor();
  assert.equal(here.standIn.of('threads.add_user_message').length, 2);
});

test('an answer of a server that is no chatkitd is stopped at once', async (t) => {
  const here = await scene(t, `${server.url}/chatkit.js`);
  const closed = new Promise<void>((resolve) => {
    here.standIn.on('threads.create', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of opening('Hello')) response.write(`data: ${JSON.stringify(event)}\n\n`);
      response.on('close', resolve);
    });
  });
  await here.chat.say('Hello');
  await here.chat.element.locator('article.user_message:not(.unconfirmed)').waitFor();
  // By the page's own clock: the line to it may be slow.
  const stopped = await here.chat.element.evaluateHandle((element) => ({
    after: new Promise<number>((resolve) => element.addEventListener('click', () => {
      const begun = performance.now();
      element.addEventListener('chatkit.response.end', () => resolve(performance.now() - begun), { once: true });
    }, { capture: true, once: true })),
  }));
  await here.chat.button('Stop').click();
  await Promise.all([closed, here.chat.button('Send').waitFor()]);
  assert.ok((await stopped.evaluate(({ after }) => after)) < 4_000);
  assert.deepEqual(here.standIn.calls.map(({ op }) => op), ['threads.create']);
  assert.deepEqual(await here.told(), []);
});

test('a server that is too busy is asked again when it says so', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', refused(429, 'Slow down.', { 'retry-after': '2' }), events(...opening('Hello'), done('Now I have time.')));
  await here.chat.say('Hello');
  await here.chat.lastItem.getByText('Now I have time.').waitFor();
  const [wait] = gaps(here.standIn.calls.map(({ at }) => at));
  assert.ok(wait! >= 1990, `waited ${wait} ms`);
  assert.deepEqual(await here.told(), []);
});

test('a server that says no time to come back is asked again all the same', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', refused(429, 'Slow down.'), events(...opening('Hello'), done('Now I have time.')));
  await here.chat.say('Hello');
  await here.chat.lastItem.getByText('Now I have time.').waitFor();
  assert.equal(here.standIn.calls.length, 2);
});

test('a server that wants to be left alone for a while is', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', refused(429, 'Slow down.', { 'retry-after': new Date(Date.now() + 120_000).toUTCString() }, 'rate_limited'));
  assert.match(await sayAndFail(here), /Too many requests/);
  assert.equal(here.standIn.calls.length, 1);
  assert.deepEqual(await here.told(), [{ message: 'Slow down.', code: 'rate_limited', status: 429 }]);
  await here.chat.button('Try again').waitFor();
});

test("a refusal is told in the server's own words, and not asked again", async (t) => {
  const here = await scene(t);
  const cases = [[400, false], [401, true], [403, false], [404, false], [409, true], [413, false], [422, false]] as const;
  for (const [at, [status, mayTryAgain]] of cases.entries()) {
    here.standIn.on('threads.create', refused(status, `No, because of ${status}.`, {}, 'because'));
    assert.match(await sayAndFail(here), new RegExp(`No, because of ${status}\\.`));
    assert.equal(here.standIn.calls.length, at + 1);
    assert.deepEqual((await here.told()).slice(at), [{ message: `No, because of ${status}.`, code: 'because', status }]);
    assert.equal(await here.chat.button('Try again').count(), mayTryAgain ? 1 : 0);
    // What was said is not lost.
    if (mayTryAgain) await here.chat.element.getByRole('article').getByText('Hello').waitFor();
    else await here.chat.composer.getByText('Hello').waitFor();
    await here.chat.call('setComposerValue', { text: '' });
  }
});

test('a message that is given up goes back to where it was written, and the conversation can be read again', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  standIn.on('threads.create', events(...opening('Hello'), done('Hello to you.'))).on('threads.add_user_message', refused(409, 'Not now.'));
  await chat.ask('Hello');
  await chat.call('setComposerValue', { content: [{ type: 'input_text', text: 'Ask ' }, { type: 'input_tag', id: 'ada', text: 'Ada' }], reply: 'Hello to you.' });
  const failed = chat.ended();
  await chat.button('Send').click();
  await failed;
  await chat.call('setComposerValue', { text: 'And now' });
  await chat.button('Dismiss').click();
  await chat.items.nth(2).waitFor({ state: 'detached' });
  assert.equal(await chat.composer.innerText(), 'Ask Ada\nAnd now');
  assert.equal(await chat.items.count(), 2);
  standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [assistantMessage('From elsewhere', 'cti_2'), userMessage('Hello')], has_more: false }));
  await chat.call('fetchUpdates');
  await chat.lastItem.getByText('From elsewhere').waitFor();
  standIn.on('threads.add_user_message', events({ type: 'thread.item.done', item: userMessage('Ask Ada', 'cti_3') }, done('Gladly.', 'cti_4')));
  await chat.button('Send').click();
  await chat.lastItem.getByText('Gladly.').waitFor();
  const input = standIn.of('threads.add_user_message').at(-1)!.body!.params.input as { quoted_text: string };
  assert.equal(input.quoted_text, 'Hello to you.');
});

const toggle = { type: 'Button', label: 'Toggle', onClickAction: { type: 'toggle', streaming: false } };

/** A chat that shows a widget with a button. */
async function showWidget({ standIn, chat }: Scene, button: object): Promise<void> {
  standIn.on('threads.create', events(...opening('Hello'), { type: 'thread.item.done', item: widget({ type: 'Card', children: [button] }) }));
  await chat.ask('Hello');
}

test("a widget's action is not done twice: it is sent again where the server did nothing, or when the visitor says so", async (t) => {
  const here = await scene(t);
  await showWidget(here, toggle);
  here.standIn.on('threads.sync_custom_action', refused(429, 'Slow down.'), refused(503, 'In a moment.', { 'retry-after': '1' }), refused(502, null));
  const failed = here.chat.next('chatkit.error');
  await here.chat.button('Toggle').click();
  await failed;
  const alert = here.chat.element.getByRole('alert');
  await alert.getByText('That did not work.').waitFor();
  assert.equal(here.standIn.of('threads.sync_custom_action').length, 3);
  here.standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [widget({ type: 'Card', children: [toggle] })], has_more: false }));
  await here.chat.call('fetchUpdates');
  assert.equal(here.standIn.of('threads.sync_custom_action').length, 3);
  here.standIn.on('threads.sync_custom_action', json({ updated_item: widget({ type: 'Card', children: [{ type: 'Text', value: 'Toggled' }] }) }));
  await here.chat.button('Try again').click();
  await here.chat.lastItem.getByText('Toggled').waitFor();
  assert.equal(here.standIn.of('threads.sync_custom_action').length, 4);
  assert.equal(await alert.count(), 0);
});

test('what an agent says to an action is said to the visitor', async (t) => {
  const here = await scene(t);
  await showWidget(here, toggle);
  here.standIn.on('threads.sync_custom_action', refused(500, 'We are sold out.', {}, 'custom'));
  await here.chat.button('Toggle').click();
  await here.chat.element.getByRole('alert').getByText('We are sold out.').waitFor();
  assert.equal(await here.chat.button('Try again').count(), 0);
  assert.equal(here.standIn.of('threads.sync_custom_action').length, 1);
  assert.deepEqual(await here.told(), [{ message: 'We are sold out.', code: 'custom', status: 500 }]);
});

test('a page of a proxy is no answer: the visitor reads of a failure, the page where to look', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', plain('text/html; charset=utf-8', '<h1>Sign in</h1>'));
  const words = await sayAndFail(here);
  assert.match(words, /The answer failed/);
  assert.doesNotMatch(words, /api\.url/);
  const [told, ...more] = await here.told();
  assert.equal(told!.code, 'wrong_content_type');
  assert.match(told!.message, /\/chatkit answered with text\/html; charset=utf-8, .* Check api\.url/);
  assert.deepEqual(more, []);
});

test('a redirect to a login page is the same', async (t) => {
  const here = await scene(t);
  here.site.put('/login', '<h1>Sign in</h1>');
  here.standIn.on('threads.create', (response) => response.writeHead(302, { location: '/login' }).end());
  assert.match(await sayAndFail(here), /The answer failed/);
  const [told] = await here.told();
  assert.equal(told!.code, 'wrong_content_type');
  assert.match(told!.message, /\/login answered/);
});

test('a list that is none is told as a failure, and the history can be asked for again', async (t) => {
  const here = await scene(t);
  const bodies = ['{"data": [', 'null', '{"data": "nothing"}'];
  here.standIn.on('threads.list', ...bodies.map((body) => plain('application/json', body)), json({ data: [{ ...thread, title: 'Found again' }], has_more: false }));
  for (const at of bodies.keys()) {
    const failed = here.chat.next('chatkit.error');
    await here.chat.button(at === 0 ? 'Conversations' : 'Try again').click();
    await failed;
    await here.chat.element.getByRole('alert').getByText('could not be loaded').waitFor();
    assert.deepEqual((await here.told()).slice(at).map(({ code }) => code), ['invalid_response']);
  }
  await here.chat.button('Try again').click();
  await here.chat.element.getByText('Found again').waitFor();
});

test('an event that is no JSON is left out, and the page is told once', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', events(...opening('Hello'), 'data: {"type": "thread.item\n\n', 'data: [DONE]\n\n', 'data: null\n\n', done('All the same.')));
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('All the same.').waitFor();
  assert.deepEqual((await here.told()).map(({ code }) => code), ['invalid_event']);
  assert.equal(await here.chat.element.getByRole('alert').count(), 0);
});

test('events that are not what their type says do no harm', async (t) => {
  const here = await scene(t);
  const broken = [
    { type: 'thread.item.added' }, { type: 'thread.item.done', item: { type: 'assistant_message', id: 'cti_1' } },
    { type: 'thread.item.done', item: { type: 'assistant_message', id: 'cti_2', content: [null] } },
    { type: 'thread.item.done', item: { type: 'workflow', id: 'cti_3', workflow: {} } }, { type: 'thread.item.done', item: { type: 'widget', id: 'cti_4' } },
    { type: 'thread.item.done', item: { type: 'user_message', id: 'cti_5', content: 'Hello' } }, { type: 'notice', level: 'info', message: {} },
    { type: 'thread.item.updated', item_id: 'cti_none' }, { type: 'thread.updated' }, { type: 'progress_update' }, { type: 'client_effect' },
    { type: 'thread.item.added', item: { type: 'assistant_message', id: 'cti_6', thread_id: thread.id, created_at: thread.created_at, content: [] } },
    { type: 'thread.item.updated', item_id: 'cti_6', update: { type: 'assistant_message.content_part.added', content_index: 4_000_000_000, content: { type: 'output_text', text: '' } } },
    { type: 'thread.item.updated', item_id: 'cti_6', update: { type: 'assistant_message.content_part.text_delta', content_index: 2, delta: 'Out of order' } },
    { type: 'thread.item.updated', item_id: 'cti_6', update: { type: 'assistant_message.content_part.done', content_index: 1 } },
  ];
  here.standIn.on('threads.create', events(...opening('Hello'), ...broken, done('Out of order, but whole.', 'cti_6'), done('All the same.')));
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('All the same.').waitFor();
  await here.chat.element.getByText('Out of order, but whole.').first().waitFor();
  assert.deepEqual((await here.told()).map(({ code }) => code), ['invalid_event']);
});

test('kinds of events and items that nobody knows yet are passed over', async (t) => {
  const here = await scene(t);
  const unknown = [
    { type: 'thread.sparkle', strength: 9 }, { type: 'thread.item.done', item: { type: 'hologram', id: 'cti_h', thread_id: thread.id, created_at: thread.created_at } },
    { type: 'thread.item.updated', item_id: 'cti_h', update: { type: 'hologram.turned' } },
  ];
  here.standIn.on('threads.create', events(...opening('Hello'), ...unknown, done('From the present.')));
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('From the present.').waitFor();
  assert.equal(await here.chat.items.count(), 2);
  assert.deepEqual(await here.told(), []);
});

test('events are read however their lines are broken and cut into pieces', async (t) => {
  const here = await scene(t);
  const text = `\uFEFF: hello\r\rid: 1\r\ndata: ${JSON.stringify(opening('Hello')[0])}\r\n\r\nretry: 1\nevent: x\ndata:${JSON.stringify(opening('Hello')[1])}\n\ndata\ndata: ${JSON.stringify(done('Grüße 🎉')).replace(',', ',\ndata: ')}\r\n\r\n`;
  here.standIn.on('threads.create', (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const bytes = Buffer.from(text);
    const send = (at: number): void => void (at < bytes.length ? response.write(bytes.subarray(at, at + 7), () => setImmediate(send, at + 7)) : response.end());
    send(0);
  });
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('Grüße 🎉').waitFor();
  assert.deepEqual(await here.told(), []);
});

test('a stream without any event is a failure', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', events());
  assert.match(await sayAndFail(here), /The answer failed/);
  assert.deepEqual((await here.told()).map(({ code }) => code), ['incomplete']);
  here.standIn.on('threads.create', events(...opening('Hello'), done('Better.')));
  await here.chat.button('Try again').click();
  await here.chat.lastItem.getByText('Better.').waitFor();
});

test('an answer of which the end is missing keeps what was said, and is answered anew on demand', async (t) => {
  const here = await scene(t);
  const half = [
    { type: 'thread.item.added', item: { ...(done('').valueOf() as { item: object }).item, content: [] } },
    { type: 'thread.item.updated', item_id: 'cti_answer', update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: 'Half a sent' } },
  ];
  here.standIn.on('threads.create', events(...opening('Hello'), ...half));
  assert.match(await sayAndFail(here), /The answer failed/);
  await here.chat.lastItem.getByText('Half a sent').waitFor();
  assert.deepEqual((await here.told()).map(({ code }) => code), ['incomplete']);
  here.standIn.on('threads.retry_after_item', events({ type: 'stream_options', stream_options: { allow_cancel: true } }, done('A whole sentence.', 'cti_whole')));
  await here.chat.button('Try again').click();
  await here.chat.lastItem.getByText('A whole sentence.').waitFor();
  assert.equal(await here.chat.items.count(), 2);
});

test('a run whose stream ends too early is gone on with', async (t) => {
  const here = await scene(t);
  const numbered = (from: number, ...all: object[]) => all.map((one, at) => `id: ${from + at}\ndata: ${JSON.stringify(one)}\n\n`).join('');
  const stream = (text: string) => inRun('run_1', events(text));
  here.standIn.on('threads.create', stream(numbered(1, ...opening('Hello'))));
  here.standIn.onResume('run_1', refused(503, null), stream(numbered(3, opening('Hello')[2]!, done('To the end.'))), (response) => response.writeHead(204).end());
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('To the end.').waitFor();
  assert.deepEqual(here.standIn.of('resume').map(({ headers }) => headers['last-event-id']), ['3', '3']);
  assert.deepEqual(await here.told(), []);
});

test('a line without end is cut off, and does not freeze the page', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(opening('Hello')[0])}\n\ndata: `);
    const piece = 'x'.repeat(1 << 16);
    const more = (): void => void (response.destroyed || response.write(piece, more));
    more();
  });
  assert.match(await sayAndFail(here), /The answer failed/);
  assert.deepEqual((await here.told()).map(({ code }) => code), ['event_too_long']);
});

test('a very large event is shown', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', events(...opening('Hello'), done(`${'A long story. '.repeat(150_000)} The end.`)));
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('The end.').waitFor({ state: 'attached' });
  assert.deepEqual(await here.told(), []);
});

test('a thread that cannot be loaded says so, and can be tried again', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.get_by_id', refused(404, 'There is no such thread.'));
  here.standIn.on('items.list', refused(404, 'There is no such thread.'));
  await here.chat.call('setThreadId', thread.id);
  await here.chat.element.getByRole('alert').getByText('There is no such thread.').waitFor();
  assert.equal((await here.told()).length, 1);
  here.standIn.on('threads.get_by_id', json(thread)).on('items.list', json({ data: [userMessage('Long ago')], has_more: false }));
  await here.chat.call('setThreadId', thread.id);
  await here.chat.element.getByText('Long ago').waitFor();
});

test('a thread that does not load is no answer that failed', async (t) => {
  const here = await scene(t);
  const found = json({ data: [userMessage('Long ago')], has_more: false });
  for (const broken of ['threads.get_by_id', 'items.list']) {
    here.standIn.on('threads.get_by_id', json(thread)).on('items.list', found).on(broken, refused(501, null));
    await here.chat.call('setThreadId', thread.id);
    await here.chat.element.getByRole('alert').getByText('This conversation could not be opened.').waitFor();
    here.standIn.on(broken, broken === 'items.list' ? found : json(thread));
    await here.chat.button('Dismiss').click();
    await here.chat.call('setThreadId', thread.id);
    await here.chat.element.getByText('Long ago').waitFor();
    await here.chat.call('setThreadId', null);
  }
});

test('a name that is not saved is said to the visitor, and stays in its field', async (t) => {
  const { chat, standIn, told } = await scene(t);
  standIn.on('threads.list', json({ data: [{ ...thread, title: 'A fine title' }], has_more: false }));
  standIn.on('threads.update', refused(502, null), refused(502, null), refused(502, null), refused(502, null), refused(403, 'This name is taken.'), json({ ...thread, title: 'A better title' }));
  await chat.button('Conversations').click();
  const list = chat.element.getByRole('dialog', { name: 'Conversations' });
  const field = list.getByRole('textbox', { name: 'Rename' });
  await chat.button('Rename: A fine title').click();
  await field.fill('A better title');
  await field.press('Enter');
  // It is on its way.
  await field.press('Enter');
  await list.getByRole('alert').getByText('That did not work.').waitFor();
  await keepPicture(chat.page, 'rename-failed');
  assert.equal(standIn.of('threads.update').length, 4);
  assert.equal(await field.inputValue(), 'A better title');
  await field.press('Enter');
  await list.getByRole('alert').getByText('This name is taken.').waitFor();
  assert.equal(await list.getByRole('alert').count(), 1, 'what was said before is out of date');
  assert.deepEqual((await told()).map(({ status }) => status), [502, 403]);
  await list.getByRole('button', { name: 'Dismiss' }).click();
  await list.getByRole('alert').waitFor({ state: 'detached' });
  await field.press('Enter');
  await chat.button(/^A better title/).waitFor();
  await field.waitFor({ state: 'hidden' });
});

test('a conversation that is not deleted is said to the visitor, and can be deleted then', async (t) => {
  const { chat, standIn, told } = await scene(t);
  standIn.on('threads.list', json({ data: [{ ...thread, title: 'A fine title' }], has_more: false }));
  standIn.on('threads.delete', refused(429, 'Slow down.', { 'retry-after': '120' }), json({}));
  await chat.button('Conversations').click();
  const list = chat.element.getByRole('dialog', { name: 'Conversations' });
  await chat.button('Delete: A fine title').click();
  const remove = list.getByRole('group', { name: 'Delete this conversation?' }).getByRole('button', { name: 'Delete' });
  await remove.click();
  await list.getByRole('alert').getByText('Too many requests. Please wait a moment.').waitFor();
  assert.deepEqual((await told()).map(({ status }) => status), [429]);
  await remove.click();
  await list.getByText('There are no conversations yet.').waitFor();
  assert.equal(await list.getByRole('alert').count(), 0);
});

test('a judgement that does not arrive is said to the visitor, once', async (t) => {
  const { chat, standIn, told } = await sceneWith(t, browser, server, { options: { threadItemActions: { feedback: true } } });
  standIn.on('threads.create', events(...opening('Hello'), done('Hello to you.'))).on('items.feedback', refused(501, null));
  await chat.ask('Hello');
  for (const name of ['Good answer', 'Bad answer']) {
    const failed = chat.next('chatkit.error');
    await chat.button(name).click();
    await failed;
    await chat.element.getByRole('alert').getByText('That did not work.').waitFor();
    assert.equal(await chat.button(name).getAttribute('aria-pressed'), 'false');
  }
  assert.equal(await chat.element.getByRole('alert').count(), 1);
  assert.equal((await told()).length, 2);
});
