// What an answer consists of: questions, work, pictures, sources; and threads that take no more messages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { openChat, operationsOf } from '../harness/page.js';
import { beginAnswer, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { done, events, opening, thread } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.playing('e2e/answers')]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test('questions are answered, and the answers stay', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.ask('Ask me questions');
  const form = chat.element.getByRole('group', { name: 'Which size?' });
  await form.getByRole('radio', { name: 'M' }).check();
  await chat.element.getByRole('checkbox', { name: 'Sauce' }).check();
  await chat.element.getByRole('group', { name: 'What else?' }).getByRole('textbox').fill('Bread');
  await chat.element.getByRole('textbox', { name: 'A note?' }).fill('No onions');
  await keepPicture(chat.page, 'questions');
  const answered = chat.ended();
  await chat.button('Submit').click();
  await answered;
  await chat.lastItem.getByText('Thank you.').waitFor();
  assert.deepEqual(sent.at(-1)!.params.input, {
    status: 'answered',
    answers: {
      size: { values: ['M'], skipped: false },
      extras: { values: ['Sauce', 'Bread'], skipped: false },
      note: { values: ['No onions'], skipped: false },
      name: { values: [], skipped: true },
    },
  });
  await chat.element.getByText('Sauce, Bread').waitFor();
  await chat.element.getByText('Skipped').waitFor();
  assert.equal(await chat.button('Submit').count(), 0);
});

test('questions can be skipped', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  const sent = operationsOf(chat.page);
  await chat.ask('Ask me questions');
  const answered = chat.ended();
  await chat.button('Skip').click();
  await answered;
  assert.deepEqual(sent.at(-1)!.params.input, { status: 'skipped', answers: {} });
  await chat.element.getByText('Skipped').nth(3).waitFor();
});

test('thoughts are shown while they come, and folded when they are done', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Show me reasoning');
  const thoughts = chat.element.getByText('Let me see.');
  await thoughts.waitFor({ state: 'hidden' });
  await chat.element.getByText('Thought for 12 s').click();
  await thoughts.waitFor();
  await keepPicture(chat.page, 'thoughts');
  await chat.say('And thinking aloud');
  await chat.element.getByText('Let me see. Yes.').waitFor();
});

test('work is shown step by step, with its searches and files', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Show me work');
  for (const words of ['Worked on it', 'Searching', 'crabs that sing', 'Packing', 'Boxes', 'Reading', 'Notes', 'Drawing', 'One step by itself']) {
    await chat.element.getByText(words, { exact: true }).waitFor();
  }
  assert.equal(await chat.element.getByRole('link', { name: 'Crabs' }).getAttribute('href'), 'https://example.com/crabs');
  assert.equal(await chat.element.getByText('Nobody sees this').count(), 0);
  await keepPicture(chat.page, 'work');
});

test('a picture that was made is shown, and can be kept', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Draw me a picture');
  const picture = chat.element.getByRole('img', { name: 'Generated image' });
  await picture.waitFor();
  assert.equal(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)), 1);
  const saved = chat.page.waitForEvent('download');
  await chat.element.getByRole('link', { name: 'Download image' }).click();
  assert.match((await saved).suggestedFilename(), /^image/);
});

test('the sources of an answer are named in the text and listed below it', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('Show me sources');
  const answer = chat.lastItem;
  assert.equal(await answer.locator('p a').innerText(), 'example.com');
  await chat.element.getByText(/^Sources/).click();
  const link = chat.element.getByRole('listitem').getByRole('link', { name: 'The Rust language' });
  assert.deepEqual([await link.getAttribute('href'), await link.getAttribute('target')], ['https://example.com/rust', '_blank']);
  assert.match((await link.getAttribute('rel')) ?? '', /noopener/);
  await chat.element.getByText('Its home page').waitFor();
  await chat.element.getByText('The book').waitFor();
  await chat.element.getByText('Ferris').waitFor();
  await keepPicture(chat.page, 'sources');
});

test('a locked conversation says why it takes no message', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server, { threadItemActions: { retry: true } });
  await chat.ask('Please lock it');
  await chat.element.getByRole('status').getByText('Too many messages').waitFor();
  assert.equal(await chat.composer.count(), 0);
  assert.equal(await chat.button('Try again').count(), 0);
  await keepPicture(chat.page, 'locked');
  await chat.button('New chat').click();
  await chat.composer.waitFor();
});

test('a locked conversation without a reason says that it is locked, a closed one that it is closed', async (t) => {
  const chat = await openChat(t, await visitor(t, browser), server);
  await chat.ask('lock without a word');
  await chat.element.getByText('This conversation takes no messages at the moment.').waitFor();
  await chat.button('New chat').click();
  await chat.ask('close it');
  await chat.element.getByText('It is solved').waitFor();
  assert.equal(await chat.composer.count(), 0);
});

const place = { thread_id: thread.id, created_at: thread.created_at };

test("what stands in steps and notices is drawn like an answer: in the chat's language, with the thread's pictures", async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server, { options: { locale: 'de' } });
  const content = '```js\nlet crab;\n```\n\n![crab](https://pictures.example/crab.png)';
  const [begun, ...rest] = opening('Hello');
  const tasks = [{ type: 'thought', content }, { type: 'custom', title: 'Packing', content }];
  standIn.on('threads.create', events(
    { ...begun, thread: { ...thread, allowed_image_domains: ['pictures.example'] } }, ...rest,
    { type: 'thread.item.done', item: { type: 'workflow', id: 'cti_1', ...place, workflow: { type: 'custom', tasks, expanded: true } } },
    { type: 'thread.item.done', item: { type: 'task', id: 'cti_2', ...place, task: tasks[1] } },
    { type: 'notice', level: 'info', message: content }, done('Fertig.'),
  ));
  await chat.ask('Hello');
  await chat.lastItem.getByText('Fertig.').waitFor();
  const codes = chat.element.locator('.code');
  assert.equal(await codes.count(), 4);
  assert.equal(await codes.getByRole('button', { name: 'Kopieren' }).count(), 4);
  assert.equal(await chat.element.getByRole('img', { name: 'crab' }).count(), 4);
});

test('a thought that grows is not drawn anew, and half-written marks are not shown', async (t) => {
  const here = await sceneWith(t, browser, server);
  const { chat } = here;
  const thought = (content: string) => ({ type: 'thought', content });
  const begin = 'First.\n\nSecond.\n\nThird.\n\n';
  const answer = await beginAnswer(here, { type: 'thread.item.added', item: { type: 'workflow', id: 'cti_1', ...place, workflow: { type: 'reasoning', tasks: [thought(begin)], expanded: true } } });
  const grow = (content: string) => answer.send({ type: 'thread.item.updated', item_id: 'cti_1', update: { type: 'workflow.task.updated', task_index: 0, task: thought(content) } });
  const first = chat.element.getByText('First.');
  await first.evaluate((drawn) => drawn.setAttribute('data-drawn', 'once'));
  grow(`${begin}A **bo`);
  await chat.element.getByText('A bo', { exact: true }).waitFor();
  grow(`${begin}A **bold** word.`);
  await chat.element.getByText('A bold word.').waitFor();
  assert.equal(await first.getAttribute('data-drawn'), 'once');
});
