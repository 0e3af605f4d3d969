// The element's further files: what draws and says things, loaded when it is needed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { eventsOf } from '../harness/page.js';
import { sceneWith } from '../harness/scene.js';
import { Server } from '../harness/server.js';
import { done, events, opening, widget } from '../harness/stand-in.js';

let browser: Browser;
let server: Server;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), Server.start()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

const ANSWER = 'So $x^2$ and $y^2$:\n\n```js\nlet a = 1;\n```\n\n```js\nlet b = 2;\n```';
const CHART = { type: 'Chart', data: [{ day: 'Mon', sold: 3 }], series: [{ type: 'bar', dataKey: 'sold' }], xAxis: 'day' };

test('each file that cannot be loaded is told of once, and the chat goes on without it', async (t) => {
  const { chat, standIn } = await sceneWith(t, browser, server);
  await chat.page.route(/\/chatkit-assets@/, (route) => route.abort());
  const prompts = ['anchor', 'rocket'].map((name) => ({ label: name, prompt: name, icon: `lucide:${name}` }));
  await chat.configure({ api: { url: '/chatkit', domainKey: 'any' }, locale: 'fi', startScreen: { prompts } });
  standIn.on('threads.create', events(...opening('Hello'), { type: 'thread.item.done', item: widget({ type: 'Card', children: [CHART, CHART] }) }, done(ANSWER)));
  await chat.button('anchor').waitFor();
  await chat.ask('Hello');
  await chat.lastItem.getByText('let b = 2;').waitFor();
  await chat.lastItem.getByText('x^2', { exact: true }).waitFor();
  const told = async () => (await eventsOf(chat.page, 'chatkit.log')) as { name: string; data: { name: string } }[];
  const files = ['chart.js', 'highlight.js', 'icons.json', 'locale/fi-FI.json', 'math.js'];
  await chat.page.waitForFunction((count) => chatkitEvents.filter(({ name }) => name === 'chatkit.log').length >= count, files.length);
  await chat.element.getByRole('table').nth(1).waitFor();
  assert.deepEqual((await told()).map(({ name }) => name), files.map(() => 'asset.failed'));
  assert.deepEqual((await told()).map(({ data }) => data.name).sort(), files);
});
