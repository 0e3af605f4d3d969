import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { complaintsOf, visitor } from './browser.js';
import { Chat } from './chat.js';
import type { Server } from './server.js';
import { bodyOf, pageWith, Site } from './site.js';

const thread = { id: 'cthr_1', created_at: '2026-03-14T00:00:00Z', status: { type: 'active' }, items: { data: [], has_more: false } };

/** A chat with somebody else's server, which sends this widget unchecked: ours would refuse to. */
export async function showForeign(t: TestContext, browser: Browser, server: Server, widget: unknown): Promise<{ page: Page; chat: Chat; complaints: string[]; logged: () => Promise<string[]> }> {
  const site = await Site.start(t, {
    '/': pageWith(`${server.url}/chatkit.js`, 'window.logged = []; chat.addEventListener("chatkit.log", (event) => window.logged.push(event.detail.name));'),
    '/chatkit': async (request, response) => {
      const { type, params } = JSON.parse(await bodyOf(request)) as { type: string; params: { input?: { content: unknown[] } } };
      if (type !== 'threads.create') return response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [], has_more: false }));
      const item = { thread_id: thread.id, created_at: thread.created_at };
      const events = [
        { type: 'thread.created', thread },
        { type: 'thread.item.done', item: { ...item, id: 'm_1', type: 'user_message', content: params.input!.content, attachments: [], inference_options: {} } },
        { type: 'thread.item.done', item: { ...item, id: 'w_1', type: 'widget', widget } },
      ];
      response.setHeader('content-type', 'text/event-stream').end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
    },
  });
  const page = await (await visitor(t, browser)).newPage();
  const complaints = complaintsOf(page);
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.configure({ api: { url: `${site.url}/chatkit`, domainKey: 'any' } });
  await chat.ask('Show it');
  return { page, chat, complaints, logged: () => page.evaluate(() => (window as unknown as { logged: string[] }).logged) };
}
