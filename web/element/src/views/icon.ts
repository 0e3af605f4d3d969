import { html, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { until } from 'lit/directives/until.js';
import builtIn from 'icons:built-in';
import { loadJson } from '../assets';
import { draw, type Shapes } from '../icons/draw';

/** They point to where one comes from or goes to, which is on the other side where one writes from right to left. */
const DIRECTED = new Set(['back-small', 'back-large', 'chevron-left', 'chevron-right', 'double-chevron-left', 'double-chevron-right']);

let everything: Promise<Record<string, Shapes>> | null = null;

/**
 * An icon by its ChatKit name, or any of Lucide's as `lucide:<name>`. A name that nobody knows shows nothing, and so does
 * what is none: pages and other servers leave icons out in their own ways. It is drawn once and stays: what is taken out
 * of the page between press and release was not clicked.
 */
export function icon(name: unknown): unknown {
  if (typeof name !== 'string') return nothing;
  const own = named(builtIn, name);
  if (own !== undefined) {
    const flips = DIRECTED.has(name) ? 'flips' : '';
    return html`<span class="sign ${flips}">${guard([name], () => draw(own, name.endsWith('-filled')))}</span>`;
  }
  if (!name.startsWith('lucide:')) return nothing;
  const shapes = all();
  return html`<span class="sign">${guard([name, shapes], () => until(drawn(name.slice('lucide:'.length), shapes), nothing))}</span>`;
}

async function drawn(name: string, shapes: ReturnType<typeof all>): Promise<unknown> {
  const found = named(await shapes, name);
  return found === undefined ? nothing : draw(found, false);
}

/** Not what every object has, such as its `constructor`. */
function named(icons: Record<string, Shapes>, name: string): Shapes | undefined {
  return Object.hasOwn(icons, name) ? icons[name] : undefined;
}

/** How long after a failure they are asked for again, in milliseconds: an icon is asked for at each drawing. */
const AGAIN_AFTER = 10_000;

/** All of Lucide's, fetched when the first is asked for. */
function all(): Promise<Record<string, Shapes>> {
  everything ??= loadJson<Record<string, Shapes>>('icons.json').catch(() => {
    setTimeout(() => (everything = null), AGAIN_AFTER);
    return {};
  });
  return everything;
}
