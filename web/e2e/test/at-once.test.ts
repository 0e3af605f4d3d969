// What begins and ends between two frames: nobody has seen the middle of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { beginAnswer, sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { done, events, opening } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const ENDED = 'chatkit.response.end';

/** The element draws nothing during the act: neither in a frame nor, as in the background, without one. */
async function betweenFrames(page: Page, act: () => Promise<unknown>): Promise<void> {
  const held = await page.evaluateHandle(() => {
    const { requestAnimationFrame, setTimeout } = globalThis;
    const waiting: (() => void)[] = [];
    globalThis.requestAnimationFrame = (draw) => waiting.push(() => draw(performance.now()));
    globalThis.setTimeout = ((late: () => void, wait?: number) => (wait === 100 ? waiting.push(late) : setTimeout(late, wait))) as typeof setTimeout;
    return () => {
      Object.assign(globalThis, { requestAnimationFrame, setTimeout });
      for (const draw of waiting) draw();
    };
  });
  await act();
  await held.evaluate((release) => release());
}

test('an answer that begins and ends between two frames is announced', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  standIn.on('threads.create', events(...opening('Hello'), done('Good morning.')));
  await betweenFrames(chat.page, () => chat.during(ENDED, () => chat.say('Hello')));
  await chat.element.locator('[aria-live=polite]').getByText('Good morning.').waitFor({ state: 'attached' });
});

test('a long answer whose words come with its end leaves its question in sight', async (t) => {
  const scene = await sceneWith(t, browser, server);
  const { chat } = scene;
  const answer = await beginAnswer(scene);
  const question = chat.items.getByText('Hello');
  await question.waitFor();
  const words = Array.from({ length: 100 }, (_, at) => `Line ${at}.`).join('\n\n');
  await betweenFrames(chat.page, () => chat.during(ENDED, async () => {
    answer.send(done(words));
    answer.end();
  }));
  await chat.button('Scroll to the newest message').waitFor();
  assert.ok(await question.evaluate((said) => said.getBoundingClientRect().top >= said.closest('.thread')!.getBoundingClientRect().top));
});

test('an answer that fails again between two frames is told anew', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  const failed = { type: 'error', message: 'Not now.', allow_retry: true };
  standIn.on('threads.create', events(...opening('Hello'), failed)).on('threads.retry_after_item', events(failed));
  await chat.ask('Hello');
  const told = await chat.element.getByRole('alert').elementHandle();
  await betweenFrames(chat.page, () => chat.during(ENDED, () => chat.button('Try again').click()));
  await told!.waitForElementState('hidden');
  assert.equal(await chat.element.getByRole('alert').count(), 1);
});
