// What is waited for, and given up: without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';

const bundled = await build({
  entryPoints: [new URL('../src/wire/retry.ts', import.meta.url).pathname],
  bundle: true,
  write: false,
  format: 'esm',
});
const { unlessAborted } = await import(`data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString('base64')}`);

test('work that was given up before it began may fail unheard', async (t) => {
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  const work = Promise.reject(new Error('too late'));
  await assert.rejects(unlessAborted(work, AbortSignal.abort(new Error('given up'))), /given up/);
  // Node tells of it when all that was due is done.
  await new Promise(setImmediate);
  assert.deepEqual(unhandled, []);
});
