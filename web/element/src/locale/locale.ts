import type { SupportedLocale, TranslatedLocale } from '@openai/chatkit';
import { loadJson } from '../assets';
import { english, type Strings, type Word } from './strings';

/** The languages that have a file of their own. */
export const translated = [
  'am', 'ar', 'bg-BG', 'bn-BD', 'bs-BA', 'ca-ES', 'cs-CZ', 'da-DK', 'de-DE', 'el-GR', 'es-419', 'es-ES', 'et-EE', 'fi-FI',
  'fr-CA', 'fr-FR', 'gu-IN', 'hi-IN', 'hr-HR', 'hu-HU', 'hy-AM', 'id-ID', 'is-IS', 'it-IT', 'ja-JP', 'ka-GE', 'kk', 'kn-IN',
  'ko-KR', 'lt', 'lv-LV', 'mk-MK', 'ml', 'mn', 'mr-IN', 'ms-MY', 'my-MM', 'nb-NO', 'nl-NL', 'pa', 'pl-PL', 'pt-BR', 'pt-PT',
  'ro-RO', 'ru-RU', 'sk-SK', 'sl-SI', 'so-SO', 'sq-AL', 'sr-RS', 'sv-SE', 'sw-TZ', 'ta-IN', 'te-IN', 'th-TH', 'tl', 'tr-TR',
  'uk-UA', 'ur', 'vi-VN', 'zh-CN', 'zh-HK', 'zh-TW',
] as const satisfies readonly TranslatedLocale[];

/** The compiler's proof that no language of the declarations is missing. */
type Missing = Exclude<TranslatedLocale, (typeof translated)[number]>;
const complete: [Missing] extends [never] ? true : Missing = true;
void complete;

/** Also languages that have no file: what is said in the chat is in them all the same. */
const RIGHT_TO_LEFT = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'iw', 'ps', 'sd', 'ug', 'ur', 'yi']);
/** Where several files share a language, the one that the bare language means. */
const PREFERRED: Record<string, TranslatedLocale> = {
  es: 'es-ES',
  fr: 'fr-FR',
  pt: 'pt-BR',
  zh: 'zh-CN',
  no: 'nb-NO',
  nn: 'nb-NO',
  fil: 'tl',
};
/** Regions that write like another than the one that the bare language means. */
const REGIONAL: { regions: RegExp; locale: TranslatedLocale }[] = [
  { regions: /^es-(?!es$|gq$)[a-z]{2}$/, locale: 'es-419' },
  { regions: /^pt-(?!br$)[a-z]{2}$/, locale: 'pt-PT' },
  { regions: /^zh-(hant-)?(hk|mo)$/, locale: 'zh-HK' },
  { regions: /^zh-hant/, locale: 'zh-TW' },
];

/** The language that comes closest to what was asked for; `null` for English. */
export function resolve(asked: string): TranslatedLocale | null {
  const tag = asked.toLowerCase().replaceAll('_', '-');
  const exact = translated.find((locale) => locale.toLowerCase() === tag);
  if (exact !== undefined) return exact;
  const regional = REGIONAL.find(({ regions }) => regions.test(tag));
  if (regional !== undefined) return regional.locale;
  const language = languageOf(tag);
  return PREFERRED[language] ?? translated.find((locale) => locale.split('-')[0] === language) ?? null;
}

/** The texts in one language. */
export class Locale {
  /** A BCP 47 tag, for dates, weeks and numbers. */
  readonly formatTag: string;
  /** Of the language that was asked for, which the conversation is in even where the element has no texts in it. */
  readonly direction: 'ltr' | 'rtl';

  private constructor(
    /** A BCP 47 tag, for `lang`. */
    readonly tag: string,
    private readonly strings: Strings,
    asked: string,
  ) {
    this.formatTag = formatTagOf(asked, tag);
    this.direction = RIGHT_TO_LEFT.has(languageOf(asked)) ? 'rtl' : 'ltr';
  }

  static readonly english = Locale.englishFor('en');

  /** English texts in a chat of another language. */
  static englishFor(asked: string): Locale {
    return new Locale('en', {}, asked);
  }

  private static readonly loads = new Map<string, Promise<Locale>>();

  /** Loads a language, once; English where it has no file. */
  static load(asked: SupportedLocale | string): Promise<Locale> {
    const known = Locale.loads.get(asked);
    if (known !== undefined) return known;
    const load = Locale.fetch(asked);
    Locale.loads.set(asked, load);
    load.catch(() => Locale.loads.delete(asked));
    return load;
  }

  private static async fetch(asked: string): Promise<Locale> {
    const locale = resolve(asked);
    if (locale === null) return Locale.englishFor(asked);
    return new Locale(locale, await loadJson<Strings>(`locale/${locale}.json`), asked);
  }

  readonly text = (word: Word, values: Record<string, string | number> = {}): string =>
    (this.strings[word] ?? english[word]).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The region that was asked for, where the texts are in its language and script: Zurich writes numbers unlike Berlin. */
function formatTagOf(asked: string, tag: string): string {
  // A widget's calendar shows these months; Saudi Arabia counts others.
  const { calendar } = new Intl.DateTimeFormat(tag).resolvedOptions();
  try {
    const wanted = new Intl.Locale(asked.replaceAll('_', '-'), { calendar });
    const [own, texts] = [wanted.maximize(), new Intl.Locale(tag).maximize()];
    return own.language === texts.language && own.script === texts.script ? wanted.toString() : tag;
  } catch {
    // What a page or a browser names a language by may be no tag.
    return tag;
  }
}

function languageOf(tag: string): string {
  return tag.toLowerCase().split(/[-_]/)[0]!;
}
