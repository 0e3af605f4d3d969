/** Draws formulas as MathML, which needs neither fonts nor styles of its own. Loaded with the first formula. */
import katex from 'katex';

/** A node of KaTeX's own, from which a real one is made. */
interface Drawn {
  attributes?: Record<string, string>;
  children?: Drawn[];
  toNode(): Node;
}

/** `katex.render` without its last step, which sets `style` attributes that a strict content security policy refuses. */
const { __renderToDomTree: renderToTree } = katex as unknown as { __renderToDomTree(tex: string, options: object): Drawn };

const STYLE = 'data-style';

export function draw(tex: string, element: HTMLElement, display: boolean): void {
  const options = { output: 'mathml', displayMode: display, throwOnError: false, trust: false, strict: 'ignore', maxExpand: 500 };
  const tree = renderToTree(tex, options);
  setStylesAside(tree);
  element.replaceChildren(tree.toNode());
  for (const styled of element.querySelectorAll<HTMLElement | MathMLElement>(`[${STYLE}]`)) {
    styled.style.cssText = styled.getAttribute(STYLE)!;
    styled.removeAttribute(STYLE);
  }
}

function setStylesAside({ attributes, children }: Drawn): void {
  if (attributes?.style !== undefined) {
    attributes[STYLE] = attributes.style;
    delete attributes.style;
  }
  children?.forEach(setStylesAside);
}
