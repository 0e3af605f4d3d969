import type { TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { visitor } from './browser.js';
import { Chat, type ToldError } from './chat.js';
import type { Server } from './server.js';
import { pageWith, proxyTo, Site } from './site.js';
import { StandIn } from './stand-in.js';

/** A chat that talks to a stand-in. */
export interface Scene {
  site: Site;
  standIn: StandIn;
  chat: Chat;
  /** What the page was told of so far. */
  told: () => Promise<ToldError[]>;
}

/** A page with such a chat, its options as in `Chat.configure`. The stand-in passes for the server that the script comes from, unless that is another. */
export async function sceneWith(t: TestContext, browser: Browser, server: Server, { script = '/chatkit.js', options = {}, functions = {} } = {}): Promise<Scene> {
  const site = await Site.start(t, { '/': pageWith(script, ''), '*': proxyTo(server.url) });
  const standIn = new StandIn(site);
  const context = await visitor(t, browser);
  const page = await context.newPage();
  await page.goto(site.url);
  const chat = new Chat(page);
  const told = await chat.errors();
  await chat.configure({ api: { url: '/chatkit', domainKey: 'any' }, locale: 'en', ...options }, functions);
  return { site, standIn, chat, told };
}
