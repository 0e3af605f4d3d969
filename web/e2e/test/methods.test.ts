// The element's methods, called by the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OpenAIChatKit } from '@openai/chatkit';
import type { Browser, Page } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { exercises } from '../harness/declarations.js';
import { eventsOf, openChat, operationsOf } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { assistantMessage, json, thread, userMessage } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('e2e/answers')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const TAG = { type: 'input_tag', id: 'ada', text: 'Ada' };

test('focusComposer puts the caret where one writes', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'focusComposer()');
  const chat = await openChat(t, context, server);
  await chat.call('focusComposer');
  await chat.page.keyboard.type('Here');
  assert.equal(await chat.composer.innerText(), 'Here');
});

test('sendUserMessage says what the page wants, and leaves the composer alone', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'sendUserMessage(text)', 'sendUserMessage(content)', 'sendUserMessage(reply)', 'sendUserMessage(newThread)',
    'sendUserMessage(toolChoice)', 'sendUserMessage(model)');
  const models = [{ id: 'fast', label: 'Fast', default: true }, { id: 'deep', label: 'Deep' }];
  const chat = await openChat(t, context, server, { composer: { models } });
  const sent = operationsOf(chat.page);
  await chat.call('setComposerValue', { text: 'A draft' });
  await chat.call('sendUserMessage', { text: 'Hi', toolChoice: { id: 'search' }, model: 'deep' });
  await chat.call('sendUserMessage', { content: [{ type: 'input_text', text: 'Ask ' }, TAG], reply: 'Heard.' });
  await chat.call('sendUserMessage', { text: 'Elsewhere', newThread: true });
  assert.deepEqual(sent.map(({ type }) => type), ['threads.create', 'threads.add_user_message', 'threads.create']);
  assert.deepEqual(sent.map(({ params }) => params.input), [
    { content: [{ type: 'input_text', text: 'Hi' }], attachments: [], inference_options: { tool_choice: { id: 'search' }, model: 'deep' } },
    {
      content: [{ type: 'input_text', text: 'Ask ' }, { ...TAG, data: {}, interactive: false }],
      attachments: [],
      quoted_text: 'Heard.',
      inference_options: {},
    },
    { content: [{ type: 'input_text', text: 'Elsewhere' }], attachments: [], inference_options: {} },
  ]);
  assert.equal(await chat.composer.innerText(), 'A draft');
  await chat.button('Model: Fast').waitFor();
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(await chat.items.count(), 2);
});

test('a message while an answer is given is refused with words', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.say('Tell me a story');
  await chat.lastItem.getByText('Once upon a time').waitFor();
  await assert.rejects(chat.call('sendUserMessage', { text: 'And?' }), /An answer is still being given/);
});

test('setComposerValue fills the composer and sends nothing', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'setComposerValue(text)', 'setComposerValue(reply)', 'setComposerValue(content)', 'setComposerValue(selectedToolId)',
    'setComposerValue(selectedModelId)');
  const composer = { tools: [{ id: 'search', label: 'Search', icon: 'search' }], models: [{ id: 'fast', label: 'Fast', default: true }, { id: 'deep', label: 'Deep' }] };
  const chat = await openChat(t, context, server, { composer });
  const sent = operationsOf(chat.page);
  await chat.call('setComposerValue', { content: [{ type: 'input_text', text: 'Ask ' }, TAG], reply: 'A quote', selectedToolId: 'search', selectedModelId: 'deep' });
  await chat.element.getByRole('button', { name: 'Search', pressed: true }).waitFor();
  await chat.button('Model: Deep').waitFor();
  await chat.element.getByText('A quote').waitFor();
  assert.equal(await chat.composer.innerText(), 'Ask Ada');
  await keepPicture(chat.page, 'composer-value');
  await chat.call('setComposerValue', { text: 'Other words', selectedToolId: null });
  await chat.element.getByRole('button', { name: 'Search', pressed: true }).waitFor({ state: 'detached' });
  await chat.composer.getByText('Other words').waitFor();
  assert.equal(sent.length, 0);
  const answered = chat.ended();
  await chat.button('Send').click();
  await answered;
  assert.deepEqual(sent[0]!.params.input, {
    content: [{ type: 'input_text', text: 'Other words' }], attachments: [], quoted_text: 'A quote', inference_options: { model: 'deep' },
  });
  await chat.element.getByRole('article').getByText('A quote').waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.tool.change'), [{ toolId: 'search' }, { toolId: null }]);
});

test('what the page sets is there at once, and one writes on behind it', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const shown = await chat.page.evaluate(async () => {
    const chat = document.querySelector<OpenAIChatKit>('openai-chatkit')!;
    await chat.setComposerValue({ text: 'Before ' });
    return chat.shadowRoot!.querySelector('[data-composer]')!.textContent;
  });
  assert.equal(shown, 'Before ');
});

test('a tool or a model that cannot be selected is refused with words, and the choice stays', async (t) => {
  const models = [{ id: 'fast', label: 'Fast', default: true }, { id: 'deep', label: 'Deep' }, { id: 'old', label: 'Old', disabled: true }];
  const composer = { tools: [{ id: 'search', label: 'Search', icon: 'search' }], models };
  const chat = await openChat(t, await visitor(t, browser), server, { composer });
  await chat.call('setComposerValue', { selectedToolId: 'search', selectedModelId: 'deep' });
  const sent = operationsOf(chat.page);
  for (const [choice, code] of [[{ selectedToolId: 'nope' }, 'unknown_tool'], [{ selectedModelId: 'nope' }, 'unknown_model'], [{ selectedModelId: 'old' }, 'unknown_model']] as const) {
    const failed = chat.next('chatkit.error') as Promise<{ error: { code: string } }>;
    await chat.call('setComposerValue', choice);
    assert.equal((await failed).error.code, code);
  }
  await chat.ask('Hi');
  assert.deepEqual((sent[0]!.params.input as { inference_options: unknown }).inference_options, { tool_choice: { id: 'search' }, model: 'deep' });
});

test('a message without anything is refused, and half an emoji is sent as a sign that stands for it', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  for (const nothing of [{}, { text: ' ' }, { content: [] }]) await assert.rejects(chat.call('sendUserMessage', nothing), /needs text/);
  const sent = operationsOf(chat.page);
  await chat.call('sendUserMessage', { text: 'Cut \ud83d' });
  assert.deepEqual(sent.map(({ params }) => (params.input as { content: unknown }).content), [[{ type: 'input_text', text: 'Cut \ufffd' }]]);
  await chat.lastItem.getByText('Heard.').waitFor();
});

test('setThreadId shows another conversation, and a new one for null', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'setThreadId()', 'initialThread', 'chatkit.thread.load.start', 'chatkit.thread.load.end', 'chatkit.thread.change');
  const chat = await openChat(t, context, server);
  await chat.ask('Hi');
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  await chat.call('setThreadId', null);
  await chat.element.getByText('What can I help with today?').waitFor();
  await chat.call('setThreadId', threadId);
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.change'), [{ threadId }, { threadId: null }, { threadId }]);
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.load.start'), [{ threadId }]);
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.load.end'), [{ threadId }]);

  await chat.page.reload();
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, initialThread: threadId });
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.load.end'), [{ threadId }]);
});

test('a conversation that is not there any more is said to be gone, and a new one can be begun', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'chatkit.error');
  const chat = await openChat(t, context, server, { initialThread: 'cthr_gone', header: { enabled: false } });
  await chat.element.getByRole('alert').getByText('There is no such thread.').waitFor();
  const [{ error }] = (await eventsOf(chat.page, 'chatkit.error')) as [{ error: Error }];
  assert.ok(error instanceof Error);
  assert.deepEqual(await eventsOf(chat.page, 'chatkit.thread.change'), [{ threadId: 'cthr_gone' }, { threadId: null }]);
  await chat.ask('Hi');
  await chat.lastItem.getByText('Heard.').waitFor();
});

/** Says something as the same visitor, of which no widget knows. */
async function sayElsewhere(page: Page, threadId: string, text: string): Promise<void> {
  await page.evaluate(async ([url, threadId, text]) => {
    const token = Object.entries(localStorage).find(([key]) => key.startsWith('chatkit.device:'))![1] as string;
    const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} };
    const body = JSON.stringify({ type: 'threads.add_user_message', params: { thread_id: threadId, input } });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', 'chatkit-device-token': token }, body });
    await response.text();
  }, [`${server.url}/chatkit`, threadId, text] as const);
}

test('fetchUpdates shows what happened elsewhere, and keeps what was read before', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'fetchUpdates()');
  const chat = await openChat(t, context, server);
  await chat.page.evaluate(async (count) => {
    const chat = document.querySelector<OpenAIChatKit>('openai-chatkit')!;
    for (let at = 1; at <= count; at++) await chat.sendUserMessage({ text: `Message ${at}` });
  }, 28);
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  await chat.call('setThreadId', null);
  await chat.call('setThreadId', threadId);
  await chat.lastItem.getByText('Heard.').waitFor();
  await chat.element.locator('.thread').evaluate((thread) => void (thread.scrollTop = 0));
  await chat.element.getByText('Message 1', { exact: true }).waitFor();

  await sayElsewhere(chat.page, threadId, 'From elsewhere');
  assert.equal(await chat.element.getByText('From elsewhere').count(), 0);
  await chat.call('fetchUpdates');
  await chat.element.getByText('From elsewhere').waitFor();
  assert.equal(await chat.items.count(), 58);
});

/** Holds back the answer to the next such operation, as a slow line does: what is resolved lets it go. */
function held(page: Page, op: string): Promise<() => Promise<void>> {
  return new Promise((resolve) => {
    let isHeld = false;
    void page.route('**/chatkit', async (route) => {
      if (isHeld || (route.request().postDataJSON() as { type?: string } | null)?.type !== op) return route.fallback();
      isHeld = true;
      const response = await route.fetch();
      resolve(() => route.fulfill({ response }));
    });
  });
}

test('fetchUpdates takes away what was deleted at the beginning of the conversation', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const [one, three] = [userMessage('One', 'cti_1'), assistantMessage('Three', 'cti_3')];
  const page = (...data: object[]) => json({ data, has_more: false });
  standIn.on('threads.get_by_id', json(thread)).on('items.list', page(three, one), page(three));
  await chat.call('setThreadId', thread.id);
  await chat.element.getByText('One').waitFor();
  await chat.call('fetchUpdates');
  await chat.element.getByText('One').waitFor({ state: 'detached' });
  await chat.element.getByText('Three').waitFor();
  assert.equal(await chat.items.count(), 1);
});

test('what was said while fetchUpdates was under way stays', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Hi');
  const list = held(chat.page, 'items.list');
  const updates = chat.call('fetchUpdates');
  const letGo = await list;
  await chat.ask('In between');
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  await sayElsewhere(chat.page, threadId, 'From elsewhere');
  await letGo();
  await updates;
  await chat.element.getByText('From elsewhere').waitFor();
  await chat.element.getByText('In between').waitFor();
  assert.equal(await chat.items.count(), 6);
});

test('fetchUpdates shows what was there when it was called, while it is at work already, too', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Hi');
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  const list = held(chat.page, 'items.list');
  const first = chat.call('fetchUpdates');
  const letGo = await list;
  await sayElsewhere(chat.page, threadId, 'From elsewhere');
  const second = await chat.element.evaluateHandle((element) => ({ done: (element as OpenAIChatKit).fetchUpdates() }));
  await letGo();
  await Promise.all([first, second.evaluate(({ done }) => done)]);
  await chat.element.getByText('From elsewhere').waitFor();
});

test('fetchUpdates does not wait for another conversation', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Hi');
  await chat.call('sendUserMessage', { text: 'Elsewhere', newThread: true });
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  const list = held(chat.page, 'items.list');
  const left = chat.call('fetchUpdates');
  const letGo = await list;
  await chat.call('setThreadId', threadId);
  await sayElsewhere(chat.page, threadId, 'From elsewhere');
  const here = chat.call('fetchUpdates');
  await chat.element.getByText('From elsewhere').waitFor();
  await letGo();
  await Promise.all([left, here]);
  assert.equal(await chat.items.count(), 4);
});

test('fetchUpdates during an answer is done after it', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.say('Count slowly');
  await chat.lastItem.getByText('three').waitFor();
  await chat.call('fetchUpdates');
  await chat.lastItem.getByText('fifteen').waitFor();
  assert.deepEqual(sent.map(({ type }) => type), ['threads.create', 'threads.get_by_id', 'items.list']);
  assert.equal((await eventsOf(chat.page, 'chatkit.response.end')).length, 1);
});

test('what is said while a conversation is being opened is said in it, after what was there', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Hi');
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  await chat.call('setThreadId', null);
  const list = held(chat.page, 'items.list');
  const opened = chat.call('setThreadId', threadId);
  const letGo = await list;
  const ended = chat.ended();
  await chat.say('Quickly');
  await chat.element.getByText('Quickly').waitFor();
  await letGo();
  await Promise.all([opened, ended]);
  assert.deepEqual(await chat.items.locator('.bubble, chatkitd-markdown').allInnerTexts(), ['Hi', 'Heard.', 'Quickly', 'Heard.']);
  assert.equal(await chat.element.getByText('Loading').count(), 0);
});

test('a message that is stopped before it went out is in the composer again, with its tool', async (t) => {
  const tools = [{ id: 'search', label: 'Search', icon: 'search' }];
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { tools } });
  await chat.ask('Hi');
  const [{ threadId }] = (await eventsOf(chat.page, 'chatkit.thread.change')) as [{ threadId: string }];
  await chat.call('setThreadId', null);
  const list = held(chat.page, 'items.list');
  const opened = chat.call('setThreadId', threadId);
  const letGo = await list;
  const sent = operationsOf(chat.page);
  await chat.call('setComposerValue', { text: 'Too early', selectedToolId: 'search' });
  await chat.button('Send').click();
  await chat.during('chatkit.response.end', () => chat.button('Stop').click());
  await letGo();
  await opened;
  await chat.lastItem.getByText('Heard.').waitFor();
  assert.equal(await chat.composer.innerText(), 'Too early');
  await chat.element.getByRole('button', { name: 'Search', pressed: true }).waitFor();
  assert.deepEqual(sent, []);
});

test('sendCustomAction without an item goes to the thread', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'sendCustomAction(type)', 'sendCustomAction(payload)');
  const chat = await openChat(t, context, server);
  await assert.rejects(chat.call('sendCustomAction', { type: 'refresh' }), /There is no thread yet/);
  await chat.ask('Hi');
  const sent = operationsOf(chat.page);
  await chat.call('sendCustomAction', { type: 'refresh', payload: { deep: [1] } });
  await chat.lastItem.getByText('Refreshed.').waitFor();
  assert.deepEqual(sent[0]!.params.action, { type: 'refresh', payload: { deep: [1] } });
  assert.equal('item_id' in sent[0]!.params, false);
});

test('a method before there are options says what is missing', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const message = await chat.page.evaluate(async () => {
    const early = document.createElement('openai-chatkit') as OpenAIChatKit;
    return early.sendUserMessage({ text: 'Hi' }).catch((error: Error) => error.message);
  });
  assert.match(message as string, /Call setOptions first/);
});

/** A fetch whose first answer breaks off after some of it, as a lost connection does. */
const CUT_ONCE = `async (input, init) => {
  const response = await fetch(input, init);
  if (globalThis.isCut) return response;
  globalThis.isCut = true;
  const reader = response.body.getReader();
  let chunks = 0;
  const pull = async (stream) => {
    const { value } = await reader.read();
    if (++chunks > 8) stream.error(new TypeError('network error'));
    else stream.enqueue(value);
  };
  return new Response(new ReadableStream({ pull }), response);
}`;

test('a message is told in the order: start, thread, end; a lost connection is logged and taken up', async (t) => {
  const context = await visitor(t, browser);
  await exercises(t, context, 'chatkit.ready', 'chatkit.response.start', 'chatkit.response.end', 'chatkit.log');
  const chat = await openChat(t, context, server, {}, { 'api.fetch': CUT_ONCE });
  const resumed = chat.next('chatkit.log') as Promise<{ name: string; data: Record<string, unknown> }>;
  const ended = chat.ended();
  await chat.say('Count slowly');
  const { name, data } = await resumed;
  assert.deepEqual([name, Object.keys(data)], ['response.resume', ['run', 'after']]);
  await ended;
  await chat.lastItem.getByText(/^one two three .* fifteen$/).waitFor();
  const names = await chat.page.evaluate(() => chatkitEvents.map((event) => event.name));
  assert.deepEqual(names.filter((one) => one !== 'chatkit.log'), ['chatkit.ready', 'chatkit.response.start', 'chatkit.thread.change', 'chatkit.response.end']);
});

test('files that are given to an element that was taken out are refused with words', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const refusal = await chat.element.evaluate(async (element) => {
    element.remove();
    const given = (element as OpenAIChatKit).setComposerValue({ files: [new File(['Two oranges'], 'note.txt')] });
    return given.then(() => null, (error: { code?: string; message: string }) => [error.code, error.message]);
  });
  assert.deepEqual(refusal, ['not_ready', 'The chat has not begun yet. Put the element into the page first.']);
});
