// What other servers send that is not, or not quite, what the protocol says: it costs no more than itself.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { eventsOf } from '../harness/page.js';
import { beginAnswer, type Scene, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { done, events, held, json, opening, type Reply, thread, userMessage } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const scene = (t: TestContext): Promise<Scene> => sceneWith(t, browser, server, { options: { threadItemActions: { retry: true } } });

const codes = async ({ told }: Scene): Promise<unknown[]> => (await told()).map(({ code }) => code);

const nothingAtAll: Reply = (response) => response.writeHead(204).end();

test('a message that is answered with nothing at all is not lost', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const again = chat.element.getByRole('alert').getByRole('button', { name: 'Try again' });
  standIn.on('threads.create', nothingAtAll, events(...opening('Hello'), done('Hello to you.')));
  await chat.ask('Hello');
  await chat.element.getByRole('article').getByText('Hello').waitFor();
  assert.deepEqual(await codes(here), ['wrong_content_type']);
  await chat.during('chatkit.response.end', () => again.click());
  await chat.lastItem.getByText('Hello to you.').waitFor();

  standIn.on('threads.add_user_message', nothingAtAll, events({ type: 'thread.item.done', item: userMessage('And?', 'cti_2') }, done('That is all.', 'cti_3')));
  await chat.ask('And?');
  await chat.element.getByRole('article').getByText('And?').waitFor();
  await chat.during('chatkit.response.end', () => again.click());
  await chat.lastItem.getByText('That is all.').waitFor();

  standIn.on('threads.retry_after_item', nothingAtAll, events(done('That is really all.', 'cti_4')));
  const failed = chat.ended();
  await chat.lastItem.getByRole('button', { name: 'Try again' }).click();
  await failed;
  await again.click();
  await chat.lastItem.getByText('That is really all.').waitFor();
  assert.deepEqual(await codes(here), Array(3).fill('wrong_content_type'));
});

test('a thread that is none, or another one than is shown, is left out', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const broken = [{}, { ...thread, status: 'active' }, { ...thread, allowed_image_domains: 'example.com' }, { ...thread, id: 7 }];
  const told = ['thread.created', 'thread.updated'].flatMap((type) => broken.map((thread) => ({ type, thread })));
  standIn.on('threads.create', events(...told, ...opening('Hello'), ...told, { type: 'thread.updated', thread: { ...thread, id: 'cthr_2', title: 'Another' } }, done('Hello to you.')));
  await chat.ask('Hello');
  await chat.lastItem.getByText('Hello to you.').waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.change'), [{ threadId: thread.id }]);
  assert.equal(await chat.element.getByText('Another').count(), 0);
  assert.deepEqual(await codes(here), ['invalid_event']);

  standIn.on('threads.add_user_message', events({ type: 'thread.updated', thread: { ...thread, title: 'A fine title' } }, { type: 'thread.item.done', item: userMessage('And?', 'cti_2') }, done('That is all.', 'cti_3')));
  await chat.ask('And?');
  await chat.element.getByRole('heading', { name: 'A fine title' }).waitFor();
  assert.equal(standIn.of('threads.add_user_message')[0]!.body!.params.thread_id, thread.id);
});

test('a thread that is answered with another document is a failure, and can be asked for again', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  standIn.on('threads.get_by_id', json({}), json(thread)).on('items.list', json({ data: [userMessage('Long ago')], has_more: false }));
  await chat.call('setThreadId', thread.id);
  assert.deepEqual(await codes(here), ['invalid_response']);
  await chat.element.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await chat.element.getByText('Long ago').waitFor();
});

const place = { thread_id: thread.id, created_at: thread.created_at };
const text = (text: string, more: object = {}) => ({ type: 'output_text', text, annotations: [], ...more });
const page = { type: 'url', url: 'https://example.com/crabs', title: 'Crabs' };

/** Messages of which something cannot be shown, and the words that can. */
const HALF = [
  { type: 'assistant_message', id: 'cti_1', ...place, content: [text('Keep one.'), { type: 'future_part' }, text('Keep two.')] },
  { type: 'assistant_message', id: 'cti_2', ...place, content: [null, text('Keep three.', { annotations: [{ type: 'annotation' }, { type: 'annotation', index: 11, source: page }] })] },
  { type: 'user_message', id: 'cti_3', ...place, content: [{ type: 'input_text', text: 'Keep four.' }, { type: 'future_part' }], attachments: [null], inference_options: {} },
  { type: 'user_message', id: 'cti_4', ...place, content: [{ type: 'input_text', text: 'Keep five.' }] },
];
const KEPT = ['Keep one.', 'Keep two.', 'Keep three.', 'Keep four.', 'Keep five.'];

async function seeKept({ chat }: Scene): Promise<void> {
  for (const words of KEPT) await chat.element.getByText(words).waitFor();
  await chat.element.getByText('Sources · 1').waitFor();
}

test('a part of a message that nobody knows is left out, and the rest of the message is shown', async (t) => {
  const here = await scene(t);
  here.standIn.on('threads.create', events(...opening('Hello'), ...HALF.map((item) => ({ type: 'thread.item.done', item })), done('All the same.')));
  await here.chat.ask('Hello');
  await here.chat.lastItem.getByText('All the same.').waitFor();
  await seeKept(here);
  assert.deepEqual(await codes(here), ['invalid_event']);
});

test('parts of which one is unknown keep their places while they are written', async (t) => {
  const here = await scene(t);
  const update = (type: string, content_index: number, more: object) =>
    ({ type: 'thread.item.updated', item_id: 'cti_1', update: { type: `assistant_message.content_part.${type}`, content_index, ...more } });
  const written = [
    { type: 'thread.item.added', item: { ...HALF[0], content: [] } },
    update('added', 0, { content: { type: 'future_part' } }), update('added', 1, { content: text('') }), update('text_delta', 1, { delta: 'Keep ' }),
    update('done', 0, { content: { type: 'future_part' } }), update('text_delta', 1, { delta: 'it.' }),
    { type: 'thread.item.done', item: { ...HALF[0], content: [{ type: 'future_part' }, text('Keep it.')] } },
  ];
  for (const length of [written.length - 1, written.length]) {
    here.standIn.on('threads.create', events(...opening('Hello'), ...written.slice(0, length)));
    await here.chat.ask('Hello');
    await here.chat.lastItem.getByText('Keep it.').waitFor();
    await here.chat.call('setThreadId', null);
  }
  assert.deepEqual(await codes(here), ['invalid_event', 'incomplete', 'invalid_event']);
});

test('a conversation with items that cannot be read is shown without them, and the page is told once', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const none = [null, { type: 'assistant_message', id: 'cti_5', ...place }];
  standIn.on('threads.get_by_id', json(thread));
  const newest = json({ data: [...none, ...HALF].reverse(), has_more: true, after: 'cti_1' });
  // What does not fill the view is followed by more without anybody asking.
  const older = held(json({ data: [userMessage('Long ago', 'cti_0'), ...none], has_more: false }));
  standIn.on('items.list', (response, call) => (call.body!.params.after === undefined ? newest : older.reply)(response, call));
  await chat.call('setThreadId', thread.id);
  await older.asked;
  await seeKept(here);
  await chat.call('fetchUpdates');
  assert.equal(await chat.items.count(), HALF.length);
  assert.deepEqual(await codes(here), ['invalid_item']);
  older.letGo();
  await chat.element.getByText('Long ago').waitFor();
  assert.deepEqual(await codes(here), ['invalid_item']);
});

test('a widget that an action changes into nothing stays', async (t) => {
  const here = await scene(t);
  const button = { type: 'Button', label: 'Toggle', onClickAction: { type: 'toggle', streaming: false } };
  const item = { type: 'widget', id: 'cti_widget', ...place, widget: { type: 'Card', children: [button] } };
  here.standIn.on('threads.create', events(...opening('Hello'), { type: 'thread.item.done', item }));
  await here.chat.ask('Hello');
  for (const [at, updated_item] of [{}, { ...item, widget: 7 }, null].entries()) {
    here.standIn.on('threads.sync_custom_action', json({ updated_item }));
    await here.chat.button('Toggle').click();
    await here.chat.element.locator('[aria-busy=true]').waitFor({ state: 'detached' });
    assert.equal(here.standIn.of('threads.sync_custom_action').length, at + 1);
    await here.chat.button('Toggle').waitFor();
  }
  assert.deepEqual(await codes(here), ['invalid_item']);
});

/** Work of an agent, with `null` for all that may be left out. */
const WORK = [
  { type: 'custom', status_indicator: 'complete', title: 'Packing', icon: null, content: null }, { type: 'custom', status_indicator: null, title: null, icon: null, content: 'Boxes' },
  { type: 'web_search', status_indicator: 'complete', title: 'Searching', title_query: null }, { type: 'file', status_indicator: 'complete', title: 'Reading' },
  { type: 'web_search', title: null, title_query: 'Looking', queries: null, sources: [{ ...page, description: null, attribution: null }] },
  { type: 'thought', title: 'Thinking hard', content: null }, { type: 'image', status_indicator: 'none', title: 'Drawing' }, { type: 'thought', title: 'Thinking on' },
];

test('what another server says nothing of with null is the same as what it leaves out', async (t) => {
  const here = await scene(t);
  const { chat } = here;
  const items = [
    { type: 'workflow', id: 'cti_1', ...place, workflow: { type: 'custom', tasks: WORK, expanded: true, summary: null } },
    { type: 'workflow', id: 'cti_2', ...place, workflow: { type: 'reasoning', tasks: [], expanded: null, summary: { title: 'Pondered', icon: null } } },
    { type: 'task', id: 'cti_3', ...place, task: { type: 'custom', title: 'One step', icon: null, content: null, status_indicator: 'loading' } },
    { ...userMessage('Somebody said'), id: 'cti_4', quoted_text: null, attachments: null, inference_options: null },
    { type: 'assistant_message', id: 'cti_5', ...place, content: [text('As is known.', { annotations: [{ type: 'annotation', index: null, source: { ...page, description: null } }] }), text('No sources.', { annotations: null })] },
    { type: 'structured_input', id: 'cti_6', ...place, status: 'skipped', inputs: [{ type: 'freeform', id: 'note', question: 'A note?', description: null, answer: null }] },
  ];
  here.standIn.on('threads.create', events(...opening('Hello'), { type: 'notice', level: 'info', title: null, message: 'By the way' }, { type: 'progress_update', icon: null, text: 'Soon' }, ...items.map((item) => ({ type: 'thread.item.done', item }))));
  await chat.ask('Hello');
  for (const words of ['Thought', 'Packing', 'Boxes', 'Searching', 'Reading', 'Looking', 'Thinking hard', 'Drawing', 'Thinking on', 'Pondered', 'One step', 'Somebody said', 'No sources.', 'Skipped']) {
    await chat.element.getByText(words, { exact: true }).waitFor();
  }
  assert.equal(await chat.element.locator('[data-item=cti_5] p').first().innerText(), 'As is known.');
  await chat.element.getByText('Sources · 1').waitFor();
  assert.equal(await chat.element.locator('blockquote, strong, .about:empty').count(), 0);
  assert.equal(await chat.element.getByText(/null|undefined|cannot be shown/).count(), 0);
  assert.deepEqual(await codes(here), []);
});

test('null in what is free means what it means to those who send it', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server, { functions: { onClientTool: '({ params }) => ({ heard: params })' } });
  const call = { type: 'client_tool_call', id: 'cti_1', ...place, status: 'pending', call_id: 'call_1', name: 'look', arguments: { at: null, all: [null] } };
  standIn.on('threads.create', events(...opening('Hello'), { type: 'client_effect', name: 'glow', data: { color: null } }, { type: 'thread.item.done', item: call }));
  standIn.on('threads.add_client_tool_output', events(done('I see.')));
  const effect = chat.next('chatkit.effect');
  await chat.ask('Hello');
  await chat.lastItem.getByText('I see.').waitFor();
  assert.deepEqual(await effect, { name: 'glow', data: { color: null } });
  assert.deepEqual(standIn.of('threads.add_client_tool_output')[0]!.body!.params.result, { heard: { at: null, all: [null] } });
});

test('a picture that is done and has no address that may be loaded does not load for ever', async (t) => {
  const here = await scene(t);
  const { chat } = here;
  const picture = (number: number, image: unknown) => ({ type: 'generated_image', id: `cti_${number}`, ...place, image });
  const made = [null, { id: 'img_1', url: 'javascript:alert(1)' }].map((image, at) => ({ type: 'thread.item.done', item: picture(at, image) }));
  here.standIn.on('threads.create', events(...opening('Hello'), { type: 'thread.item.added', item: picture(0, null) }, ...made, done('There you are.')));
  await chat.ask('Hello');
  await chat.lastItem.getByText('There you are.').waitFor();
  assert.equal(await chat.element.getByText('This part cannot be shown.').count(), 2);
  assert.equal(await chat.element.getByText('Loading…').count(), 0);
  assert.deepEqual(await codes(here), ['invalid_item', 'invalid_item']);
});

test('a picture that is being made is said to load, and one that cannot be shown is told once', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const item = { type: 'generated_image', id: 'cti_1', ...place, image: null };
  const send = (response: ServerResponse, ...all: object[]) => response.write(all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  const answer = new Promise<ServerResponse>((resolve) => {
    standIn.on('threads.create', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send(response, ...opening('Hello'), { type: 'thread.item.added', item });
      resolve(response);
    });
  });
  const ended = chat.ended();
  await chat.say('Hello');
  await chat.lastItem.getByText('Loading…').waitFor();
  send(await answer, { type: 'thread.item.done', item });
  await chat.lastItem.getByText('This part cannot be shown.').waitFor();
  // Its buttons come with the end, and it is drawn anew.
  (await answer).end();
  await ended;
  await chat.lastItem.getByRole('button', { name: 'Try again' }).waitFor();
  assert.deepEqual(await codes(here), ['invalid_item']);
});

test('a list of conversations with entries that are none shows the others', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const entry = (id: string, title: unknown, created_at: unknown = thread.created_at) => ({ ...thread, id, title, created_at });
  const data = [null, {}, entry('cthr_1', 'A fine title', 'yesterday, I think'), entry('cthr_2', ''), entry('cthr_3', '  '), entry('cthr_4', 7), entry('cthr_5', null, null)];
  standIn.on('threads.list', json({ data, has_more: false }));
  await chat.button('Conversations').click();
  const list = chat.element.getByRole('dialog');
  await list.getByText('A fine title').waitFor();
  assert.equal(await list.getByRole('listitem').count(), 5);
  assert.equal(await list.getByText('Loading…').count(), 0);
  assert.equal(await list.getByText('Invalid Date').count(), 0);
  assert.equal(await chat.button(/^New conversation/).count(), 4);
  assert.equal(await chat.button('Rename: New conversation').count(), 4);
  assert.deepEqual(await codes(here), ['invalid_item']);
});

test('a title of blanks is none', async (t) => {
  const { chat, standIn } = await scene(t);
  standIn.on('threads.create', events({ type: 'thread.created', thread: { ...thread, title: ' ' } }, ...opening('Hello').slice(1), done('Hello to you.')));
  await chat.ask('Hello');
  assert.equal(await chat.element.locator('header h2').count(), 0);
});

test('progress with an icon that is none is shown without it', async (t) => {
  const here = await scene(t);
  await beginAnswer(here, { type: 'progress_update', icon: 7, text: 'Soon' });
  await here.chat.element.getByText('Soon').waitFor();
});

test('a property of a widget that is null is the same as one that is left out', async (t) => {
  const here = await scene(t);
  const { chat, standIn } = here;
  const press = { type: 'press', payload: { kept: null }, streaming: false };
  const button = (label: string) => ({ type: 'Button', id: 'press', label, iconStart: null, iconEnd: null, iconSize: null, onClickAction: press });
  const data = [1, 2, null, 3, 4].map((sold, at) => ({ day: `Day ${at}`, sold }));
  const children = [
    { type: 'Text', value: 'A text', editable: null, maxLines: null, minLines: null }, { type: 'Box', onClickAction: null, children: [{ type: 'Title', value: 'A title', weight: null }] },
    button('Press'), { type: 'Chart', data, series: [{ type: 'line', dataKey: 'sold', label: null }], xAxis: 'day', height: 200, showLegend: null },
  ];
  const item = { type: 'widget', id: 'cti_widget', ...place, widget: { type: 'Card', status: null, confirm: null, cancel: null, children } };
  const update = { type: 'widget.component.updated', component_id: 'press', component: button('Pressed') };
  const list = { ...item, id: 'cti_list', widget: { type: 'ListView', status: null, children: [{ type: 'ListViewItem', onClickAction: null, children: [{ type: 'Text', value: 'A line' }] }] } };
  const answer = await beginAnswer(here, { type: 'thread.item.added', item });
  for (const words of ['A text', 'A title', 'Press']) await chat.element.getByText(words, { exact: true }).waitFor();
  answer.send({ type: 'thread.item.updated', item_id: item.id, update });
  await chat.button('Pressed').waitFor();
  answer.send(...[item, list].map((item) => ({ type: 'thread.item.done', item })));
  await chat.element.getByText('A line').waitFor();
  assert.equal(await chat.element.locator('.cover, .status').count(), 0);
  assert.equal(await chat.items.getByRole('textbox').count(), 0);
  const line = chat.element.locator('.line-of-series');
  await line.waitFor({ state: 'attached' });
  assert.equal((await line.getAttribute('d'))!.split('M').length, 3, 'the line has a gap');
  const ended = chat.ended();
  answer.end();
  await ended;
  standIn.on('threads.sync_custom_action', json({ updated_item: null }));
  await chat.button('Press').click();
  await chat.element.locator('[aria-busy=true]').waitFor({ state: 'detached' });
  assert.deepEqual((standIn.of('threads.sync_custom_action')[0]!.body!.params.action as { payload: unknown }).payload, { kept: null });
});
