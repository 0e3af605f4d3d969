import type { TestContext } from 'node:test';
import type { ChatKitOptions } from '@openai/chatkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { complaintsOf, visitor } from './browser.js';
import { Chat } from './chat.js';
import type { Server } from './server.js';
import { pageWith, Site } from './site.js';

/** A component or a whole widget, as JSON. */
export type Component = { type: string } & Record<string, unknown>;

/** A script that answers the name of a widget with the widget. */
export function shownByName(widgets: Record<string, Component>, actions: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) {
  const messages = Object.fromEntries(Object.entries(widgets).map(([name, widget]) => [name, [{ id: 'shown', widget }]]));
  return { messages, actions, ...rest };
}

export interface Shown {
  page: Page;
  chat: Chat;
  /** The widget that was asked for. */
  widget: Locator;
  complaints: string[];
  /** The actions that were sent to the server so far. */
  sent: SentAction[];
  /** What the element has logged so far under this name. */
  logged(name: string): Promise<Record<string, unknown>[]>;
}

export interface SentAction {
  op: string;
  itemId?: string;
  action: { type: string; payload?: unknown };
}

interface Log {
  name: string;
  data: Record<string, unknown>;
}

export interface ShowOptions {
  options?: Partial<ChatKitOptions>;
  /** Options that are functions, as source text. */
  functions?: Record<string, string>;
  viewport?: { width: number; height: number };
}

/** Somebody's page with the chat, and the widget of this name in it. */
export async function show(t: TestContext, browser: Browser, server: Server, name: string, { options, functions, viewport }: ShowOptions = {}): Promise<Shown> {
  const site = await Site.start(t, { '/': pageWith(`${server.url}/chatkit.js`, 'chat.style.height = "100vh"; window.logged = []; chat.addEventListener("chatkit.log", (event) => window.logged.push(event.detail));') });
  const context = await visitor(t, browser, { viewport: viewport ?? { width: 900, height: 1200 } });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  const sent = actionsOf(page);
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, ...options }, functions);
  await answered(chat, () => chat.say(name));
  const widget = chat.element.locator('article.widget').first();
  await widget.waitFor();
  const logged = (name: string) => page.evaluate((name) => (window as unknown as { logged: Log[] }).logged.filter((log) => log.name === name).map(({ data }) => data), name);
  return { page, chat, widget, complaints, sent, logged };
}

/** Does what is answered, and waits for the end of the answer, when the next thing can be done. */
export async function answered(chat: Chat, act: () => Promise<unknown>): Promise<void> {
  const end = chat.ended();
  await act();
  await end;
}

function actionsOf(page: Page): SentAction[] {
  const sent: SentAction[] = [];
  page.on('request', (request) => {
    const body = request.method() === 'POST' ? (request.postDataJSON() as { type?: string; params?: { item_id?: string; action?: SentAction['action'] } } | null) : null;
    if (body?.params?.action === undefined) return;
    sent.push({ op: body.type!, itemId: body.params.item_id, action: body.params.action });
  });
  return sent;
}
