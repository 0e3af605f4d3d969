import type { HeaderIcon } from '@openai/chatkit';
import type { Locale } from '../locale/locale';
import type { Word } from '../locale/strings';

/** The compiler's proof that every icon of the header has a word. */
const header: Record<HeaderIcon, Word> = {
  'sidebar-left': 'sidebar',
  'sidebar-right': 'sidebar',
  'sidebar-open-left': 'sidebar',
  'sidebar-open-right': 'sidebar',
  'sidebar-open-left-alt': 'sidebar',
  'sidebar-open-right-alt': 'sidebar',
  'sidebar-floating-left': 'sidebar',
  'sidebar-floating-right': 'sidebar',
  'sidebar-floating-open-left': 'sidebar',
  'sidebar-floating-open-right': 'sidebar',
  'sidebar-collapse-left': 'sidebar',
  'sidebar-collapse-right': 'sidebar',
  'collapse-left': 'collapse',
  'collapse-right': 'collapse',
  'collapse-large': 'collapse',
  'collapse-small': 'collapse',
  'open-left': 'expand',
  'open-right': 'expand',
  'expand-large': 'expand',
  'expand-small': 'expand',
  'double-chevron-left': 'back',
  'double-chevron-right': 'forward',
  home: 'home',
  'home-alt': 'home',
  'back-small': 'back',
  'back-large': 'back',
  star: 'favorite',
  'star-filled': 'favorite',
  bug: 'reportProblem',
  'chat-temporary': 'temporaryChat',
  'settings-cog': 'settings',
  grid: 'overview',
  'dots-horizontal': 'more',
  'dots-vertical': 'more',
  'dots-horizontal-circle': 'more',
  'dots-vertical-circle': 'more',
  menu: 'menu',
  'menu-inverted': 'menu',
  hamburger: 'menu',
  history: 'history',
  'book-open': 'guide',
  compose: 'newChat',
  share: 'share',
  'light-mode': 'lightMode',
  'dark-mode': 'darkMode',
  close: 'close',
};
const words = new Map<string, Word>(Object.entries(header));

/** What a button that shows nothing but this icon is called. An icon without a word goes by its own name. */
export function iconName(locale: Locale, icon: unknown): string {
  if (typeof icon !== 'string') return '';
  const word = words.get(icon);
  return word === undefined ? icon.replaceAll('-', ' ') : locale.text(word);
}
