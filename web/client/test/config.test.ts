import './page.js';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, beforeEach, mock, test } from 'node:test';
import { ConfigError, loadConfig, parseConfig, resolveConfig } from '../src/index.js';
import { StandIn } from './stand-in.js';

let server: StandIn;
const servers: StandIn[] = [];

// One for each test: a file is read once per page, and its address tells files apart.
beforeEach(async () => {
  server = await StandIn.start();
  servers.push(server);
});
after(() => Promise.all(servers.map((each) => each.stop())));

const file = () => `${server.url}/chatkit-config.json`;
const resolved = async (given = {}, config: Parameters<typeof loadConfig>[0] = file()) =>
  resolveConfig(given, await loadConfig(config));

test('without a file everything is at the page', async () => {
  const config = await resolved();
  assert.equal(config.src, 'http://page.example/chatkit.js');
  assert.equal(config.apiEndpoint, 'http://page.example/api/chatkit/session');
});

test('a file of another server stands for that server', async () => {
  server.config = { status: 200, body: { greeting: 'Hello' } };
  const config = await resolved();
  assert.equal(config.src, `${server.url}/chatkit.js`);
  assert.equal(config.apiEndpoint, `${server.url}/api/chatkit/session`);
  assert.equal(config.greeting, 'Hello');
});

test('addresses of the file are relative to its server, or else to the file', async () => {
  server.config = { status: 200, body: { server: 'https://chat.example', apiEndpoint: '/s/shop/api/chatkit/session' } };
  const config = await resolved();
  assert.equal(config.src, 'https://chat.example/chatkit.js');
  assert.equal(config.apiEndpoint, 'https://chat.example/s/shop/api/chatkit/session');
});

test('what is said in code wins over the file', async () => {
  server.config = { status: 200, body: { server: 'https://chat.example', integrity: 'sha384-abc' } };
  const config = await resolved({ server: 'https://own.example' });
  assert.equal(config.src, 'https://own.example/chatkit.js');
  assert.equal(config.apiEndpoint, 'https://own.example/api/chatkit/session');
  assert.equal(config.integrity, undefined, "the file's hash is not of this script");
});

test('one address in code leaves the other to the file', async () => {
  server.config = { status: 200, body: { src: '/v2/chatkit.js', integrity: 'sha384-abc' } };
  const config = await resolved({ apiEndpoint: '/sessions' });
  assert.equal(config.src, `${server.url}/v2/chatkit.js`);
  assert.equal(config.integrity, 'sha384-abc');
  assert.equal(config.apiEndpoint, 'http://page.example/sessions');
});

test('the configuration itself needs no request', async () => {
  const config = await resolved({}, { workflowId: 'wf_shop' });
  assert.equal(config.workflowId, 'wf_shop');
  assert.equal(server.asked.length, 0);
});

test('the file is read once for all who ask', async () => {
  server.config = { status: 200, body: {} };
  await Promise.all([loadConfig(file()), loadConfig(file())]);
  await loadConfig(file());
  assert.equal(server.asked.length, 1);
});

test('a page in place of the file is no file', async () => {
  server.config = { status: 200, type: 'text/html; charset=utf-8', body: '<!doctype html>' };
  assert.equal((await resolved()).src, 'http://page.example/chatkit.js');
});

test('a file that is broken says where and is read again', async () => {
  server.config = { status: 200, body: '{"greeting": ' };
  await assert.rejects(loadConfig(file()), { name: 'ConfigError', message: `${file()} is not JSON.` });
  server.config = { status: 503, body: {} };
  await assert.rejects(loadConfig(file()), /the server answered 503/);
  server.config = { status: 200, body: { greeting: 'Hello' } };
  assert.equal((await loadConfig(file())).values.greeting, 'Hello');
});

test('a value of the wrong kind is refused by the name of its key', () => {
  const wrong: [unknown, RegExp][] = [
    [[], /must be a JSON object/],
    [{ server: 5 }, /"server" must be an address/],
    [{ greeting: '' }, /"greeting" must be a text/],
    [{ prompts: [{ prompt: 'no label' }] }, /"prompts" must be a list/],
    [{ theme: 'blue' }, /"theme" must be "light"/],
  ];
  for (const [json, message] of wrong) {
    assert.throws(() => parseConfig(json, 'file'), (error) => error instanceof ConfigError && message.test(error.message));
  }
});

test('a key that nobody knows is a warning, and null is nothing', () => {
  const warn = mock.method(console, 'warn', () => undefined);
  assert.deepEqual(parseConfig({ greting: 'x', constructor: 1, locale: null, theme: 'dark' }, 'file'), { theme: 'dark' });
  assert.deepEqual(warn.mock.calls.map(({ arguments: [said] }) => said), [
    'file: there is no key "greting"; it is ignored.',
    'file: there is no key "constructor"; it is ignored.',
  ]);
  warn.mock.restore();
});

test("the examples' files are good", async () => {
  for (const example of ['vite-react', 'astro', 'nextjs-clerk']) {
    const path = new URL(`../../../examples/${example}/public/chatkit-config.json`, import.meta.url);
    const warn = mock.method(console, 'warn', () => undefined);
    parseConfig(JSON.parse(await readFile(path, 'utf8')), example);
    assert.equal(warn.mock.callCount(), 0, `${example} has a key that nobody knows`);
    warn.mock.restore();
  }
});
