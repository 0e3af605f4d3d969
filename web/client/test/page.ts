/**
 * A page for tests: happy-dom's window as globals. Requests stay Node's own and go over real HTTP. Imported before
 * anything that looks for `document`.
 */
import { Window } from 'happy-dom';

const window = new Window({ url: 'http://page.example/shop?x=1' });

const GLOBALS = [
  'window',
  'document',
  'location',
  'navigator',
  'localStorage',
  'customElements',
  'HTMLElement',
  'Element',
  'Node',
  'Event',
  'CustomEvent',
  'KeyboardEvent',
  'MutationObserver',
] as const;

for (const name of GLOBALS) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
// React's testing tools ask for it.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

export function visit(url: string): void {
  window.happyDOM.setURL(url);
}
