import { centre, rowName, type Layout } from './layout';
import { node } from './svg';

/** The width of a letter of the axes, roughly, in pixels. */
const LETTER = 6.5;

/** The lines of the grid, and what is written along the edges. */
export function axes(layout: Layout): SVGElement[] {
  return [...layout.ticks.flatMap((tick) => level(layout, tick)), ...(layout.axis.hide ? [] : names(layout))];
}

function level({ chart, x, y, width, format }: Layout, tick: number): SVGElement[] {
  const [left, at] = [x.range()[0], y(tick)];
  const line = node('line', { x1: left, x2: width - 4, y1: at, y2: at, class: tick === 0 ? 'grid zero' : 'grid' });
  return chart.showYAxis ? [line, words(left - 8, at + 4, format(tick), 'end')] : [line];
}

/** The names of the rows: as many as have room. */
function names(layout: Layout): SVGElement[] {
  const all = layout.chart.data.map((_, at) => rowName(layout, at));
  const longest = Math.min(12, Math.max(1, ...all.map((name) => name.length)));
  const every = Math.max(1, Math.ceil(((longest + 2) * LETTER) / layout.x.step()));
  return all.flatMap((name, at) => (at % every === 0 ? [words(centre(layout, at), layout.height - 6, shortened(name), 'middle')] : []));
}

function shortened(name: string): string {
  return name.length > 12 ? `${name.slice(0, 11)}…` : name;
}

function words(x: number, y: number, text: string, anchor: string): SVGElement {
  return Object.assign(node('text', { x, y, 'text-anchor': anchor }), { textContent: text });
}
