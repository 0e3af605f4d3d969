import { loadModule } from '../assets';

type Renderer = typeof import('../lazy/math');
let loaded: Renderer | null = null;

/** Formulas that were drawn: the words around one are drawn again with each word that follows. */
const drawn = new Map<string, Node[]>();
const MAX_DRAWN = 500;

/** Draws the formula that an element has as its text: at once, when the renderer is there. */
export function drawFormula(element: HTMLElement): void {
  const tex = element.textContent ?? '';
  if (loaded !== null) return draw(loaded, tex, element);
  void loadModule<Renderer>('math.js').then((renderer) => {
    loaded = renderer;
    if (element.textContent === tex) draw(renderer, tex, element);
  }, () => undefined);
}

function draw(renderer: Renderer, tex: string, element: HTMLElement): void {
  const isDisplay = element.classList.contains('display');
  const key = `${isDisplay} ${tex}`;
  const known = drawn.get(key);
  if (known !== undefined) return element.replaceChildren(...known.map((node) => node.cloneNode(true)));
  renderer.draw(tex, element, isDisplay);
  if (drawn.size >= MAX_DRAWN) drawn.clear();
  drawn.set(key, [...element.childNodes].map((node) => node.cloneNode(true)));
}
