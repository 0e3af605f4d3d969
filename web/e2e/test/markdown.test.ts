import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { complaintsOf, keepPicture, openBrowser, visitor } from '../harness/browser.js';
import { Chat } from '../harness/chat.js';
import { Server } from '../harness/server.js';
import { pageWith, Site } from '../harness/site.js';

const GITHUB = `# Orders

Two are **late**, one is *lost*, and ~~three~~ none were returned. See https://example.com/help or mail help@example.com.

| Order | Price | State |
|:------|------:|:-----:|
| 17 | $40 | **late** |
| 18 | $7 | \`lost\` |

- [x] write to the carrier
- [ ] write to the visitor

1. Pack
   - a box
   - tape
2. Send

> What is lost
> is lost.
>
> - sorry

---

A line
and one below it.`;

const CODE = 'So:\n\n```js\nconst words = ["one", "two"];\n\nfor (const word of words) console.log(`${word}!`); // all\n```\n\nAnd `inline`.';

const MATH = `Euler: $e^{i\\pi} + 1 = 0$, and \\(a^2 + b^2\\) too.

$$
\\int_0^1 x^2\\,dx = \\frac{1}{3}
$$

\\[ \\sum_{n=1}^{\\infty} \\frac{1}{n^2} \\]

It costs $5 and $6, or $1,000 to $2,000; US$3/CA$4. \`$x$\` is code.`;

const CORPUS = [
  GITHUB, CODE, MATH,
  '- a\n- b\n\n- c\n\n  more of c\n\n      code of c\n\nEnd',
  '1. one\n2. two\n   ```py\n   print(1)\n   ```\n3. three\n\n10) other\n11) list',
  'A [link](https://example.com "a title"), a [later one][ref], an ![image](https://example.com/a.png).\n\nPara\n\nPara\n\n[ref]: https://example.com/ref',
  '> quote\n> > deeper\n> > - list\n\nText\n===\n\nText\n---\n\n***\n\n**bold *both* bold** _it_ __bo__ `a`` b`',
  'a\n\n$$\na\n\nb\n\nc\n$$\n\nd',
  'So $`x^2`$.\n\n```math\na\n\nb\n```\n\n$$a$$ $$b$$\n\n1. c\n\n   ```math\n   d\n   ```',
  '<details><summary>More</summary>\n\nInside\n\n> - list\n\n</details>\n\n<details>\n<summary>No end</summary>\n\nOf it', '<b>x</b> <script>1</script>\n\n<!-- a comment -->',
  '<details>\n<summary>One</summary>\n\na\n\n</details>\n<details>\n<summary>Two</summary>\n\nb\n\n</details>\nThe **next** line.\n\nMore\n\nEnd',
  'Emoji 👩‍👩‍👧 and 漢字\r\n\r\n- one\r\n- two\r\n',
  '| a |\n|---|\n| 1 |\n| 2\n\nx | y\n--|--\n1 | 2',
  '```\nplain\n\n~~~\n\n    indented',
  '# \n\n## Head #\n\n* * *\n\n+ plus\n* star\n- minus',
  '> [!NOTE]\n> Read this.\n> **Note** it.\n\n> [!TIP]  \n>\n> So.\n\n> [!WARNING]',
];

// The picture server's own port: 9 is never asked.
const PICTURES = `![mine](/own.png) ![allowed](http://localhost:9/allowed.png) ![sub](http://a.localhost:9/sub.png) ![foreign](http://127.0.0.1:9/foreign.png)
![look-alike](http://localhost.example.com:9/look-alike.png)

<img src="http://127.0.0.1:9/raw.png" alt="raw" onerror="alert(1)">`;

const LINKS = `[good](https://example.com/a?b=1#c) [mail](mailto:a@example.com) [bad](javascript:alert(1)) [data](data:text/html,x) [file](file:///etc/passwd)
[deep](chatkit-link://order?id=17&state=late) [odd](chatkit-link://%E0%A4%A) [part](chatkit-link://a/b?x=1&x=2#h?y=3) [shop](chatkit-link://open?url=https://shop.example/?id=7)`;

const url = { type: 'url', title: 'The Rust language', url: 'https://example.com/rust', attribution: 'example.com' };
const CITED = {
  type: 'assistant_message',
  content: [{
    type: 'output_text', text: 'Crabs 🦀 like **Rust**.\n\nThey do.\n\nReally.\n\n```\ncode\n```',
    annotations: [
      { type: 'annotation', index: 22, source: url },
      { type: 'annotation', index: 32, source: { type: 'file', title: 'The book', filename: 'book.pdf' } },
      { type: 'annotation', source: { type: 'entity', id: 'ferris', title: 'Ferris' } },
    ],
  }],
};

let browser: Browser;
let server: Server;
before(async () => {
  const messages = {
    GitHub: GITHUB, code: CODE, formulas: MATH,
    slowly: [{ say: CORPUS.slice(0, 3).join('\n\n'), every: '20ms' }],
    pictures: [{ thread: { allowed_image_domains: ['localHOST'] } }, { say: PICTURES }],
    untrusted: PICTURES,
    alerts: ['NOTE', 'Tip', 'important', 'WARNING', 'CAUTION'].map((kind) => `> [!${kind}]\n> It is so.`).join('\n\n'),
    links: LINKS,
    sources: [{ item: CITED }],
  };
  [browser, server] = await Promise.all([
    openBrowser(),
    Server.answering({ messages, otherwise: 'Heard.' }),
  ]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

async function openChat(t: TestContext, options: Record<string, unknown> = {}): Promise<Chat> {
  const site = await Site.start(t, { '/': pageWith(`${server.url}/chatkit.js`, '') });
  const context = await visitor(t, browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  await page.goto(site.url);
  const chat = new Chat(page);
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, ...options });
  return chat;
}

test("GitHub's Markdown is a table, lists, ticks, headings, quotes and links", async (t) => {
  const chat = await openChat(t);
  const complaints = complaintsOf(chat.page);
  await chat.ask('Show me GitHub');
  const said = chat.lastItem;
  await said.getByRole('heading', { name: 'Orders', level: 1 }).waitFor();
  assert.equal(await said.getByRole('columnheader', { name: 'Price' }).evaluate((cell) => getComputedStyle(cell).textAlign), 'end');
  assert.deepEqual(await said.getByRole('row').allInnerTexts(), ['Order\tPrice\tState', '17\t$40\tlate', '18\t$7\tlost']);
  assert.equal(await said.getByRole('checkbox').count(), 2);
  assert.equal(await said.getByRole('checkbox').first().isChecked(), true);
  assert.equal(await said.getByRole('checkbox').first().isDisabled(), true);
  assert.equal(await said.locator('del').innerText(), 'three');
  assert.equal(await said.getByRole('link', { name: 'https://example.com/help' }).getAttribute('href'), 'https://example.com/help');
  assert.equal(await said.getByRole('link', { name: 'help@example.com' }).getAttribute('href'), 'mailto:help@example.com');
  assert.equal(await said.locator('ol > li').count(), 2);
  assert.deepEqual(await said.locator('ol > li ul > li').allInnerTexts(), ['a box', 'tape']);
  assert.match(await said.locator('blockquote').innerText(), /What is lost\nis lost\.\s+sorry/);
  assert.equal(await said.getByRole('separator').count(), 1);
  assert.match(await said.innerText(), /A line\nand one below it\./);
  await keepPicture(chat.page, 'markdown');
  assert.deepEqual(complaints, []);
});

test('code is coloured, and its button copies it', async (t) => {
  const chat = await openChat(t);
  await chat.ask('Show me code');
  await chat.lastItem.locator('.hljs-string').first().waitFor();
  const button = chat.lastItem.getByRole('button', { name: 'Copy' }).first();
  await button.click();
  await chat.lastItem.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await chat.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, 'const words = ["one", "two"];\n\nfor (const word of words) console.log(`${word}!`); // all');
  await keepPicture(chat.page, 'markdown-code');
});

test('the button of code speaks the language of the chat, also where that changes', async (t) => {
  const chat = await openChat(t, { locale: 'en' });
  await chat.ask('Show me code');
  const button = chat.lastItem.locator('.code-head button');
  await button.getByText('Copy').waitFor();
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, locale: 'de' });
  await button.getByText('Kopieren').waitFor();
  await button.click();
  await button.getByText('Kopiert').waitFor();
});

test('code that is marked after it was coloured stays selected', async (t) => {
  const chat = await openChat(t);
  const selected = await chat.page.evaluate(async () => {
    type Markdown = HTMLElement & { source: string; marks: object[]; updateComplete: Promise<unknown> };
    const element = document.body.appendChild(document.createElement('chatkitd-markdown')) as Markdown;
    const coloured = new Promise<void>((resolve) => {
      new MutationObserver(() => element.querySelector('.hljs-keyword') !== null && resolve()).observe(element, { childList: true, subtree: true });
    });
    element.source = '```js\nconst one = 1;\n```\n\nSo it is.';
    await coloured;
    getSelection()!.selectAllChildren(element.querySelector('code')!);
    element.marks = [{ at: 10, label: '^', source: { type: 'file', title: 'A book', filename: 'book.pdf' } }];
    await element.updateComplete;
    return { isMarked: element.querySelector('.code .cite') !== null, words: String(getSelection()) };
  });
  assert.deepEqual(selected, { isMarked: true, words: 'const one = 1;' });
});

test('formulas are drawn in each notation, and prices stay text', async (t) => {
  const chat = await openChat(t);
  await chat.ask('Show me formulas');
  const said = chat.lastItem;
  await said.locator('math').nth(3).waitFor();
  assert.equal(await said.locator('math').count(), 4);
  assert.equal(await said.locator('math[display="block"]').count(), 2);
  assert.match(await said.innerText(), /It costs \$5 and \$6, or \$1,000 to \$2,000; US\$3\/CA\$4\. \$x\$ is code\./);
  await keepPicture(chat.page, 'markdown-math');
});

/** Notes each state that a reader can see: after each frame in which something changed. */
async function watch(said: Locator): Promise<() => Promise<string[]>> {
  await said.evaluate((article) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    let changed = false;
    new MutationObserver(() => (changed = true)).observe(article, { subtree: true, childList: true, characterData: true });
    const note = () => {
      if (changed) seen.push((article as HTMLElement).innerText);
      changed = false;
      requestAnimationFrame(note);
    };
    note();
  });
  return () => said.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

test('a text that is being written shows no half of a sign', async (t) => {
  const chat = await openChat(t);
  // The libraries are there from now on, as they are after the first formula of a visit.
  await chat.ask('formulas');
  await chat.lastItem.locator('math').first().waitFor();
  const answered = chat.ended();
  await chat.say('slowly');
  const said = chat.element.locator('article.assistant_message').nth(1);
  await said.waitFor();
  const states = await watch(said);
  await answered;
  const seen = await states();
  assert.ok(seen.length > 8, `only ${seen.length} states were seen`);
  const halves = /\*\*|~~|\]\(|\|\s*:?-|\\\(|\\\[|\$\$|```|(^|\n)\|/;
  assert.deepEqual(seen.filter((text) => halves.test(text)).map((text) => text.slice(-80)), []);
});

test('what is settled keeps its nodes while the rest is written, and with them a selection', async (t) => {
  const chat = await openChat(t);
  const answered = chat.ended();
  await chat.say('slowly');
  const said = chat.element.locator('article.assistant_message').first();
  const firstItem = said.locator('ol > li').first();
  await said.locator('tbody tr').first().waitFor();
  const kept = await said.evaluateHandle((article) => ({ heading: article.querySelector('h1'), row: article.querySelector('tbody tr'), head: article.querySelector('th') }));
  await said.locator('h1').selectText();
  await firstItem.waitFor();
  const item = await firstItem.elementHandle();
  await answered;
  assert.equal(await kept.evaluate(({ heading, row, head }) => Boolean(heading?.isConnected && row?.isConnected && head?.isConnected)), true);
  assert.equal(await item?.evaluate((node) => node.isConnected), true, 'a list that grows keeps its items');
  const selected = await chat.element.evaluate((element) => {
    const root = element.shadowRoot as ShadowRoot & { getSelection?: () => Selection };
    return (root.getSelection?.() ?? getSelection())?.toString();
  });
  assert.equal(selected?.trim(), 'Orders');
});

test('a text that comes in pieces ends as it does in one piece', async (t) => {
  const chat = await openChat(t);
  const differences = await chat.page.evaluate(async (corpus) => {
    type Markdown = HTMLElement & { source: string; open: boolean; updateComplete: Promise<unknown> };
    let state = 1;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    const make = (marks: object[]) => Object.assign(document.body.appendChild(document.createElement('chatkitd-markdown')) as Markdown, { marks });
    const shown = async (element: Markdown, source: string, open: boolean) => {
      Object.assign(element, { source, open });
      await element.updateComplete;
      return element.innerHTML;
    };
    const found: string[][] = [];
    for (let round = 0; round < 25; round++) {
      const text = Array.from({ length: 1 + random(4) }, () => corpus[random(corpus.length)]).join('\n\n');
      const marks = Array.from({ length: random(4) }, (_, nth) => ({ at: random(text.length), label: String(nth), source: { type: 'file', title: 'A book', filename: 'book.pdf' } }));
      const [whole, grown] = [make(marks), make(marks)];
      for (let end = 0; end < text.length; end += 1 + random(round % 2 === 0 ? 6 : 40)) await shown(grown, text.slice(0, end), round % 5 !== 0);
      const [one, other] = [await shown(whole, text, false), await shown(grown, text, false)];
      if (one !== other) found.push([text, one, other]);
      whole.remove();
      grown.remove();
    }
    return found;
  }, CORPUS.map((text) => text.replace(/```(js|py)/g, '```')));
  assert.equal(differences.length, 0, JSON.stringify(differences.toSorted((a, b) => a[0]!.length - b[0]!.length)[0], null, 1));
});

/** What a reader sees of each of these texts. */
function drawn(chat: Chat, sources: string[]): Promise<string[]> {
  return chat.page.evaluate((sources) => Promise.all(sources.map(async (source) => {
    const element = document.body.appendChild(document.createElement('chatkitd-markdown')) as HTMLElement & { source: string; updateComplete: Promise<unknown> };
    element.source = source;
    await element.updateComplete;
    const seen = element.innerText;
    element.remove();
    return seen;
  })), sources);
}

test('what is written about a tag is read to its end, with the tag', async (t) => {
  const chat = await openChat(t);
  const names = [
    'title', 'textarea', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'script', 'plaintext', 'noscript', 'body', 'html', 'head', 'form', 'select', 'option', 'button', 'template',
    'svg', 'math', 'video', 'audio', 'object', 'meta', 'frameset', 'TITLE', 'MyComponent', 'input', 'input type="text"', 'img', 'textarea rows="3"', 'title/', 'form onsubmit="x()" style="color: red"',
  ];
  const sentences = names.flatMap((name) => [`Put it in the <${name}> of the page, then go on`, `Close it with </${name.split(/[ /]/)[0]}>, then go on`]);
  assert.deepEqual(await drawn(chat, sentences), sentences);
  const blocks = ['<title>', '<body>', '<form>', '<iframe>', '<template>', '<!doctype html>', '<?php echo 1 ?>'];
  assert.deepEqual((await drawn(chat, blocks.map((tag) => `${tag}\nis it\n\n- a`))).map((text) => text.replace(/\s+/g, ' ')), blocks.map((tag) => `${tag} is it a`));
});

test('what only says how its words look is left out, and so is a comment', async (t) => {
  const chat = await openChat(t);
  const words = {
    'H<sub>2</sub>O is <font color="red">wet</font>, <kbd>Ctrl</kbd>': 'H2O is wet, Ctrl', 'a Vec<String>, <!-- said to nobody -->b': 'a Vec<String>, b',
    '<!-- said to nobody -->a &lt;b>': 'a <b>', '<!-- <b> --> <foo> <!-- said to nobody': '<foo>', '<p><<!-- -->title>a': '<title>a',
  };
  assert.deepEqual(await drawn(chat, Object.keys(words)), Object.values(words));
});

test('what stands in details is folded away with them, whatever it is made of', async (t) => {
  const chat = await openChat(t);
  const fold = '<details>\n<summary>More</summary>\n\nhidden **text**\n\n```js\nlet a;\n```\n\n<details><summary>Within</summary>\n\n- deep\n\n</details>\n\n</details>\n\nAfter';
  const shown = await chat.page.evaluateHandle(async (source) => {
    const element = document.body.appendChild(document.createElement('chatkitd-markdown')) as HTMLElement & { source: string; open: boolean; updateComplete: Promise<unknown> };
    for (let end = 1; end <= source.length; end++) {
      Object.assign(element, { source: source.slice(0, end), open: end < source.length });
      await element.updateComplete;
    }
    return element;
  }, fold);
  const markdown = shown.asElement()!;
  const visible = async () => (await markdown.evaluate((element) => element.innerText)).replace(/\s+/g, ' ');
  assert.equal(await visible(), 'More After');
  await (await markdown.$('summary'))!.click();
  assert.equal(await visible(), 'More hidden text jsCopy let a; Within After');
  assert.equal(await markdown.evaluate((element) => element.querySelectorAll('details strong, details .code button, details details li').length), 3);
  await (await markdown.$('details details summary'))!.click();
  assert.match(await visible(), /Within deep After$/);
  assert.deepEqual((await drawn(chat, ['<details> hides a text.\n\nAfter', '<details><summary>One</summary>block</details>\n\nAfter'])).map((text) => text.split('\n').at(-1)), ['After', 'After']);
});

test("GitHub's alerts are quotes that say what they are", async (t) => {
  const chat = await openChat(t);
  const texts = {
    '> [!NOTE]\n> It is so.': 'Note It is so.', '> [!Warning]\n>\n> - a': 'Warning a', '> [!TIP]': 'Tip',
    '> [!FUN] a': '[!FUN] a', '> [!NOTE] a': '[!NOTE] a', '[!NOTE]\na': '[!NOTE] a', '> a\n> [!NOTE]': 'a [!NOTE]',
  };
  assert.deepEqual((await drawn(chat, Object.keys(texts))).map((text) => text.replace(/\s+/g, ' ')), Object.values(texts));
});

test("GitHub's alerts are named in the language of the chat, also where that changes", async (t) => {
  const chat = await openChat(t, { locale: 'de' });
  await chat.ask('alerts');
  await chat.lastItem.getByText('Warnung').waitFor();
  assert.deepEqual(await chat.lastItem.locator('blockquote strong').allInnerTexts(), ['Hinweis', 'Tipp', 'Wichtig', 'Warnung', 'Vorsicht']);
  await chat.configure({ api: { url: `${server.url}/chatkit`, domainKey: 'any' }, locale: 'fr-FR' });
  await chat.lastItem.getByText('Avertissement').waitFor();
  assert.deepEqual(await chat.lastItem.locator('blockquote strong').allInnerTexts(), ['Remarque', 'Astuce', 'Important', 'Avertissement', 'Attention']);
});

test('a picture is loaded only from the domains that the thread names', async (t) => {
  const chat = await openChat(t);
  const asked: string[] = [];
  chat.page.on('request', (request) => request.resourceType() === 'image' && asked.push(request.url()));
  await chat.ask('pictures');
  const said = chat.lastItem;
  const own = new URL('/own.png', chat.page.url()).href;
  assert.deepEqual(await said.locator('img').evaluateAll((all) => all.map((one) => (one as HTMLImageElement).src)), [own, 'http://localhost:9/allowed.png', 'http://a.localhost:9/sub.png']);
  // Their words stay, as links that load nothing by themselves.
  for (const name of ['foreign', 'look-alike', 'raw']) await said.getByRole('link', { name }).waitFor();
  await said.locator('img').first().scrollIntoViewIfNeeded();
  await assertSoon(() => asked.length >= 3);
  assert.deepEqual(asked.filter((one) => /foreign|look-alike|raw/.test(one)), []);
});

test('a thread that names no domains loads pictures of the page alone', async (t) => {
  const chat = await openChat(t);
  const asked: string[] = [];
  chat.page.on('request', (request) => request.resourceType() === 'image' && asked.push(request.url()));
  await chat.ask('untrusted');
  const own = new URL('/own.png', chat.page.url()).href;
  await assertSoon(() => asked.includes(own));
  assert.deepEqual(asked, [own]);
});

test('links open elsewhere, and those that would run something lead nowhere', async (t) => {
  const chat = await openChat(t);
  await chat.ask('links');
  const good = chat.lastItem.getByRole('link', { name: 'good' });
  assert.deepEqual(await good.evaluate((link) => ['href', 'target', 'rel'].map((name) => link.getAttribute(name))), ['https://example.com/a?b=1#c', '_blank', 'noopener noreferrer nofollow']);
  assert.equal(await chat.lastItem.getByRole('link', { name: 'mail' }).getAttribute('href'), 'mailto:a@example.com');
  for (const name of ['bad', 'data', 'file']) assert.equal(await chat.lastItem.getByRole('link', { name }).count(), 0, name);
  const linked = chat.next('chatkit.deeplink');
  await chat.lastItem.getByRole('link', { name: 'deep' }).click();
  assert.deepEqual(await linked, { name: 'order', data: { id: '17', state: 'late' } });
  const odd = chat.next('chatkit.deeplink');
  await chat.lastItem.getByRole('link', { name: 'odd' }).click();
  assert.deepEqual(await odd, { name: '%E0%A4%A', data: {} });
  const part = chat.next('chatkit.deeplink');
  await chat.lastItem.getByRole('link', { name: 'part' }).click();
  assert.deepEqual(await part, { name: 'a/b', data: { x: '2' } });
  const shop = chat.next('chatkit.deeplink');
  await chat.lastItem.getByRole('link', { name: 'shop' }).click();
  assert.deepEqual(await shop, { name: 'open', data: { url: 'https://shop.example/?id=7' } });
});

test('a mark stands behind the words that a source is cited for, and leads there', async (t) => {
  const chat = await openChat(t);
  await chat.ask('sources');
  const said = chat.lastItem;
  const mark = said.getByRole('link', { name: 'example.com' }).first();
  assert.deepEqual(await mark.evaluate((link) => [link.getAttribute('href'), link.getAttribute('rel'), link.getAttribute('title')]), ['https://example.com/rust', 'noopener noreferrer nofollow', 'The Rust language']);
  assert.equal(await said.locator('p').first().innerText(), 'Crabs 🦀 like Rust.example.com');
  assert.match(await said.locator('p').nth(1).innerText(), /^They do\.\s*book\.pdf$/);
  await said.getByText('Sources · 3').click();
  await said.getByText('Ferris').waitFor();
  await keepPicture(chat.page, 'markdown-sources');
});

/** Texts with a mark in each: what is read, with `^` where the mark stands, and whether it is outside of links and code and all else is as it is without. */
function marked(chat: Chat, texts: [string, number][]): Promise<{ seen: string; isSound: boolean }[]> {
  return chat.page.evaluate(async (texts) => {
    type Markdown = HTMLElement & { source: string; marks: object[]; updateComplete: Promise<unknown> };
    const draw = async (source: string, marks: object[]) => {
      const element = document.body.appendChild(document.createElement('chatkitd-markdown')) as Markdown;
      Object.assign(element, { source, marks });
      await element.updateComplete;
      element.remove();
      return element;
    };
    const plain = new Map<string, string>();
    const all = [];
    for (const [source, at] of texts) {
      if (!plain.has(source)) plain.set(source, (await draw(source, [])).innerHTML);
      const shown = await draw(source, [{ at, label: '^', source: { type: 'file', title: 'A book', filename: 'book.pdf' } }]);
      const seen = (shown.textContent ?? '').replaceAll('\n', '');
      const marks = [...shown.querySelectorAll('.cite')];
      const isOutside = marks.length === 1 && marks[0]!.parentElement!.closest('a, code, .formula') === null;
      for (const mark of marks) mark.remove();
      all.push({ seen, isSound: isOutside && shown.innerHTML === plain.get(source) });
    }
    return all;
  }, texts);
}

test('a mark that lies in a sign of Markdown stands behind it, and the text is drawn as it is without', async (t) => {
  const chat = await openChat(t);
  const texts: [string, number, string][] = [
    ['[go](https://a.example/page).', 15, 'go^.'], ['x https://a.example/page y', 20, 'x https://a.example/page^ y'], ['**bold** q', 1, '^bold q'], ['**bold** q', 7, 'bold^ q'],
    ['**"b"**.', 7, '"b"^.'], ['# H', 1, '^H'], ['a &amp; q', 5, 'a &^ q'], ['use `abc` q', 6, 'use abc^ q'], ['\\*a', 1, '*^a'], ['one.\n\n- two', 5, 'one.^two'], ['one.\n\n- two', 7, 'one.^two'],
    ['a <a href="https://b.example">b c</a> d', 31, 'a b c^ d'], ['<a href="https://b.example">b c', 30, 'b c^'], ['1. a\n   > b c\n2. d', 11, 'ab^ cd'],
    ['one\r\ntwo\r\n\r\nbig three', 15, 'onetwobig^ three'], ['> [!NOTE]\n> Read this.\n> **Note** it.', 22, 'NoteRead this.^Note it.'],
    ['```\nlet a;\n```\n\nq', 6, 'Copylet a;^q'], ['|a|b|\n|-|-|\n|-|2|\n|3|4|', 8, 'ab^-234'], ['|a|b|\n|-|-|\n|-|2|\n|3|4|', 14, 'ab-^234'], ['|a\\|b|c|\n|-|-|\n|1|2|', 17, 'a|bc1^2'],
  ];
  assert.deepEqual((await marked(chat, texts.map(([text, at]) => [text, at]))).map(({ seen }) => seen), texts.map(([, , seen]) => seen));
});

test('wherever a mark was put, all else is drawn as it is without', async (t) => {
  const chat = await openChat(t);
  for (const library of ['formulas', 'code']) await chat.ask(library);
  await chat.lastItem.locator('.hljs-string').first().waitFor();
  const texts = CORPUS.flatMap((text) => [...text].map((_, at): [string, number] => [text, at]));
  const drawn = await marked(chat, texts);
  assert.deepEqual(texts.filter((_, nth) => !drawn[nth]!.isSound).slice(0, 3), []);
});

/** Waits, for a while, until something is so. */
async function assertSoon(isSo: () => boolean): Promise<void> {
  const until = Date.now() + 10_000;
  while (!isSo()) {
    assert.ok(Date.now() < until, `never: ${isSo}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}
