import './page.js';
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { loadScript } from '../src/index.js';
import { defineFakeElement } from './fake-element.js';

// happy-dom loads no script: the tests say what became of it.
const appended: HTMLScriptElement[] = [];
document.head.append = (...nodes) => void appended.push(...(nodes as HTMLScriptElement[]));
afterEach(() => void appended.splice(0));

test('the script is loaded once for all who ask, and its hash goes along', async () => {
  const asked = { src: 'https://chat.example/chatkit.js', integrity: 'sha384-abc' };
  const loads = [loadScript(asked), loadScript(asked)];
  assert.equal(appended.length, 1);
  const [script] = appended;
  assert.equal(script!.src, asked.src);
  assert.equal(script!.integrity, 'sha384-abc');
  assert.equal(script!.crossOrigin, 'anonymous');
  script!.onload!(new Event('load'));
  await Promise.all(loads);
});

test('a script that does not come says so, and is asked for again', async () => {
  const asked = { src: 'https://away.example/chatkit.js' };
  const load = loadScript(asked);
  const failed = assert.rejects(load, /cannot be loaded from https:\/\/away\.example\/chatkit\.js/);
  appended[0]!.onerror!(new Event('error'));
  await failed;
  void loadScript(asked);
  assert.equal(appended.length, 2);
});

test("a page's own script will do", async () => {
  defineFakeElement();
  await loadScript({ src: 'https://other.example/chatkit.js' });
  assert.equal(appended.length, 0);
});
