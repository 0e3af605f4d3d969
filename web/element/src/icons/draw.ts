/** An icon as its shapes: element name and attributes, as Lucide keeps them (ISC licence). */
export type Shapes = [string, Record<string, string>][];

const SVG = 'http://www.w3.org/2000/svg';

let masks = 0;

/** Draws an icon of Lucide's: 24 units wide, lines in the text's colour. `filled`: its first shape is, and the others are cut out of it. */
export function draw(shapes: Shapes, filled: boolean): SVGSVGElement {
  const svg = element('svg', {
    viewBox: '0 0 24 24', width: '1em', height: '1em', fill: filled ? 'currentColor' : 'none', stroke: 'currentColor',
    'stroke-width': '2', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true',
  }) as SVGSVGElement;
  const drawn = shapes.map(([name, attributes]) => element(name, attributes));
  const [shape, ...lines] = drawn;
  svg.append(...(filled && shape !== undefined && lines.length > 0 ? [shape, cutOut(lines, shape)] : drawn));
  return svg;
}

/** A mask, since what lies behind the icon has any colour. */
function cutOut(lines: SVGElement[], shape: SVGElement): SVGElement {
  const id = `chatkitd-mask-${++masks}`;
  shape.setAttribute('mask', `url(#${id})`);
  const mask = element('mask', { id });
  const cut = element('g', { fill: 'none', stroke: 'black' });
  cut.append(...lines);
  mask.append(element('rect', { width: '24', height: '24', fill: 'white', stroke: 'none' }), cut);
  return mask;
}

function element(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
