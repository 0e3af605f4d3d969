import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page, type Route } from 'playwright-core';
import { root } from './server.js';

const screenshots = join(root, 'target/screenshots');

const executablePath = process.env.CHATKITD_TEST_CHROMIUM ?? '/usr/bin/chromium';

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // A microphone that hums, and that nobody has to allow.
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  // A site with a name of its own.
  '--host-resolver-rules=MAP *.example 127.0.0.1',
];

/** Chromium, closed with the file of tests that opened it. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) throw new Error(`There is no Chromium at "${executablePath}". scripts/setup-test.sh installs it.`);
  return chromium.launch({ executablePath, args: flags });
}

/** A visitor with cookies and storage of their own, for one test. */
export async function visitor(t: TestContext, browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await newVisitor(browser, options);
  t.after(() => context.close());
  context.setDefaultTimeout(15_000);
  return context;
}

/** The same outside of tests; closed with the browser. */
export async function newVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
  await context.addInitScript({ path: fileURLToPath(new URL('events.page.js', import.meta.url)) });
  // esbuild, which runs the tests, names functions with this one, also those that are sent to the page.
  await context.addInitScript('globalThis.__name = (named) => named');
  if (process.env.E2E_BUNDLE === 'disk') await bundleFromDisk(context);
  return context;
}

/** From now on, a chat on this page waits for its language for as long as it takes: else it would begin in English after two seconds. */
export async function awaitLanguages(page: Page): Promise<void> {
  const slowDown = () => {
    const { setTimeout: begin } = globalThis;
    globalThis.setTimeout = ((act: () => void, wait?: number) => begin(act, wait === 2_000 ? 60_000 : wait)) as typeof setTimeout;
  };
  await page.addInitScript(slowDown);
  await page.evaluate(slowDown);
}

/** The size of text that the visitor has set in the browser, in pixels. */
export async function setTextSize(page: Page, size: number): Promise<void> {
  const client = await page.context().newCDPSession(page);
  await client.send('Page.setFontSizes', { fontSizes: { standard: size, fixed: Math.round(size * 0.8) } });
  const isSet = (size: number) => getComputedStyle(document.querySelector('openai-chatkit')!.shadowRoot!.querySelector('[data-composer]')!).fontSize === `${size}px`;
  await page.waitForFunction(isSet, size);
}

/** For work on the element: the bundle in `element/dist`, in place of the one that the binary was compiled with. */
async function bundleFromDisk(context: BrowserContext): Promise<void> {
  const dist = join(root, 'web/element/dist');
  const send = async (route: Route, path: string) => {
    const contentType = path.endsWith('.json') ? 'application/json' : 'text/javascript; charset=utf-8';
    await route.fulfill({ body: await readFile(join(dist, path)), contentType, headers: { 'access-control-allow-origin': '*' } });
  };
  await context.route(/\/chatkit(@[^/]+)?\.js$/, (route) => send(route, 'chatkit.js'));
  await context.route(/\/chatkit-assets@[^/]+\//, (route) => send(route, `assets/${route.request().url().split(/\/chatkit-assets@[^/]+\//)[1]}`));
}

/** Keeps a picture of the page among the artefacts, `target/screenshots`. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

/** Everything that a page complained of: uncaught errors, and what its console calls an error. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return complaints;
}
