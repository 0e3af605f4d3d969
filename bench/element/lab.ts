import type { CDPSession, Page } from 'playwright-core';
import { newVisitor, openBrowser } from '../../web/e2e/harness/browser.js';
import { Chat } from '../../web/e2e/harness/chat.js';
import { Server } from '../../web/e2e/harness/server.js';

/** What a part of a stream cost, in percent of one core. */
interface Cost {
  mainThread: number;
  /** All threads of the page's process. */
  process: number;
}

/** A chat in a browser whose costs can be read. */
export interface Lab {
  page: Page;
  /** Has the server answer a new thread so, and returns its id. */
  fill(message: string): Promise<string>;
  /** Milliseconds from the call to the frame that shows the newest item. */
  opened(thread: string): Promise<number>;
  newThread(): Promise<void>;
  ask(message: string): Promise<void>;
  streamed(message: string, parts: number): Promise<Cost[]>;
  memory(): Promise<{ heap: number; nodes: number; listeners: number }>;
  close(): Promise<void>;
}

export async function openLab(messages: Record<string, unknown>): Promise<Lab> {
  const [browser, server] = await Promise.all([openBrowser(), Server.answering({ messages, otherwise: 'Heard.' })]);
  const context = await newVisitor(browser, { viewport: { width: 900, height: 800 } });
  const page = await context.newPage();
  await page.goto(server.url);
  const chat = new Chat(page);
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } });
  const cdp = await context.newCDPSession(page);
  // Of the processor, not of the clock: others may be at work on this machine.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const whole = await browser.newBrowserCDPSession();
  const renderer = () => rendererSeconds(whole);

  return {
    page,
    fill: async (message) => {
      await chat.call('setThreadId', null);
      const named = chat.next('chatkit.thread.change');
      await chat.ask(message);
      return ((await named) as { threadId: string }).threadId;
    },
    opened: async (thread) => {
      await page.reload();
      await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' } });
      return openedIn(page, thread);
    },
    newThread: async () => void (await chat.call('setThreadId', null)),
    ask: (message) => chat.ask(message),
    streamed: (message, parts) => streamed(chat, cdp, renderer, message, parts),
    memory: async () => {
      // The harness remembers what the element told the page.
      await page.evaluate(() => void (chatkitEvents.length = 0));
      return memory(cdp);
    },
    close: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

function openedIn(page: Page, thread: string): Promise<number> {
  return page.locator('openai-chatkit').evaluate(async (element, thread) => {
    const begun = performance.now();
    await (element as HTMLElement & { setThreadId(id: string): Promise<void> }).setThreadId(thread);
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    while (element.shadowRoot!.querySelector('article .block') === null) await frame();
    await frame();
    return performance.now() - begun;
  }, thread);
}

/** Costs of an answer, in parts of the same length. */
async function streamed(chat: Chat, cdp: CDPSession, renderer: () => Promise<number>, message: string, parts: number): Promise<Cost[]> {
  const readings: { at: number; tasks: number; process: number }[] = [];
  const read = async () => {
    const [metrics, process] = await Promise.all([metricsOf(cdp), renderer()]);
    readings.push({ at: performance.now() / 1000, tasks: metrics.TaskDuration!, process });
  };
  let done = false;
  const ended = chat.next('chatkit.response.end').then(() => (done = true));
  await chat.say(message);
  // The first second has the sending in it.
  await pause(1000);
  while (!done) {
    await read();
    await Promise.race([ended, pause(250)]);
  }
  const edges = Array.from({ length: parts + 1 }, (_, part) => readings[Math.round((part * (readings.length - 1)) / parts)]!);
  return edges.slice(1).map((end, part) => {
    const start = edges[part]!;
    const seconds = end.at - start.at;
    return { mainThread: ((end.tasks - start.tasks) / seconds) * 100, process: ((end.process - start.process) / seconds) * 100 };
  });
}

/** After what can be collected was collected. */
async function memory(cdp: CDPSession): Promise<{ heap: number; nodes: number; listeners: number }> {
  for (let round = 0; round < 3; round++) {
    await pause(500);
    await cdp.send('HeapProfiler.collectGarbage');
  }
  const { JSHeapUsedSize, Nodes, JSEventListeners } = await metricsOf(cdp);
  return { heap: JSHeapUsedSize!, nodes: Nodes!, listeners: JSEventListeners! };
}

async function metricsOf(cdp: CDPSession): Promise<Record<string, number | undefined>> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

async function rendererSeconds(whole: CDPSession): Promise<number> {
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ cpuTime }) => cpuTime);
  return renderers.reduce((sum, seconds) => sum + seconds, 0);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((next) => setTimeout(next, milliseconds));
}
