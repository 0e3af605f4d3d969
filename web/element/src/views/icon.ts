import { html, nothing } from 'lit';
import { until } from 'lit/directives/until.js';
import builtIn from 'icons:built-in';
import { draw, type Shapes } from '../icons/draw';
import { assetUrl } from '../script';

/** They point to where one comes from or goes to, which is on the other side where one writes from right to left. */
const DIRECTED = new Set(['back-small', 'back-large', 'double-chevron-left', 'double-chevron-right']);

let everything: Promise<Record<string, Shapes>> | null = null;

/**
 * An icon by its ChatKit name, or any of Lucide's as `lucide:<name>`. A name that nobody knows shows nothing, and so does
 * what is none: pages and other servers leave icons out in their own ways.
 */
export function icon(name: unknown): unknown {
  if (typeof name !== 'string') return nothing;
  const own = builtIn[name];
  if (own !== undefined) return html`<span class="sign ${DIRECTED.has(name) ? 'flips' : ''}">${draw(own, name.endsWith('-filled'))}</span>`;
  if (!name.startsWith('lucide:')) return nothing;
  const drawn = all().then((shapes) => shapes[name.slice('lucide:'.length)]);
  return html`<span class="sign">${until(drawn.then((found) => (found === undefined ? nothing : draw(found, false))), nothing)}</span>`;
}

/** How long after a failure they are asked for again, in milliseconds: an icon is asked for at each drawing. */
const AGAIN_AFTER = 10_000;

/** All of Lucide's, fetched when the first is asked for. */
function all(): Promise<Record<string, Shapes>> {
  everything ??= load().catch(() => {
    setTimeout(() => (everything = null), AGAIN_AFTER);
    return {};
  });
  return everything;
}

async function load(): Promise<Record<string, Shapes>> {
  const response = await fetch(assetUrl('icons.json'));
  if (!response.ok) throw new Error(`icons.json: ${response.status}`);
  return (await response.json()) as Record<string, Shapes>;
}
