import type { TestContext } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { visitor } from './browser.js';
import { Chat } from './chat.js';
import { openPage } from './page.js';
import { root, Server } from './server.js';
import { pageWith } from './site.js';

/** A server whose answers have something of every kind (`scripts/everybody.yaml`). */
export function serverForEverybody(): Promise<Server> {
  const config = `[workflows.wf_everybody]\nagent = "script"\nfile = "${root}web/e2e/scripts/everybody.yaml"\n`;
  return Server.start({ config, env: { CHATKIT_WORKFLOW_ID: 'wf_everybody', CHATKITD_LIMIT_ANONYMOUS: '0', CHATKITD_SHUTDOWN_GRACE: '1s' } });
}

export interface OpenChat {
  page: Page;
  chat: Chat;
}

/** The chat on somebody's page, by its address and options, between two links. */
export async function openChat(t: TestContext, browser: Browser, server: Server, options: Record<string, unknown> = {}, context: BrowserContextOptions = {}): Promise<OpenChat> {
  const whole = { api: { url: `${server.url}/chatkit`, domainKey: 'any' }, ...options };
  const page = await openPage(t, await visitor(t, browser, context), server, `chat.options = ${JSON.stringify(whole)};`, betweenLinks);
  const chat = new Chat(page);
  await chat.composer.waitFor();
  return { page, chat };
}

function betweenLinks(script: string, setup: string): string {
  return pageWith(script, setup)
    .replace('<main>', '<main><h1>A page</h1><p><a href="#before">Before</a></p>')
    .replace('</main>', '<p><a href="#after">After</a></p></main>');
}
