/** An icon as its shapes: element name and attributes, as Lucide keeps them (ISC licence). */
export type Shapes = [string, Record<string, string>][];

const SVG = 'http://www.w3.org/2000/svg';

/** Draws an icon of Lucide's: 24 units wide, lines in the text's colour. */
export function draw(shapes: Shapes, filled: boolean): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const attributes = {
    viewBox: '0 0 24 24', width: '1em', height: '1em', fill: filled ? 'currentColor' : 'none', stroke: 'currentColor',
    'stroke-width': '2', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true',
  };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  for (const [name, shape] of shapes) {
    const element = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(shape)) element.setAttribute(attribute, value);
    svg.append(element);
  }
  return svg;
}
