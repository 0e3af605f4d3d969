// The languages: every one that the declarations of @openai/chatkit name has all texts, and is found.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const files = new URL('src/locale/files/', root);

// The package exports its types alone, which Node does not resolve.
const declarations = await readFile(new URL('../node_modules/@openai/chatkit/types/index.d.ts', root), 'utf8');
/** The strings of a union type, as the declarations write it. */
function union(name) {
  const [, body] = new RegExp(`export type ${name} =([^;]*);`).exec(declarations) ?? assert.fail(`no type ${name}`);
  return [...body.matchAll(/'([^']+)'/g)].map(([, text]) => text);
}
const translated = union('TranslatedLocale');
const supported = [...translated, ...union('SupportedLocale')];

/** The element's own code, without the browser's `document` that tells where the script came from. */
const withoutBrowser = {
  name: 'without-browser',
  setup: (bundle) => {
    bundle.onResolve({ filter: /\/script$/ }, () => ({ path: 'script', namespace: 'test' }));
    bundle.onLoad({ filter: /.*/, namespace: 'test' }, () => ({ contents: 'export const assetUrl = (name) => name;' }));
  },
};
const bundled = await build({
  stdin: {
    contents: `export * from './src/locale/locale'; export { english } from './src/locale/strings';`,
    resolveDir: new URL('.', root).pathname,
  },
  bundle: true,
  write: false,
  format: 'esm',
  plugins: [withoutBrowser],
});
const { english, Locale, resolve } = await import(`data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString('base64')}`);

const words = Object.keys(english);
/** Words such as "Menu" and "Model" are the same in many languages. */
const MAX_SAME = 7;
const read = async (locale) => JSON.parse(await readFile(new URL(`${locale}.json`, files), 'utf8'));
const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

/** The letters of a language: its own, and Latin ones for names such as "AI". */
function script(locale) {
  const { script } = new Intl.Locale(locale).maximize();
  const parts = { Jpan: ['Hira', 'Kana', 'Hani'], Kore: ['Hang'], Hans: ['Hani'], Hant: ['Hani'] }[script] ?? [script];
  return parts.map((part) => `\\p{Script=${part}}`).join('');
}

/** The server's files, without a server. */
globalThis.fetch = async (name) => {
  const text = await readFile(new URL(name.replace('locale/', ''), files), 'utf8').catch(() => null);
  return text === null ? new Response('', { status: 404 }) : new Response(text);
};

test('the declarations name languages', () => {
  assert.ok(translated.length >= 60 && supported.length > translated.length);
});

test('there is a file for each language of the declarations, and no other', async () => {
  assert.deepEqual((await readdir(files)).sort(), translated.map((locale) => `${locale}.json`).sort());
});

test('no two languages have the same texts', async () => {
  const texts = await Promise.all(translated.map(async (locale) => JSON.stringify(await read(locale))));
  assert.equal(new Set(texts).size, texts.length);
});

for (const locale of translated) {
  test(`${locale} has every word, and none that English has not`, async () => {
    assert.deepEqual(Object.keys(await read(locale)), words);
  });

  test(`${locale} keeps the placeholders`, async () => {
    for (const [word, text] of Object.entries(await read(locale))) {
      assert.deepEqual(placeholders(text), placeholders(english[word]), `${word}: ${text}`);
    }
  });

  test(`${locale} is written out, in its own letters`, async () => {
    const letters = script(locale);
    const own = new RegExp(`[${letters}]`, 'u');
    const foreign = new RegExp(`(?![${letters}\\p{Script=Latin}\\p{Script=Common}\\p{Script=Inherited}])\\p{L}`, 'u');
    for (const [word, text] of Object.entries(await read(locale))) {
      assert.equal(text, text.trim(), word);
      assert.match(text.replace(/\{\w+\}/g, ''), own, word);
      assert.doesNotMatch(text, foreign, word);
    }
  });

  test(`${locale} is not English`, async () => {
    const same = Object.entries(await read(locale)).filter(([word, text]) => text === english[word]);
    const phrases = same.filter(([, text]) => text.includes(' '));
    assert.deepEqual(phrases, [], 'a phrase is never the same in two languages');
    assert.ok(same.length <= MAX_SAME, `${same.length} texts are English: ${same.map(([word]) => word).join(', ')}`);
  });

  test(`${locale} writes dates`, () => {
    const written = new Date('2026-03-09T12:00:00Z').toLocaleDateString(locale, { day: 'numeric', month: 'short', year: 'numeric' });
    assert.notEqual(written, '');
    assert.deepEqual(Intl.DateTimeFormat.supportedLocalesOf(locale), Intl.getCanonicalLocales(locale));
  });
}

test('every language that the declarations accept is found, by itself or by its language', () => {
  for (const locale of supported) {
    const found = resolve(locale);
    if (locale === 'en') assert.equal(found, null);
    else assert.ok(found !== null && found.split('-')[0] === locale.split('-')[0], `${locale} became ${found}`);
    if (translated.includes(locale)) assert.equal(found, locale);
  }
});

test('a browser that asks for a neighbour gets the nearest', () => {
  const near = {
    'es-MX': 'es-419', 'es-GQ': 'es-ES', 'pt-AO': 'pt-PT', pt: 'pt-BR', 'fr-BE': 'fr-FR', 'de-AT': 'de-DE', no: 'nb-NO', nn: 'nb-NO', 'fil-PH': 'tl',
    zh: 'zh-CN', 'zh-SG': 'zh-CN', 'zh-Hans-HK': 'zh-CN', 'zh-Hant': 'zh-TW', 'zh-Hant-HK': 'zh-HK', 'zh-MO': 'zh-HK', zh_TW: 'zh-TW',
  };
  for (const [asked, found] of Object.entries(near)) assert.equal(resolve(asked), found, asked);
});

test('what nobody has translated is English', async () => {
  for (const asked of ['en', 'en-GB', 'xx', '', 'eu-ES']) {
    assert.equal(resolve(asked), null, asked);
    assert.equal((await Locale.load(asked)).text('send'), 'Send');
  }
});

test('a loaded language fills in values and says its direction', async () => {
  const german = await Locale.load('de');
  assert.equal(german.tag, 'de-DE');
  assert.equal(german.text('thoughtFor', { seconds: 7 }), '7 s nachgedacht');
  assert.equal(german.direction, 'ltr');
  for (const locale of ['ar', 'ur']) assert.equal((await Locale.load(locale)).direction, 'rtl');
});

test('dates and numbers are written as in the region that was asked for, in the language of the texts', async () => {
  const written = async (asked) => {
    const { formatTag } = await Locale.load(asked);
    const date = new Date('2026-03-09T12:00:00Z').toLocaleDateString(formatTag, { dateStyle: 'medium', timeZone: 'UTC' });
    // Versions of Node write this one apostrophe or that.
    return [date, (1234567.5).toLocaleString(formatTag).replaceAll('’', "'")];
  };
  assert.deepEqual(await written('en-US'), ['Mar 9, 2026', '1,234,567.5']);
  assert.deepEqual(await written('en-GB'), ['9 Mar 2026', '1,234,567.5']);
  assert.deepEqual(await written('de'), ['09.03.2026', '1.234.567,5']);
  assert.deepEqual(await written('de_CH'), ['09.03.2026', "1'234'567.5"]);
  assert.deepEqual(await written('eu-ES'), await written('en'), 'the texts are English');
  assert.deepEqual(await written('en-US@posix'), await written('en'), 'a browser may say what is no tag');
});

test('the months are those of the calendar that the language is written with, wherever it is spoken', async () => {
  // Texts in another script or a sister language keep their own.
  for (const [asked, expected] of [['sr-Latn-RS', 'sr-RS'], ['nn-NO', 'nb-NO']]) assert.equal((await Locale.load(asked)).formatTag, expected);
  const calendar = async (asked) => new Intl.DateTimeFormat((await Locale.load(asked)).formatTag).resolvedOptions().calendar;
  for (const [asked, expected] of [['ar-SA', 'gregory'], ['th', 'buddhist'], ['en-GB', 'gregory']]) assert.equal(await calendar(asked), expected, asked);
});

test('every word is used', async () => {
  const sources = (await readdir(new URL('src/', root), { recursive: true })).filter((path) => path.endsWith('.ts') && !path.startsWith('locale/'));
  const all = (await Promise.all(sources.map((path) => readFile(new URL(`src/${path}`, root), 'utf8')))).join('\n');
  assert.deepEqual(words.filter((word) => !all.includes(`'${word}'`)), []);
});
