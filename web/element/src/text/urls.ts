/** What may be linked to and loaded: everything that is shown comes from users, models and tools. */

const LINKS = new Set(['https:', 'http:', 'mailto:', 'tel:', 'chatkit-link:']);

/** The address when it may be linked to; `null` for `javascript:` and its like. */
export function safeUrl(text: string | undefined): string | null {
  const url = parse(text);
  return url !== null && LINKS.has(url.protocol) ? url.href : null;
}

/** The address of a picture: also one that lies in the text itself. SVG may hold scripts, and stays out of there. */
export function safeImageUrl(text: string | undefined): string | null {
  if (text !== undefined && /^data:image\/(png|jpeg|gif|webp|avif);base64,/i.test(text)) return text;
  const url = parse(text);
  return url !== null && ['https:', 'http:', 'blob:'].includes(url.protocol) ? url.href : null;
}

/**
 * Whether a picture in a text may be loaded. `domains` is the thread's `allowed_image_domains`; `null`: it names
 * none, and only the page's own origin is trusted, since loading a picture tells its server what was said.
 */
export function imageAllowed(text: string, domains: readonly string[] | null): boolean {
  const safe = safeImageUrl(text);
  if (safe === null) return false;
  if (safe.startsWith('data:')) return true;
  const { origin, hostname } = new URL(safe);
  if (origin === location.origin) return true;
  const named = (domains ?? []).map((domain) => domain.toLowerCase());
  return named.some((domain) => hostname === domain || hostname.endsWith(`.${domain.replace(/^\*?\./, '')}`));
}

function parse(text: string | undefined): URL | null {
  if (text === undefined) return null;
  try {
    return new URL(text, document.baseURI);
  } catch {
    return null;
  }
}
