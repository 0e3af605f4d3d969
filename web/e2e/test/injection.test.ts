import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { ADDRESSES, INJECTED, INJECTIONS } from '../harness/injections.js';
import { Server } from '../harness/server.js';
import { bodyOf, pageWith, Site } from '../harness/site.js';

const LINE = INJECTIONS.join(' ');

let browser: Browser;
let server: Server;
before(async () => {
  const messages = {
    written: [{ say: INJECTED, every: '1ms' }],
    beside: [
      { thread: { title: LINE.slice(0, 250) } },
      { type: 'progress_update', icon: LINE.slice(0, 100), text: LINE },
      { type: 'notice', level: 'warning', title: LINE, message: INJECTED },
      { pause: '5s' },
      { fail: LINE },
    ],
  };
  [browser, server] = await Promise.all([openBrowser(), Server.answering({ messages, otherwise: 'Heard.' })]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

interface Hunt {
  chat: Chat;
  /** Fails when something ran, would run, or was asked of a foreign server; or when the text was not shown at all. */
  assertHarmless(): Promise<void>;
}

async function openHunt(t: TestContext, api: string, options: Record<string, unknown> = {}, functions: Record<string, string> = {}): Promise<Hunt> {
  const context = await visitor(t, browser);
  const page = await context.newPage();
  const ran: string[] = [];
  await page.exposeFunction('pwn', () => void ran.push('pwn()'));
  page.on('dialog', (dialog) => void (ran.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  await context.route(/evil\.example/, (route) => void (ran.push(route.request().url()), route.abort()));
  const site = await Site.start(t, { '/': pageWith(`${server.url}/chatkit.js`, '') });
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.configure({ api: { url: api, domainKey: 'any' }, ...options }, functions);
  return {
    chat,
    assertHarmless: async () => {
      await touchEverything(page);
      assert.deepEqual(await dangers(page), []);
      assert.match(await chat.element.evaluate((element) => (element.shadowRoot!.textContent ?? '')), /pwn\(\)/, 'nothing was shown');
      assert.deepEqual(ran, []);
    },
  };
}

/** What a visitor may do by chance: point at, focus and open everything. */
async function touchEverything(page: Page): Promise<void> {
  await page.locator('openai-chatkit').evaluate(async (element) => {
    for (const details of element.shadowRoot!.querySelectorAll('details')) details.open = true;
    for (const one of element.shadowRoot!.querySelectorAll<HTMLElement>('*')) {
      for (const name of ['mouseover', 'mouseenter', 'pointerover']) one.dispatchEvent(new MouseEvent(name, { bubbles: name !== 'mouseenter' }));
      one.focus?.();
    }
    for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
  });
}

/** Everything in the element that could run something. */
function dangers(page: Page): Promise<string[]> {
  return page.locator('openai-chatkit').evaluate((host) => {
    const forbidden = /^(script|iframe|frame|object|embed|base|meta|link|style|template|foreignobject|animate|set|use|portal|form(?=action))$/i;
    const roots = (root: ParentNode): Element[] => [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot === null ? [] : roots(one.shadowRoot))]);
    return roots(host.shadowRoot!).flatMap((one) => {
      const found = forbidden.test(one.localName) ? [`<${one.localName}>`] : [];
      for (const { name, value } of one.attributes) {
        if (/^on/i.test(name)) found.push(`${one.localName} ${name}`);
        if (/^(href|src|xlink:href|action|formaction|data|srcset|poster|background)$/i.test(name)) {
          const url = URL.canParse(value, document.baseURI) ? new URL(value, document.baseURI).protocol : '';
          if (!/^(https?:|mailto:|tel:|chatkit-link:|blob:)$/.test(url) && !/^data:image\/(png|jpeg|gif|webp|avif);/.test(value)) found.push(`${one.localName} ${name}=${value}`);
        }
        if (name === 'style' && /url\(|expression|position:\s*fixed/i.test(value)) found.push(`${one.localName} style=${value}`);
        if (name === 'id' && ['body', 'createElement', 'x'].includes(value)) found.push(`#${value}`);
      }
      return found;
    });
  });
}

test('scripts in what the visitor and the assistant say are text', async (t) => {
  const { chat, assertHarmless } = await openHunt(t, `${server.url}/chatkit`);
  await chat.ask(`written ${INJECTED}`);
  await assertHarmless();
  await chat.call('sendUserMessage', {
    reply: LINE,
    content: [{ type: 'input_text', text: LINE }, { type: 'input_tag', id: LINE, text: LINE, group: LINE, data: { x: LINE }, interactive: true }],
  });
  await assertHarmless();
  await keepPicture(chat.page, 'injection');
});

test('scripts in a text that is being written are text, wherever it is cut', async (t) => {
  const { chat, assertHarmless } = await openHunt(t, `${server.url}/chatkit`);
  for (const half of [INJECTIONS.slice(0, 30), INJECTIONS.slice(30)]) {
    await chat.element.evaluate(async (element, texts) => {
      type Markdown = HTMLElement & { source: string; open: boolean; updateComplete: Promise<unknown> };
      const make = (source: string) => Object.assign(document.createElement('chatkitd-markdown') as Markdown, { source, open: true });
      const place = element.shadowRoot!.querySelector('.start')!.appendChild(document.createElement('section'));
      for (const text of texts) {
        const grown = make('');
        place.append(grown);
        for (let end = 1; end <= text.length; end++) {
          const alone = make(text.slice(0, end));
          place.append(alone);
          grown.source = alone.source;
          await Promise.all([grown.updateComplete, alone.updateComplete]);
        }
      }
    }, half);
    await assertHarmless();
    await chat.element.evaluate((element) => element.shadowRoot!.querySelector('.start section')!.remove());
  }
});

test('scripts in titles, progress, notices and errors are text', async (t) => {
  const { chat, assertHarmless } = await openHunt(t, `${server.url}/chatkit`);
  const answered = chat.ended();
  await chat.say('beside');
  await chat.element.locator('.progress', { hasText: 'pwn()' }).waitFor();
  await assertHarmless();
  await answered;
  await chat.element.getByRole('alert').filter({ hasText: 'pwn()' }).waitFor();
  await chat.call('showHistory');
  await chat.element.getByRole('dialog').getByRole('listitem').filter({ hasText: 'pwn()' }).waitFor();
  await assertHarmless();
});

test("scripts in the page's own texts are text", async (t) => {
  const { chat, assertHarmless } = await openHunt(t, `${server.url}/chatkit`, {
    startScreen: { greeting: LINE, prompts: [{ label: LINE, prompt: LINE, icon: LINE }] },
    header: { title: { text: LINE } },
    disclaimer: { text: INJECTED },
    composer: {
      placeholder: LINE, attachments: { enabled: true },
      tools: [{ id: 'a', label: LINE, shortLabel: LINE, icon: 'lucide:<img src=x onerror=pwn()>', placeholderOverride: LINE, pinned: true }, { id: 'b', label: LINE, icon: LINE }],
      models: [{ id: LINE, label: LINE, description: LINE, default: true }],
    },
  }, { 'entities.onTagSearch': `async () => [{ id: '1', title: ${JSON.stringify(LINE)}, group: ${JSON.stringify(LINE)}, icon: ${JSON.stringify(LINE)}, data: {} }]` });
  await assertHarmless();
  await chat.composer.pressSequentially('@a');
  await chat.element.getByRole('option').first().click();
  await assertHarmless();
  for (const preview_url of ADDRESSES.filter((address) => !address.includes('evil.example'))) {
    await chat.call('setComposerValue', { attachments: [{ id: LINE, type: 'image', name: LINE, mime_type: LINE, preview_url }] });
  }
  await chat.element.getByRole('button', { name: /^Remove: <script>/ }).waitFor();
  await assertHarmless();
});

/** What a hostile server may send: everything is a script, and it keeps to no type. */
function hostileItems(): object[] {
  const sources = ADDRESSES.flatMap((url) => [
    { type: 'url', title: LINE, url, description: LINE, attribution: LINE, favicon: url, timestamp: LINE, group: LINE },
    { type: 'file', title: LINE, filename: LINE + url, description: LINE },
    { type: 'entity', id: LINE + url, title: LINE, icon: LINE, label: LINE, inline_label: LINE, interactive: true, data: { x: LINE } },
  ]);
  const task = { title: LINE, title_query: LINE, content: INJECTED, icon: LINE, queries: [LINE], sources, status_indicator: LINE };
  const tasks = ['custom', 'web_search', 'thought', 'file', 'image'].map((type) => ({ ...task, type }));
  const content = ADDRESSES.map((url) => ({ type: 'output_text', text: INJECTED, annotations: sources.map((source, at) => ({ type: 'annotation', index: at * 7, source: { ...source, url } })) }));
  return [
    { type: 'user_message', content: [{ type: 'input_text', text: LINE }], quoted_text: LINE, inference_options: {}, attachments: ADDRESSES.map((preview_url, at) => ({ id: `${at}${LINE}`, type: 'image', name: LINE, mime_type: LINE, preview_url: preview_url.replace('https://evil.example', 'javascript:') })) },
    { type: 'assistant_message', content: content.slice(0, 3) },
    { type: 'client_tool_call', status: 'completed', call_id: LINE, name: LINE, arguments: { [LINE]: LINE }, output: LINE },
    { type: 'workflow', workflow: { type: 'custom', tasks, summary: { title: LINE, icon: LINE }, expanded: true } },
    ...tasks.map((one) => ({ type: 'task', task: one })),
    { type: 'structured_input', status: 'pending', inputs: [{ type: 'multiple_choice', id: LINE, question: LINE, options: [{ value: LINE }], multiple: true }, { type: 'freeform', id: `x${LINE}`, question: LINE, description: LINE }] },
    { type: 'structured_input', status: 'answered', inputs: [{ type: 'freeform', id: LINE, question: LINE, answer: { values: [LINE], skipped: false } }] },
    ...ADDRESSES.filter((url) => !url.includes('//evil.example')).map((url) => ({ type: 'generated_image', image: { id: '1', url } })),
    { type: '<img src=x onerror=pwn()>', text: LINE },
  ];
}

function hostileWidgets(): object[] {
  const text = { value: LINE, label: LINE, name: LINE, placeholder: LINE, fieldName: LINE, alt: LINE, defaultValue: LINE, options: [{ value: LINE, label: LINE, description: LINE }] };
  const style = 'red; background: url(https://evil.example/x.png)';
  const styles = { color: style, background: style, width: style, height: 'url(https://evil.example/x.png)', padding: style, radius: style, border: { size: style, style, color: style }, align: style, gap: style, flex: style, size: '"><img src=x onerror=pwn()>', position: style, fit: style, aspectRatio: style };
  const kinds = ['Text', 'Title', 'Caption', 'Badge', 'Icon', 'Label', 'Button', 'Input', 'Textarea', 'Checkbox', 'Select', 'RadioGroup', 'DatePicker', 'Divider', 'Spacer', 'Box', 'Row', '<img src=x onerror=pwn()>', 'Link'];
  const addresses = ADDRESSES.flatMap((src) => [{ type: 'Image', src, alt: LINE, ...styles }, { type: 'Link', href: src, value: LINE }, { type: 'Markdown', value: `[click](${src}) ![x](${src})` }]);
  const chart = { type: 'Chart', data: [{ [LINE]: LINE, y: 1 }], xAxis: { dataKey: LINE, labels: { [LINE]: LINE } }, showYAxis: true, series: [{ type: 'bar', label: LINE, dataKey: 'y', color: style }] };
  const children = [
    ...kinds.map((type) => ({ type, ...text, ...styles, iconStart: LINE, iconEnd: 'lucide:' + LINE, inputType: '"><img src=x onerror=pwn()>', pattern: LINE, onClickAction: { type: LINE } })),
    { type: 'Text', value: LINE, editable: { name: LINE, placeholder: LINE, autoComplete: LINE } }, { type: 'Markdown', value: INJECTED, streaming: true }, chart, ...addresses,
  ];
  const roots = ['Card', 'ListView', 'Basic'].map((type) => ({ type, children, background: style, theme: LINE, status: { text: LINE, icon: LINE, favicon: 'javascript:pwn()' }, confirm: { label: LINE, action: { type: LINE } } }));
  return roots.map((widget) => ({ type: 'widget', widget, copy_text: LINE }));
}

/** A server that answers every operation with these items, and refuses messages in hostile words. */
async function hostileServer(t: TestContext, items: object[]): Promise<string> {
  const created_at = '2026-11-21T12:00:00Z';
  const data = items.map((item, at) => ({ id: `item_${at}`, thread_id: 'thread', created_at, ...item }));
  const page = { data, has_more: false };
  const thread = { id: 'thread', title: LINE, created_at, status: { type: 'active' }, allowed_image_domains: ['allowed.example'], metadata: {}, items: page };
  const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
  const site = await Site.start(t, {
    '/chatkit': async (request, response) => {
      const { type } = JSON.parse((await bodyOf(request)) || '{"type":""}') as { type: string };
      const refused = type.startsWith('threads.add');
      response.writeHead(refused ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(refused ? { error: { message: LINE, code: LINE } } : type === 'items.list' ? { ...page, data: data.toReversed() } : type === 'threads.get_by_id' ? thread : { data: [thread], has_more: false }));
    },
  }, cors);
  return `${site.url}/chatkit`;
}

test('scripts in items, tasks, sources, questions and files of a hostile server are text', async (t) => {
  const { chat, assertHarmless } = await openHunt(t, await hostileServer(t, hostileItems()));
  await chat.call('setThreadId', 'thread');
  await chat.element.locator('article').nth(10).waitFor();
  await assertHarmless();
  await chat.call('showHistory');
  await chat.element.getByRole('dialog').getByRole('listitem').first().waitFor();
  await assertHarmless();
  await chat.call('hideHistory');
  await chat.say('refuse this');
  await chat.element.getByRole('alert').filter({ hasText: 'pwn()' }).waitFor();
  await assertHarmless();
  await keepPicture(chat.page, 'injection-items');
});

test('scripts in widgets of a hostile server are text, and their addresses lead nowhere', async (t) => {
  const { chat, assertHarmless } = await openHunt(t, await hostileServer(t, hostileWidgets()));
  await chat.call('setThreadId', 'thread');
  await chat.element.locator('article').nth(2).waitFor();
  await assertHarmless();
  await keepPicture(chat.page, 'injection-widgets');
});
