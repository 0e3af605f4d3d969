// Markdown that is still being written, and what is a formula: without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';

const bundled = await build({
  stdin: {
    contents: `export * from './src/text/unfinished'; export { Outline } from './src/text/parse'; export * from './src/text/marks';`,
    resolveDir: new URL('..', import.meta.url).pathname,
  },
  bundle: true,
  write: false,
  format: 'esm',
});
const { completed, withoutBareSign, Outline, placesIn, withoutForeignSigns, withoutReturns } = await import(
  `data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString('base64')}`
);

/** The English names of alerts. */
const inEnglish = (word) => word[0].toUpperCase() + word.slice(1);
const html = (source) => {
  const outline = new Outline(source, inEnglish, {});
  return outline.blocks.map((block) => outline.blockHtml(block, false)).join('').trim();
};

test('a sign that has no end yet is closed, and one that nothing follows is not shown', () => {
  const cases = {
    'so **bold': 'so **bold**', 'so **': 'so ', 'so *it': 'so *it*', '`code': '`code`', '~~gone': '~~gone~~', '**a *b': '**a *b***', '2 * 3': '2 * 3',
    'a_b_c': 'a_b_c', '__init__': '__init__', 'see [the help](https://exa': 'see the help', 'see [the help]': 'see the help', 'see ![a pict': 'see ',
    'so $x^2': 'so ', 'so $x^2$ is': 'so $x^2$ is', 'costs $5': 'costs $5', 'so \\(a': 'so ', 'so $$a': 'so ', '| a | b |': '', '| a | b |\n|--': '', 'a\\': 'a',
    '~~gone~': '~~gone~~', '**so*': '**so**', '__so_': '__so__', '***so**': '***so***', 'so *': 'so ', 'so _': 'so ', 'snake_': 'snake_', 'about ~5': 'about ~5',
    '``b `': '``b ``', '``b ``` c': '``b ``` c``', '``b ` ': '``b ` ``', '`` `': '', '`$HOME` is': '`$HOME` is', 'see [it](https://exa/_(b)) so': 'see [it](https://exa/_(b)) so', '[![a pict': '', '[![a](https://exa': '', '[!NO': '', 'see [`a[0': 'see `a0`', '`C:\\` **is': '`C:\\` **is**', '`**` is': '`**` is', '2 ** 3': '2 ** 3', '2**3 is': '2**3 is', 'so** it': 'so** it',
    'see [the help](https://exa ': 'see the help', 'see [the help](https://exa "a ti': 'see the help', "see [the help](https://exa 'a title' ": 'see the help',
    'see [it](https://exa/a_(b)': 'see it', 'see [it](<https://exa and': 'see it', 'see [`a[0]`](https://exa': 'see `a[0]`', 'see [the help][re': 'see the help',
  };
  for (const [written, shown] of Object.entries(cases)) assert.equal(completed(written), shown, written);
});

test('a last line that may become something else waits', () => {
  const cases = {
    'So:\n-': 'So:\n', 'So:\n- [': 'So:\n', 'So:\n1': 'So:', 'So:\n1.': 'So:\n', '#': '', 'So:\n``': 'So:\n', 'So:\n> -': 'So:\n', 'So:\n---': 'So:\n---', '42': '42', 'a - b': 'a - b', 'So:\n- x': 'So:\n- x',
    'So.\n\n<det': 'So.\n\n', '</details': '', '<details>\n': '', '<details>\n<summ': '', 'So.\n\n[d]:': 'So.\n\n', 'So.\n\n[d]: ': 'So.\n\n', 'So.\n\n[d]: https://exa': 'So.\n\n', '[d]: https://exa "Do': '', 'So.\n\n[a]: https://a\n[d]: <': 'So.\n\n[a]: https://a\n',
    'So.\n\n[d]: https://exa "Do"\n': 'So.\n\n[d]: https://exa "Do"\n', '[Note]: it is': '[Note]: it is', 'So:\n[1]: https://exa': 'So:\n[1]: https://exa', '[d]': '[d]',
  };
  for (const [written, shown] of Object.entries(cases)) assert.equal(withoutBareSign(written), shown, written);
});

test('a formula is one in each notation, and a price is none', () => {
  for (const formula of ['$x$', '$e^{i\\pi}$', '$2x + 3$', '$3$', '$5 \\times 2$', '$2x$', '$3.14$', '$0.5x$', '$1.96\\sigma$', '$2.5 \\times 10^3$', '$2,5$', '$3 + x$', '$2(x + 1)$', '$2(ab)$', '$17 (mod 5)$', '$3 (xy + z)$', '$3 (xy + z) + 1$', '\\(a\\)', 'so $$a$$ so', '\\[a\\]', '$$\na\n\nb\n$$']) {
    assert.match(html(formula), /class="formula/, formula);
  }
  for (const formula of ['```math\na\n\nb\n```', '~~~ math\na\n~~~~\n', '```math\na', '- ```math\n  a\n  ```', 'so $`x^2`$ so', 'a$`x`$b']) assert.match(html(formula), /class="formula/, formula);
  assert.equal(html('```math\n\\frac{1}{2}\n```\nso'), '<span class="formula display">\\frac{1}{2}</span><p>so</p>');
  for (const two of ['$$a$$ $$b$$', '\\[a\\] \\[b\\]']) assert.equal(html(two), '<p><span class="formula display">a</span> <span class="formula display">b</span></p>');
  for (const code of ['```maths\na\n```', '```\nmath\n```', '`$`x`$`', '`a $` and `b $`', '    ```math\n    a']) assert.doesNotMatch(html(code), /class="formula/, code);
  for (const price of ['$5 and $6', '$5-$6', 'US$3/CA$4. `$x$`', '$1,000 to $2,000', '$1.50 and $2.50', '$2.5M to $3M', '$0.5/month or $5/year', '$1,000.50, then $2,000', 'costs $5.', '$5 million or 6$', '$ 5 $', '\\$x$', 'from $9.99 (was $12.99)', 'Between $100 and $200 (or 50$) ok', '`$x$`']) {
    assert.doesNotMatch(html(price), /class="formula/, price);
  }
});

test('a formula that is still being written is not seen', () => {
  const seen = (source) => {
    const outline = new Outline(source, inEnglish, {});
    return outline.blocks.map((block) => outline.blockHtml(block, true)).join('').trim();
  };
  const cases = {
    '```math': '', '```math\na': '', '```math\na\n```': '<span class="formula display">a</span>', 'so $`x': '<p>so </p>', 'so $`x`': '<p>so </p>', '$$a$$ $$b': '<p><span class="formula display">a</span> </p>',
    '`echo $` says': '<p><code>echo $</code> says</p>', '`$` is': '<p><code>$</code> is</p>',
  };
  for (const [written, shown] of Object.entries(cases)) assert.equal(seen(written), shown, written);
});

test('a fold ends with its own details, whatever stands in the lines beside that', () => {
  const named = (block) => (block.type === 'fold' ? `${block.summary}(${block.tokens.filter(({ type }) => type !== 'space').map(named)})` : block.raw.trim());
  const begin = (summary) => `<details>\n<summary>${summary}</summary>\n\n`;
  const cases = {
    [`${begin('1')}a\n\n</details>\n${begin('2')}b\n\n</details>`]: '1(a),2(b)',
    [`${begin('1')}a\n\n</details>\nc **d**.\n\ne`]: '1(a),c **d**.,e',
    [`${begin('1')}a\n\n</details> c\n\ne`]: '1(a),c,e',
    [`${begin('1')}${begin('2')}a\n\n</details>\n</details>\n\nb`]: '1(2(a)),b',
    [`<details><summary>1</summary><details><summary>2</summary>\n\na\n\n</details></details>\nb`]: '1(2(a)),b',
    [`${begin('1')}<details>\n\na\n\n</details>\n\nb\n\n</details>\n\nc`]: '1(<details>,a,b),c',
    [`<details><summary>1</summary><details><summary>2</summary>a</details>\n\nb\n\n</details>\nc`]: '1(<details><summary>2</summary>a</details>,b),c',
    [`<p>so</p>\n${begin('1')}<p>a</p>\n</details>\nb`]: '<p>so</p>,1(<p>a</p>),b',
    '<details><summary>1</summary>a</details>\n\nb': '<details><summary>1</summary>a</details>,b',
    '<details> hides.\n\n</details>\na': '<details> hides.,</details>,a',
    [`${begin('1')}<!-- </details> -->\n\na\n\n</details>\nb`]: '1(<!-- </details> -->,a),b',
    [`${begin('1')}a`]: '1(a)',
  };
  for (const [source, shown] of Object.entries(cases)) {
    assert.equal(new Outline(source, inEnglish, {}).blocks.filter(({ type }) => type !== 'space').map(named).join(), shown, source);
  }
});

// What is settled is found again by its length.
test('the blocks of a text are as long as it is', () => {
  const parts = ['# a', '- a\n- b\n\n  c', '> a\n> b', '```js\na\n```', '| a |\n|---|\n| b |', 'a\nb', '$$\na\n$$', '```math\na\n```', '$$a$$ $$b$$', '\n\n', '    code', '[a]: https://b', '<b>x</b>', '<details>\n<summary>a</summary>', '</details>', '---', '1. a\n   - b', '**a', '👩‍👩‍👧'];
  let state = 7;
  const random = (below) => (state = (state * 48271) % 2147483647) % below;
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: 1 + random(6) }, () => parts[random(parts.length)] + ['\n', '\n\n', ' ', '\n \n'][random(4)]).join('').slice(0, random(200));
    assert.equal(new Outline(text, inEnglish, {}).blocks.map(({ raw }) => raw).join('').length, text.length, text);
  }
});

test('marks count characters, and change nothing but where they stand', () => {
  const marks = [{ at: 1 }, { at: 6 }, { at: 99 }];
  assert.deepEqual(placesIn('a👩‍👩‍👧b', marks, 0), [{ at: 1, number: 0 }, { at: 9, number: 1 }, { at: 10, number: 2 }]);
  assert.deepEqual(placesIn('b', marks, 6), [{ at: 1, number: 2 }], 'what stands at the end of what is settled is settled');
  assert.equal(withoutForeignSigns('\uE1000\uE101'), '\uFFFD0\uFFFD', 'the signs of others are none');
  const cases = {
    'a👩‍👩‍👧b': [9, 'a👩‍👩‍👧^b'], '**a** b': [1, '<strong>^a</strong> b'], '**a** *b*': [4, '<strong>a</strong>^ <em>b</em>'], '[a](https://b) c': [6, '<a href="https://b">a</a>^ c'],
    'a `b` c': [3, 'a <code>b</code>^ c'], 'a &lt; b': [4, 'a &lt;^ b'], '<kbd>a b</kbd> c': [6, '<kbd>a b</kbd>^ c'], '![a b](https://c) d': [3, '<img src="https://c" alt="a b">^ d'], 'a\nb': [2, 'a^<br>b'],
  };
  for (const [source, [at, shown]] of Object.entries(cases)) {
    const outline = new Outline(source, inEnglish, {}, [{ at, number: 0 }]);
    assert.equal(outline.blockHtml(outline.blocks[0], false).replace('\uE1000\uE101', '^').trim(), `<p>${shown}</p>`, source);
  }
});

test('a mark in a text with CRLF stands where it does with line feeds', () => {
  const marks = [0, 1, 2, 3, 4, 6, 7, 8, 99].map((at) => ({ at }));
  assert.deepEqual(withoutReturns(marks, '🦀\r\na\r\nb').map(({ at }) => at), [0, 1, 1, 2, 3, 4, 5, 6, 97]);
  assert.equal(withoutReturns(marks, 'a\nb\rc'), marks);
});

test('a mark in an alert stands in its own line, also if another one says what the alert is', () => {
  const cases = { '> [!NOTE]\n> Read this.\n> **Note** it.': [21, 'Note</strong><br>Read this^.<br><strong>Note'], '> [!TIP]  \n> So': [15, 'Tip</strong><br>So^'], '> [!TIP]': [8, 'Tip</strong>\n^'] };
  for (const [source, [at, shown]] of Object.entries(cases)) {
    const outline = new Outline(source, inEnglish, {}, [{ at, number: 0 }]);
    assert.ok(outline.blockHtml(outline.blocks[0].tokens[0], false).replace('\uE1000\uE101', '^').includes(shown), source);
  }
});
