import { html, nothing } from 'lit';
import { until } from 'lit/directives/until.js';
import builtIn from 'icons:built-in';
import { draw, type Shapes } from '../icons/draw';
import { assetUrl } from '../script';

/** They point to where one comes from or goes to, which is on the other side where one writes from right to left. */
const DIRECTED = new Set(['back-small', 'back-large', 'double-chevron-left', 'double-chevron-right']);

let everything: Promise<Record<string, Shapes>> | null = null;

/** An icon by its ChatKit name, or any of Lucide's as `lucide:<name>`. A name that nobody knows shows nothing. */
export function icon(name: string): unknown {
  const own = builtIn[name];
  if (own !== undefined) return html`<span class="sign ${DIRECTED.has(name) ? 'flips' : ''}">${draw(own, name.endsWith('-filled'))}</span>`;
  if (!name.startsWith('lucide:')) return nothing;
  const drawn = all().then((shapes) => shapes[name.slice('lucide:'.length)]);
  return html`<span class="sign">${until(drawn.then((found) => (found === undefined ? nothing : draw(found, false))), nothing)}</span>`;
}

/** All of Lucide's, fetched when the first is asked for. */
function all(): Promise<Record<string, Shapes>> {
  everything ??= fetch(assetUrl('icons.json'))
    .then((response) => (response.ok ? (response.json() as Promise<Record<string, Shapes>>) : {}))
    .catch(() => ({}));
  return everything;
}
