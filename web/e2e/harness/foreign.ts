import type { TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { complaintsOf } from './browser.js';
import type { Chat } from './chat.js';
import { eventsOf } from './page.js';
import { sceneWith } from './scene.js';
import type { Server } from './server.js';
import { events, json, opening, widget } from './stand-in.js';

/** A chat with somebody else's server, which sends this widget unchecked: ours would refuse to. */
export async function showForeign(t: TestContext, browser: Browser, server: Server, root: unknown): Promise<{ chat: Chat; complaints: string[]; logged: () => Promise<string[]> }> {
  const { standIn, chat } = await sceneWith(t, browser, server);
  const complaints = complaintsOf(chat.page);
  standIn.on('threads.list', json({ data: [], has_more: false }));
  standIn.on('threads.create', events(...opening('Show it'), { type: 'thread.item.done', item: widget(root) }));
  await chat.ask('Show it');
  const logged = async () => ((await eventsOf(chat.page, 'chatkit.log')) as { name: string }[]).map(({ name }) => name);
  return { chat, complaints, logged };
}
