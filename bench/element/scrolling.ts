import type { Page } from 'playwright-core';

export interface Frames {
  perSecond: number;
  /** Of the main thread, for each frame. */
  taskMs: number;
  words: string;
}

/** Scrolls from one end of the thread to the other, `step` pixels a frame; what is loaded on the way counts. */
export async function frames(page: Page, direction: 'up' | 'down', step: number): Promise<Frames> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taskSeconds = async () => (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value;
  const before = await taskSeconds();
  const { intervals, items } = await page.locator('openai-chatkit').evaluate(scrollThrough, { direction, step });
  const spent = (await taskSeconds()) - before;
  const seconds = intervals.reduce((sum, one) => sum + one, 0) / 1000;
  const sorted = intervals.toSorted((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)]!;
  const late = intervals.filter((one) => one > 25).length;
  const words = `${items} items, ${intervals.length} frames in ${seconds.toFixed(1)} s, p99 ${p99.toFixed(1)} ms, ${late} late`;
  return { perSecond: intervals.length / seconds, taskMs: (spent * 1000) / intervals.length, words };
}

async function scrollThrough(element: Element, { direction, step }: { direction: 'up' | 'down'; step: number }): Promise<{ intervals: number[]; items: number }> {
  const root = element.shadowRoot!;
  const scroller = root.querySelector('.thread')!;
  const intervals: number[] = [];
  const isThere = () =>
    direction === 'up'
      ? scroller.scrollTop === 0 && root.querySelector('.older') === null
      : scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
  let last = await new Promise<number>(requestAnimationFrame);
  while (!isThere()) {
    scroller.scrollTop += direction === 'up' ? -step : step;
    const now = await new Promise<number>(requestAnimationFrame);
    intervals.push(now - last);
    last = now;
  }
  return { intervals, items: root.querySelectorAll('article').length };
}
