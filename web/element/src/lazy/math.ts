/** Draws formulas as MathML, which needs neither fonts nor styles of its own. Loaded with the first formula. */
import katex from 'katex';

export function draw(tex: string, element: HTMLElement, display: boolean): void {
  const markup = katex.renderToString(tex, { output: 'mathml', displayMode: display, throwOnError: false, trust: false, strict: 'ignore', maxExpand: 500 });
  // Not katex.render, which refuses pages without a doctype. MathML needs none.
  element.replaceChildren(document.createRange().createContextualFragment(markup));
}
