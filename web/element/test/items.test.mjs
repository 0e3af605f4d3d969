// The items of a thread, in the stretches in which they are drawn: without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';

const bundled = await build({
  entryPoints: [new URL('../src/chat/items.ts', import.meta.url).pathname],
  bundle: true,
  write: false,
  format: 'esm',
});
const { Items } = await import(`data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString('base64')}`);

const message = (number) => ({ type: 'assistant_message', id: `cti_${number}`, thread_id: 'cthr_1', created_at: '2026-01-01T00:00:00Z', content: [] });
const range = (from, to) => Array.from({ length: to - from }, (_, at) => message(from + at));
const ids = (items) => items.map(({ id }) => id);

test('older items fill the first stretch before there is another, and all stay in their order', () => {
  const items = new Items();
  items.prepend(range(100, 110));
  const [{ key }] = items.stretches;
  items.prepend(range(70, 100));
  assert.equal(items.stretches.length, 1);
  assert.equal(items.stretches[0].key, key, 'it is the same one, grown');
  items.prepend(range(0, 70));
  assert.deepEqual(items.stretches.map((stretch) => stretch.items.length), [30, 40, 40]);
  assert.deepEqual(ids(items.all), ids(range(0, 110)));
  items.remove('cti_5');
  items.put({ ...message(105), content: [{ type: 'output_text', text: 'changed', annotations: [] }] });
  assert.deepEqual(ids(items.all), ids(range(0, 110)).filter((id) => id !== 'cti_5'));
  assert.equal(items.get('cti_105').content[0].text, 'changed');
});

test('items that are there already are not put in front once more', () => {
  const items = new Items();
  items.prepend(range(10, 20));
  items.prepend(range(5, 15));
  assert.deepEqual(ids(items.all), ids(range(5, 20)));
});

test('what is gone at the server goes, also at the beginning where all of the thread was read', () => {
  const items = new Items();
  items.prepend(range(1, 5));
  assert.ok(items.renew([message(3), message(4)], false));
  assert.deepEqual(ids(items.all), ids(range(1, 5)), 'what was read before stands in front');
  assert.ok(items.renew([message(2), message(4), message(5)], true));
  assert.deepEqual(ids(items.all), ids([message(2), message(4), message(5)]));
  assert.equal(items.renew([message(1), message(4)], true), false, 'an item that is new in front is put there anew');
});
