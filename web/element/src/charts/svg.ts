const SVG = 'http://www.w3.org/2000/svg';

export function node(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}

/** A colour as a style: as an attribute it could be no custom property. */
export function tinted(element: SVGElement, property: 'fill' | 'stroke', tone: string): SVGElement {
  element.style.setProperty(property, tone);
  return element;
}
