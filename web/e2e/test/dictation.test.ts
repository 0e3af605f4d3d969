// Voice input, with the browser's microphone that hums, and a server that knows what it hummed.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { exercises } from '../harness/declarations.js';
import { openChat, operationsOf } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { Site } from '../harness/site.js';
import { held, json, thread } from '../harness/stand-in.js';

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** A chatkitd whose transcription model hears these words, or nothing. */
async function listening(t: TestContext, words: string | null): Promise<Server> {
  const model = await Site.start(t, {
    '/v1/audio/transcriptions': (request, response) => {
      request.resume();
      response.writeHead(words === null ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(words === null ? { error: { message: 'no words' } } : { text: words }));
    },
  });
  const env = { CHATKITD_TRANSCRIPTION_MODEL: 'hears-all', CHATKITD_MODEL_BASE_URL: `${model.url}/v1`, CHATKITD_MODEL_API_KEY: 'any' };
  const server = await Server.playing('messages', { env });
  t.after(() => server.stop());
  return server;
}

test('what is said is written behind what was written', async (t) => {
  const server = await listening(t, 'and two lemons');
  const context = await visitor(t, browser);
  await exercises(t, context, 'composer.dictation.enabled');
  const chat = await openChat(t, context, server, { composer: { dictation: { enabled: true } } });
  const sent = operationsOf(chat.page);
  await chat.call('setComposerValue', { text: 'Two oranges' });
  await chat.button('Dictate').click();
  await chat.element.getByRole('status').getByText('Recording…').waitFor();
  await keepPicture(chat.page, 'dictation');
  await chat.button('Stop recording').click();
  await chat.composer.getByText('Two oranges and two lemons').waitFor();
  const { type, params } = sent[0]!;
  assert.equal(type, 'input.transcribe');
  assert.match(params.mime_type as string, /^audio\/webm/);
  assert.ok((params.audio_base64 as string).length > 100);
  await chat.button('Dictate').waitFor();
});

test('a recording can be thrown away', async (t) => {
  const server = await listening(t, 'nothing of this');
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { dictation: { enabled: true } } });
  const sent = operationsOf(chat.page);
  await chat.button('Dictate').click();
  await chat.button('Cancel').click();
  await chat.button('Dictate').waitFor();
  assert.equal(await chat.composer.innerText(), '');
  assert.deepEqual(sent, []);
});

test('a recording that cannot be written down says so, and another can be made', async (t) => {
  const server = await listening(t, null);
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { dictation: { enabled: true } } });
  const failed = chat.next('chatkit.error') as Promise<{ error: { code: string } }>;
  await chat.button('Dictate').click();
  await chat.button('Stop recording').click();
  await chat.element.getByRole('alert').getByText('The recording could not be written down.').waitFor();
  assert.notEqual((await failed).error.code, null);
  assert.equal(await chat.button('Dictate').isDisabled(), false);
});

test('a microphone that is refused or not there is told as such, and can be asked for again', async (t) => {
  const { chat, told } = await sceneWith(t, browser, await listening(t, 'nothing of this'), { options: { composer: { dictation: { enabled: true } } } });
  await chat.page.evaluate(() => {
    const { mediaDevices } = navigator;
    mediaDevices.getUserMedia = () => {
      Reflect.deleteProperty(mediaDevices, 'getUserMedia');
      return Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
    };
  });
  await chat.button('Dictate').click();
  const alert = chat.element.getByRole('alert');
  await alert.getByText('The microphone cannot be used. Check that it is connected and allowed in the browser.').waitFor();
  await keepPicture(chat.page, 'dictation-refused');
  assert.deepEqual((await told()).map(({ message }) => message), ['Permission denied']);
  await chat.button('Dictate').click();
  await chat.element.getByRole('status').getByText('Recording…').waitFor();
  assert.equal(await alert.count(), 0);
});

test('while a recording is written down, the chat says that it works on it', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, await listening(t, ''), { options: { composer: { dictation: { enabled: true } } } });
  const late = held(json({ text: 'Two oranges' }));
  standIn.on('input.transcribe', late.reply);
  await chat.button('Dictate').click();
  await chat.button('Stop recording').click();
  await late.asked;
  await chat.element.getByRole('status', { name: 'Loading…' }).waitFor();
  assert.equal(await chat.button('Dictate').isDisabled(), true);
  late.letGo();
  await chat.composer.getByText('Two oranges').waitFor();
  await chat.element.getByRole('status', { name: 'Loading…' }).waitFor({ state: 'detached' });
});

test('without the option there is no such button', async (t) => {
  const server = await listening(t, '');
  const chat = await openChat(t, await visitor(t, browser), server);
  assert.equal(await chat.button('Dictate').count(), 0);
});

test('a recording that goes on in a locked conversation, or without the option, can be ended', async (t) => {
  const server = await listening(t, 'and two lemons');
  const { chat, standIn } = await sceneWith(t, browser, server, { options: { composer: { dictation: { enabled: true } } } });
  standIn
    .on('threads.get_by_id', json({ ...thread, status: { type: 'locked', reason: 'Too many messages' } }))
    .on('items.list', json({ data: [], has_more: false }))
    .on('input.transcribe', json({ text: 'Two oranges' }));
  await chat.button('Dictate').click();
  await chat.button('Stop recording').waitFor();
  await chat.call('setThreadId', thread.id);
  await chat.element.getByText('Too many messages').waitFor();
  await keepPicture(chat.page, 'dictation-locked');
  await chat.button('Cancel').click();
  await chat.button('Cancel').waitFor({ state: 'detached' });

  await chat.call('setThreadId', null);
  await chat.button('Dictate').click();
  await chat.button('Stop recording').waitFor();
  await chat.configure({ api: { url: '/chatkit', domainKey: 'any' }, locale: 'en' });
  await chat.button('Stop recording').click();
  await chat.composer.getByText('Two oranges').waitFor();
  assert.equal(await chat.button('Dictate').count(), 0);
});

test('a recording that cannot begin gives the microphone back', async (t) => {
  const server = await listening(t, 'nothing of this');
  const chat = await openChat(t, await visitor(t, browser), server, { composer: { dictation: { enabled: true } } });
  const microphone = await chat.page.evaluateHandle(() => {
    const seen: { tracks: MediaStreamTrack[] } = { tracks: [] };
    MediaRecorder.prototype.start = function () {
      seen.tracks = this.stream.getTracks();
      throw new DOMException('There is no encoder.', 'NotSupportedError');
    };
    return seen;
  });
  await chat.button('Dictate').click();
  await chat.element.getByRole('alert').getByText('The microphone cannot be used.').waitFor();
  assert.deepEqual(await microphone.evaluate(({ tracks }) => tracks.map(({ readyState }) => readyState)), ['ended']);
});
