import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { Server } from '../harness/server.js';
import { proxyTo, Site } from '../harness/site.js';

/** Everything that draws with styles, pictures, or files that are loaded later. */
const everything = {
  messages: {
    text: [{ say: [
      '# A heading', '**Bold**, `code`, ~~gone~~ and <span style="color: red" onclick="x()">HTML</span> with <p style="margin: 9px">a style</p>.',
      '```rust\nfn main() {}\n```', '| a | b |\n|:-:|--:|\n| 1 | 2 |', 'Wrong $\\nonsense$, $\\pmb{x}$. Inline $e^{i\\pi} + 1 = 0$, and in a block:', '$$\\boxed{\\fcolorbox{red}{yellow}{$\\frac{a}{b}$}} \\cancel{x} \\hspace{1em} \\color{blue}{y}$$',
      '![A picture](/picture.svg)', '- [x] done', '<style>* { color: red }</style><script>x()</script><iframe src="https://example.com"></iframe>',
    ].join('\n\n') }],
    widget: [{ id: 'card', widget: { type: 'Card', size: 'full', background: 'blue-100', padding: 3, children: [
      { type: 'Title', value: 'A card' }, { type: 'Badge', label: 'New', color: 'success' }, { type: 'Icon', name: 'lucide:anchor', color: 'danger', size: 'xl' },
      { type: 'Row', gap: 2, border: 1, radius: 'md', margin: { top: 2 }, children: [{ type: 'Image', src: '/picture.svg', alt: 'A picture', size: 40 }, { type: 'Spacer' }, { type: 'Text', value: 'Text', color: '#123456' }] },
      { type: 'Form', onSubmitAction: { type: 'submit' }, children: [
        { type: 'Input', name: 'name', placeholder: 'Name' }, { type: 'Select', name: 'size', options: [{ value: 's', label: 'Small' }] },
        { type: 'DatePicker', name: 'day' }, { type: 'Checkbox', name: 'yes', label: 'Yes' }, { type: 'Button', label: 'Send', submit: true },
      ] },
      { type: 'Chart', data: [{ day: 'Mon', sold: 3 }, { day: 'Tue', sold: 4 }], xAxis: { dataKey: 'day' }, showYAxis: true, series: [{ type: 'bar', dataKey: 'sold', color: 'blue' }, { type: 'line', dataKey: 'sold', color: { light: '#f00', dark: '#0f0' } }] },
    ] } }],
    thought: [
      { item: { type: 'workflow', workflow: { type: 'custom', summary: { title: 'Steps', icon: 'sparkle' }, expanded: true, tasks: [{ type: 'custom', title: 'A step', icon: 'search', status_indicator: 'complete' }] } } },
      { item: { type: 'generated_image', image: { id: 'img_1', url: '/picture.svg' } } },
      { item: { type: 'assistant_message', content: [{ type: 'output_text', text: 'With a source.', annotations: [{ type: 'annotation', index: 13, source: { type: 'url', title: 'A page', url: 'https://example.com/' } }] }] } },
    ],
  },
  otherwise: [{ say: 'Seen.' }],
};

const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="teal"/></svg>';
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

let browser: Browser;
let server: Server;
before(async () => {
  const config = `[workflows.wf_script]
agent = "script"
file = "script.yaml"
[sites.default.configuration.file_upload]
enabled = true`;
  const options = { config, files: { 'script.yaml': JSON.stringify(everything) }, env: { CHATKIT_WORKFLOW_ID: 'wf_script' } };
  [browser, server] = await Promise.all([openBrowser(), Server.start(options)]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

function html(script: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A strict page</title>
<link rel="stylesheet" href="/page.css"><script src="${script}" async></script></head>
<body><openai-chatkit id="chat"></openai-chatkit><script type="module" src="/setup.js"></script></body></html>`;
}

function setup(api: string): string {
  return `const chat = document.getElementById('chat');
await customElements.whenDefined('openai-chatkit');
chat.setOptions({
  api: { url: '${api}/chatkit', domainKey: 'any' }, locale: 'de-DE',
  theme: { colorScheme: 'dark', radius: 'round', color: { accent: { primary: '#a0f', level: 2 }, grayscale: { hue: 200, tint: 5 } } },
  header: { rightAction: { icon: 'lucide:anchor', onClick() {} } },
  startScreen: { greeting: 'Hello', prompts: [{ label: 'One', prompt: 'one', icon: 'sparkle' }] },
  composer: {
    attachments: { enabled: true }, tools: [{ id: 't', label: 'Tool', icon: 'globe' }], models: [{ id: 'm', label: 'Model', default: true }],
  },
  entities: { showComposerMenu: true, onTagSearch: async () => [{ id: 'e', title: 'Entity', icon: 'book-open' }] },
  threadItemActions: { feedback: true, retry: true },
});`;
}

/** A page with this policy, and what the browser refuses on it. */
async function strictPage(t: TestContext, policy: string, { own = true } = {}): Promise<{ page: Page; site: Site; refused: () => Promise<string[]>; complaints: string[] }> {
  const pages = { '/': html(own ? '/chatkit.js' : `${server.url}/chatkit.js`), '/setup.js': setup(own ? '' : server.url), '/page.css': 'body { margin: 0 } openai-chatkit { display: block; height: 690px }', '/picture.svg': picture, '/favicon.ico': '' };
  const site = await Site.start(t, own ? { ...pages, '*': proxyTo(server.url) } : pages, { 'content-security-policy': policy });
  const context = await visitor(t, browser);
  await context.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(window, { refused });
    document.addEventListener('securitypolicyviolation', (event) => refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample} (${event.sourceFile}:${event.lineNumber}:${event.columnNumber})`));
  });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(site.url);
  return { page, site, complaints, refused: () => page.evaluate(() => (window as unknown as { refused: string[] }).refused) };
}

/** Uses everything that a policy could refuse. */
async function useEverything(page: Page): Promise<void> {
  const chat = new Chat(page);
  await chat.button('Unterhaltungen').waitFor();
  await chat.element.getByRole('button', { name: 'One' }).waitFor();
  await chat.ask('text');
  await chat.lastItem.locator('code span').first().waitFor();
  await chat.lastItem.locator('math').nth(1).waitFor();
  await chat.lastItem.locator('img').evaluate((image: HTMLImageElement) => (image.loading = 'eager') && image.decode());
  await chat.ask('widget');
  await chat.lastItem.locator('svg rect').first().waitFor();
  await chat.ask('thought');
  await chat.element.locator('input[type=file]').first().setInputFiles({ name: 'pixel.png', mimeType: 'image/png', buffer: pixel });
  await chat.element.locator('.uploads li.ready canvas').waitFor();
  await chat.composer.click();
  await page.keyboard.type('@E');
  await chat.element.getByRole('option', { name: 'Entity' }).or(chat.element.getByText('Entity')).first().waitFor();
  await page.keyboard.press('Escape');
  for (const menu of await chat.element.locator('[aria-haspopup]').all()) {
    await menu.click();
    await page.keyboard.press('Escape');
  }
  await chat.element.locator('header button').first().click();
  await chat.element.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
}

test("the whole chat works under default-src 'self', and nothing is refused", async (t) => {
  const { page, refused, complaints } = await strictPage(t, "default-src 'self'");
  await useEverything(page);
  await keepPicture(page, 'strict-policy');
  assert.deepEqual(await refused(), []);
  assert.deepEqual(complaints, []);
});

test('on another origin than the server it is enough to name the server', async (t) => {
  const from = server.url;
  const { page, refused, complaints } = await strictPage(t, `default-src 'self'; script-src 'self' ${from}; connect-src 'self' ${from}; img-src 'self' ${from}`, { own: false });
  await useEverything(page);
  assert.deepEqual(await refused(), []);
  assert.deepEqual(complaints, []);
});

test('Trusted Types are kept, with the policies named', async (t) => {
  const { page, refused, complaints } = await strictPage(t, "default-src 'self'; require-trusted-types-for 'script'; trusted-types lit-html dompurify chatkitd");
  await useEverything(page);
  assert.deepEqual(await refused(), []);
  assert.deepEqual(complaints, []);
});

/** The versioned script that this server has, and its hash: of the bundle that the browser gets. */
async function pinned(): Promise<{ src: string; integrity: string }> {
  const plain = await fetch(`${server.url}/chatkit.js`);
  const version = /"(.+)"/.exec(plain.headers.get('etag')!)![1]!;
  const src = `${server.url}/chatkit@${version}.js`;
  const script = Buffer.from(await (await fetch(src)).arrayBuffer());
  return { src, integrity: `sha384-${createHash('sha384').update(script).digest('base64')}` };
}

/** A page that pins its script. The bundle is the binary's own: its hash is what is looked at. */
async function pinnedPage(t: TestContext, src: string, integrity: string): Promise<Page> {
  const site = await Site.start(t, {
    '/': `<!doctype html><title>Pinned</title><link rel="icon" href="data:,"><script src="${src}" integrity="${integrity}" crossorigin="anonymous"></script>
      <openai-chatkit></openai-chatkit>`,
  });
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(site.url);
  return page;
}

test('the versioned script can be pinned by its hash', async (t) => {
  const { src, integrity } = await pinned();
  const page = await pinnedPage(t, src, integrity);
  await page.waitForFunction(() => customElements.get('openai-chatkit') !== undefined);
});

test('a script that is not what its hash says is refused', async (t) => {
  const { src } = await pinned();
  const page = await pinnedPage(t, src, `sha384-${createHash('sha384').update('another').digest('base64')}`);
  assert.equal(await page.evaluate(() => customElements.get('openai-chatkit')), undefined);
});
