import type { ColorScheme, StartScreenPrompt, SupportedLocale, ThemeOption } from '@openai/chatkit';

/** Where chatkitd is, as far as somebody says so. */
export interface Addresses {
  /** The origin of chatkitd. Default: where the configuration lies, else the page's own origin. */
  server?: string | undefined;
  /** The script of the element. Default: `/chatkit.js` of the server. */
  src?: string | undefined;
  /** Where sessions are made. Default: `/api/chatkit/session` of the server. */
  apiEndpoint?: string | undefined;
}

/** The keys of `chatkit-config.json`; each may be left out. `web/README.md` describes them. */
export interface ChatKitConfig extends Addresses {
  /** The hash of the script, `sha384-…`. Goes with `src` and `server` of the same file only. */
  integrity?: string;
  workflowId?: string;
  greeting?: string;
  prompts?: StartScreenPrompt[];
  placeholder?: string;
  theme?: ColorScheme | ThemeOption;
  locale?: SupportedLocale;
}

/** A configuration and the address that its relative addresses are relative to. */
export interface LoadedConfig {
  values: ChatKitConfig;
  base: string;
}

/** What a kit needs to begin. Addresses are absolute. */
export interface ResolvedConfig extends Omit<ChatKitConfig, 'server'> {
  src: string;
  apiEndpoint: string;
}

export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** The address of the file when nobody says another. */
export const CONFIG_URL = '/chatkit-config.json';

const REQUEST_MS = 10_000;

const text = (value: unknown) => typeof value === 'string' && value !== '';
const object = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const prompt = (value: unknown) => object(value) && text((value as StartScreenPrompt).label);

/** Each key with what it must be. */
const KEYS: Record<keyof ChatKitConfig, [valid: (value: unknown) => boolean, mustBe: string]> = {
  server: [text, 'an address, such as "https://chat.example.com"'],
  src: [text, 'an address, such as "/chatkit.js"'],
  integrity: [text, 'a hash, such as "sha384-…"'],
  apiEndpoint: [text, 'an address, such as "/api/chatkit/session"'],
  workflowId: [text, 'the id of a workflow'],
  greeting: [text, 'a text'],
  prompts: [(value) => Array.isArray(value) && value.every(prompt), 'a list of {label, prompt, icon}'],
  placeholder: [text, 'a text'],
  theme: [(value) => value === 'light' || value === 'dark' || object(value), '"light", "dark" or a theme'],
  locale: [text, 'a language, such as "de"'],
};

/** Checks a configuration. Throws a {@link ConfigError} that names the key; a key nobody knows is only a warning. */
export function parseConfig(json: unknown, source: string): ChatKitConfig {
  if (!object(json)) throw new ConfigError(`${source} must be a JSON object.`);
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json as object)) {
    const rule = Object.hasOwn(KEYS, key) ? KEYS[key as keyof ChatKitConfig] : undefined;
    if (rule === undefined) {
      // A newer file must not stop an older kit.
      console.warn(`${source}: there is no key "${key}"; it is ignored.`);
    } else if (value !== null) {
      if (!rule[0](value)) throw new ConfigError(`${source}: "${key}" must be ${rule[1]}.`);
      values[key] = value;
    }
  }
  return values as ChatKitConfig;
}

const loading = new Map<string, Promise<LoadedConfig>>();

/**
 * The configuration of this page: what is given, or what the file says, read once per page.
 * A page without the file has an empty configuration.
 */
export function loadConfig(config: string | ChatKitConfig = CONFIG_URL): Promise<LoadedConfig> {
  const page = document.baseURI;
  if (typeof config !== 'string') {
    return Promise.resolve().then(() => ({ values: parseConfig(config, 'config'), base: page }));
  }
  const url = new URL(config, page).href;
  const known = loading.get(url);
  if (known !== undefined) return known;
  const loaded = fetchConfig(url, page);
  loading.set(url, loaded);
  // Whoever tries again asks again.
  loaded.catch(() => loading.delete(url));
  return loaded;
}

async function fetchConfig(url: string, page: string): Promise<LoadedConfig> {
  const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_MS) }).catch((cause: unknown) => {
    throw new ConfigError(`${url} cannot be read.`, { cause });
  });
  if (response.status === 404) return { values: {}, base: page };
  if (!response.ok) throw new ConfigError(`${url} cannot be read: the server answered ${response.status}.`);
  // Development servers of single-page apps answer with the app's page where there is no file.
  if (response.headers.get('content-type')?.includes('text/html')) return { values: {}, base: page };
  const json: unknown = await response.json().catch((cause: unknown) => {
    throw new ConfigError(`${url} is not JSON.`, { cause });
  });
  return { values: parseConfig(json, url), base: url };
}

/** What was given in code wins over the file, the file over the defaults. */
export function resolveConfig(given: Addresses, { values, base }: LoadedConfig): ResolvedConfig {
  const { server: _, ...rest } = values;
  const said = addresses(given, document.baseURI);
  const configured = addresses(values, base);
  const resolved: ResolvedConfig = {
    ...rest,
    src: said.src ?? configured.src ?? new URL('/chatkit.js', base).href,
    apiEndpoint: said.apiEndpoint ?? configured.apiEndpoint ?? new URL('/api/chatkit/session', base).href,
  };
  // The hash is of the file's script, not of one that was named in code.
  if (said.src !== undefined) delete resolved.integrity;
  return resolved;
}

function addresses({ server, src, apiEndpoint }: Addresses, base: string): { src?: string; apiEndpoint?: string } {
  const root = server === undefined ? base : new URL(server, base).href;
  const at = (address: string | undefined, standard: string) => {
    if (address === undefined && server === undefined) return undefined;
    return new URL(address ?? standard, root).href;
  };
  const script = at(src, '/chatkit.js');
  const endpoint = at(apiEndpoint, '/api/chatkit/session');
  return {
    ...(script === undefined ? {} : { src: script }),
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
  };
}
