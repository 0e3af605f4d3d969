// Measures the element in Chromium against the real binary, and prints one JSON object: a row and its number each.
// By hand: `npx --prefix web tsx bench/element/measure.ts`, after `npm run build -w element` in `web`.
import { gzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../web/e2e/harness/server.js';
import { openLab } from './lab.js';
import { frames } from './scrolling.js';
import { answer, conversation, deltasOfLength } from './texts.js';

const ITEMS = 5_000;
/** Words of a streamed answer, one each 5 ms: 200 a second. */
const WORDS = 2_000;
const MESSAGES = 1_000;
const A_THREAD = 100;

const rows: Record<string, { measured: number; unit: string; detail?: string }> = {};
function tell(row: string, measured: number, unit: string, detail?: string): void {
  rows[row] = { measured, unit, detail };
  console.error(`  ${row}: ${measured.toFixed(1)} ${unit} ${detail ?? ''}`);
}

const lab = await openLab({
  conversation: conversation(ITEMS - 1),
  slowly: [{ say: deltasOfLength(WORDS), every: '5ms' }],
  code: [{ say: `\`\`\`text\n${deltasOfLength(WORDS)}\n\`\`\``, every: '5ms' }],
  list: [{ say: deltasOfLength(WORDS).replace(/\n\n/g, '\n').replace(/^/gm, '- '), every: '5ms' }],
  short: answer(1),
});
try {
  await longThread();
  await deltas('empty thread', null);
  await leaks();
} finally {
  await lab.close();
}
tell('chatkit.js, gzip', gzipSync(await readFile(join(root, 'web/element/dist/chatkit.js')), { level: 9 }).length / 1024, 'KiB');
console.log(JSON.stringify(rows));

/** Opens a thread of 5 000 items, goes back to its first item and scrolls through all of it. */
async function longThread(): Promise<void> {
  const thread = await lab.fill('conversation');
  const times: number[] = [];
  for (let run = 0; run < 5; run++) times.push(await lab.opened(thread));
  times.sort((a, b) => a - b);
  tell('thread of 5 000 items: opened', times[2]!, 'ms', `of 5: ${times[0]!.toFixed(0)} to ${times[4]!.toFixed(0)}`);
  const back = await frames(lab.page, 'up', 600);
  tell('back to its first item, loading as it scrolls: main thread a frame', back.taskMs, 'ms', back.words);
  const down = await frames(lab.page, 'down', 600);
  tell('scrolled with all loaded: frames', down.perSecond, '/s', down.words);
  tell('scrolled with all loaded: main thread a frame', down.taskMs, 'ms');
  await deltas('below 5 000 items', thread);
}

/** What 200 words a second cost, at the beginning and at the end of a long message. */
async function deltas(where: string, thread: string | null): Promise<void> {
  if (thread === null) await lab.newThread();
  for (const kind of thread === null ? ['slowly', 'list', 'code'] : ['slowly']) {
    const parts = await lab.streamed(kind, 4);
    const whole = parts.reduce((sum, part) => sum + part.mainThread, 0) / parts.length;
    const process = parts.reduce((sum, part) => sum + part.process, 0) / parts.length;
    const names = { slowly: 'paragraphs', list: 'one list', code: 'one block of code' } as Record<string, string>;
    const quarters = parts.map((part) => part.mainThread.toFixed(0)).join(', ');
    tell(`200 deltas a second, ${names[kind]}, ${where}: main thread`, whole, '%', `by quarters of the message: ${quarters}; the page's process: ${process.toFixed(0)}`);
    if (thread === null) await lab.newThread();
  }
}

/** What is left of a thousand messages when their threads were left. */
async function leaks(): Promise<void> {
  const hold = async () => {
    for (let sent = 0; sent < A_THREAD; sent++) await lab.ask('short');
    await lab.newThread();
  };
  await hold();
  const before = await lab.memory();
  for (let thread = 1; thread < MESSAGES / A_THREAD; thread++) await hold();
  const after = await lab.memory();
  const kib = (after.heap - before.heap) / 1024;
  tell(`${MESSAGES} messages: heap, grown`, kib, 'KiB', `from ${(before.heap / 2 ** 20).toFixed(1)} MiB`);
  tell(`${MESSAGES} messages: DOM nodes, grown`, after.nodes - before.nodes, 'nodes', `from ${before.nodes}`);
  tell(`${MESSAGES} messages: listeners, grown`, after.listeners - before.listeners, 'listeners', `from ${before.listeners}`);
}
