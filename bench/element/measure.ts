// Measures the element in Chromium against the real binary, and prints the rows as one line of JSON. By hand, in `web`,
// after `npm run build -w element`: `E2E_BUNDLE=disk CHATKITD_BINARY=… npx tsx ../bench/element/measure.ts`.
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

/** A row of the report: `bench/measure/rows.py`. */
interface Row {
  row: string;
  measured: number;
  unit: string;
  detail?: string;
  at_most?: number;
  at_least?: number;
}

const rows: Row[] = [];
function tell(row: Row): void {
  rows.push(row);
  console.error(`  ${row.row}: ${row.measured.toFixed(1)} ${row.unit} ${row.detail ?? ''}`);
}

const lab = await openLab({
  conversation: conversation(ITEMS - 1),
  paragraphs: [{ say: deltasOfLength(WORDS), every: '5ms' }],
  code: [{ say: `\`\`\`text\n${deltasOfLength(WORDS)}\n\`\`\``, every: '5ms' }],
  list: [{ say: deltasOfLength(WORDS).replace(/\n\n/g, '\n').replace(/^/gm, '- '), every: '5ms' }],
  short: answer(1),
});
try {
  await longThread();
  for (const [message, name] of [['paragraphs', 'paragraphs'], ['list', 'one list'], ['code', 'one block of code']] as const) {
    await lab.newThread();
    await deltas(message, name);
  }
  await lab.newThread();
  await leaks();
} finally {
  await lab.close();
}
const script = gzipSync(await readFile(join(root, 'web/element/dist/chatkit.js')), { level: 9 });
tell({ row: 'chatkit.js, gzip', measured: script.length / 1024, unit: 'KiB', at_most: 120 });
console.log(JSON.stringify(rows));

/** Opens a thread of 5 000 items, goes back to its first item and scrolls through all of it. */
async function longThread(): Promise<void> {
  const thread = await lab.fill('conversation');
  const times: number[] = [];
  for (let run = 0; run < 5; run++) times.push(await lab.opened(thread));
  times.sort((a, b) => a - b);
  tell({ row: 'thread of 5 000 items: opened', measured: times[2]!, unit: 'ms', at_most: 1000, detail: `of 5: ${times[0]!.toFixed(0)} to ${times[4]!.toFixed(0)}` });
  const back = await frames(lab.page, 'up', 600);
  tell({ row: 'back to its first item, loading as it scrolls: main thread a frame', measured: back.taskMs, unit: 'ms', at_most: 16.7, detail: back.words });
  const down = await frames(lab.page, 'down', 600);
  tell({ row: 'scrolled with all loaded: frames', measured: down.perSecond, unit: '/s', at_least: 59, detail: down.words });
  tell({ row: 'scrolled with all loaded: main thread a frame', measured: down.taskMs, unit: 'ms', at_most: 16.7 });
  await deltas('paragraphs', 'paragraphs below 5 000 items');
}

/** What 200 words a second cost, from the beginning to the end of a long message. */
async function deltas(message: string, name: string): Promise<void> {
  const parts = await lab.streamed(message, 4);
  const mean = (of: 'mainThread' | 'process') => parts.reduce((sum, part) => sum + part[of], 0) / parts.length;
  const quarters = parts.map((part) => part.mainThread.toFixed(0)).join(', ');
  const detail = `by quarters of the message: ${quarters}; all threads of the page: ${mean('process').toFixed(0)}`;
  tell({ row: `200 deltas a second, ${name}: main thread`, measured: mean('mainThread'), unit: '% of a core', at_most: 30, detail });
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
  const grown = (name: string, unit: string, field: keyof typeof after, scale = 1) =>
    tell({ row: `${MESSAGES} messages, threads left: ${name}, grown`, measured: (after[field] - before[field]) / scale, unit, detail: `from ${(before[field] / scale).toFixed(0)}` });
  grown('heap', 'KiB', 'heap', 1024);
  grown('DOM nodes', 'nodes', 'nodes');
  grown('listeners', 'listeners', 'listeners');
}
