import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { visitor } from './browser.js';
import { Chat, type ToldError } from './chat.js';
import type { Server } from './server.js';
import { pageWith, proxyTo, Site } from './site.js';
import { opening, StandIn } from './stand-in.js';

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

/** An answer that goes on for as long as the test wants it to. */
export interface OpenAnswer {
  send(...events: object[]): void;
  end(): void;
}

/** Says something, to which the stand-in begins to answer with these events. */
export async function beginAnswer({ chat, standIn }: Scene, ...first: object[]): Promise<OpenAnswer> {
  const asked = new Promise<ServerResponse>((resolve) => {
    standIn.on('threads.create', (response) => resolve(response.writeHead(200, { 'content-type': 'text/event-stream' })));
  });
  await chat.say('Hello');
  const response = await asked;
  const send = (...events: object[]) => void response.write(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  send(...opening('Hello'), ...first);
  return { send, end: () => void response.end() };
}
