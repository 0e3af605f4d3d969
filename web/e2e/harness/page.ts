import type { TestContext } from 'node:test';
import type { ChatKitOptions } from '@openai/chatkit';
import type { BrowserContext, Page } from 'playwright-core';
import { Chat } from './chat.js';
import type { Server } from './server.js';
import { pageWith, Site } from './site.js';

/** The chat on a page of somebody's site, with these options; `functions` as in `Chat.configure`. */
export async function openChat(
  t: TestContext,
  context: BrowserContext,
  server: Server,
  options: Partial<ChatKitOptions> | Record<string, unknown> = {},
  functions: Record<string, string> = {},
): Promise<Chat> {
  const page = await openPage(t, context, server);
  const chat = new Chat(page);
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, ...options }, functions);
  return chat;
}

/** A page of somebody's site that runs `setup`, where `chat` is the element; `html` is what is on it. */
export async function openPage(t: TestContext, context: BrowserContext, server: Server, setup = '', html = pageWith): Promise<Page> {
  const site = await Site.start(t, { '/': html(`${server.url}/chatkit.js`, `globalThis.told = [];${setup}`) });
  const page = await context.newPage();
  // The page's own script has run then, whether the chat's has come or not.
  await page.goto(site.url, { waitUntil: 'domcontentloaded' });
  return page;
}

/** The details of all events of this name so far, oldest first. */
export function eventsOf(page: Page, name: string): Promise<unknown[]> {
  return page.evaluate((name) => chatkitEvents.filter((event) => event.name === name).map(({ detail }) => detail), name);
}

/** What the page's own functions told of so far: they push it to `told`. */
export function toldOf(page: Page): Promise<unknown[]> {
  return page.evaluate(() => told);
}

/** What the chat asks the server from now on. */
export interface Operation {
  type: string;
  params: Record<string, unknown>;
}

export function operationsOf(page: Page): Operation[] {
  const all: Operation[] = [];
  page.on('request', (request) => {
    const isOperation = request.method() === 'POST' && (request.headers()['content-type'] ?? '').startsWith('application/json');
    const body = isOperation ? (request.postDataJSON() as Operation | null) : null;
    if (typeof body?.type === 'string') all.push(body);
  });
  return all;
}

declare global {
  /** In such a page only. */
  var told: unknown[];
}
