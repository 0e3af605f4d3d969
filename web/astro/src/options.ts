import type { ChatKitOptions, ColorScheme, StartScreenPrompt, SupportedLocale, ThemeOption } from '@openai/chatkit';
import type { ResolvedConfig } from '../../client/src/index.js';

export type { Addresses } from '../../client/src/index.js';

/** What the components' props say; all of it goes before `chatkit-config.json`. */
export interface PopupOptions {
  workflowId?: string | undefined;
  greeting?: string | undefined;
  prompts?: StartScreenPrompt[] | undefined;
  placeholder?: string | undefined;
  theme?: ColorScheme | ThemeOption | undefined;
  locale?: SupportedLocale | undefined;
  /** Whether the page's language and address go along as the workflow's state variables `locale` and `page_url`. */
  sendPage?: boolean | undefined;
}

/** ChatKit's options, all but how to reach the server. */
export function chatOptions(given: PopupOptions, config: ResolvedConfig): Omit<ChatKitOptions, 'api'> {
  const { greeting, prompts, placeholder, theme, locale } = { ...config, ...given };
  return {
    ...(theme === undefined ? {} : { theme }),
    ...(locale === undefined ? {} : { locale }),
    startScreen: { ...(greeting === undefined ? {} : { greeting }), ...(prompts === undefined ? {} : { prompts }) },
    composer: placeholder === undefined ? {} : { placeholder },
  };
}
