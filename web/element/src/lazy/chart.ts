/** Draws charts as SVG. A file of its own, loaded with the first chart. */
import { extent, max, min } from 'd3-array';
import { scaleBand, scaleLinear } from 'd3-scale';
import * as shape from 'd3-shape';
import type * as P from '../wire/protocol';

const [WIDTH, HEIGHT] = [600, 300];
const COLORS = ['var(--ck-info)', 'var(--ck-discovery)', 'var(--ck-success)', 'var(--ck-warning)', 'var(--ck-danger)', 'var(--ck-muted)'];
const TONES: Record<string, string> = { blue: 'var(--ck-info)', purple: 'var(--ck-discovery)', green: 'var(--ck-success)', orange: 'var(--ck-warning)', yellow: 'var(--ck-caution)', red: 'var(--ck-danger)', pink: '#d6409f' };
const SVG = 'http://www.w3.org/2000/svg';

const CURVES: Record<P.CurveType, shape.CurveFactory> = {
  basis: shape.curveBasis, basisClosed: shape.curveBasisClosed, basisOpen: shape.curveBasisOpen, bumpX: shape.curveBumpX, bumpY: shape.curveBumpY,
  bump: shape.curveBumpX, linear: shape.curveLinear, linearClosed: shape.curveLinearClosed, natural: shape.curveNatural, monotoneX: shape.curveMonotoneX,
  monotoneY: shape.curveMonotoneY, monotone: shape.curveMonotoneX, step: shape.curveStep, stepBefore: shape.curveStepBefore, stepAfter: shape.curveStepAfter,
};

type Range = [number, number];

/** The picture; what lies under the pointer is said by the browser's own tooltip. */
export function draw(chart: P.Chart): SVGElement {
  const axis = typeof chart.xAxis === 'string' ? { dataKey: chart.xAxis } : chart.xAxis;
  const ranges = stacked(chart);
  const [legend, left, bottom] = [chart.showLegend === false ? 0 : 26, chart.showYAxis ? 48 : 8, axis.hide ? 8 : 28];
  const all = ranges.flat();
  const [low, high] = [Math.min(0, min(all, ([from]) => from) ?? 0), max(all, ([, to]) => to) ?? 1];
  const y = scaleLinear([low, high === low ? low + 1 : high], [HEIGHT - bottom, legend + 8]).nice();
  const x = scaleBand<number>(chart.data.map((_, at) => at), [left, WIDTH - 8]).paddingInner(0.25).paddingOuter(0.1);
  const svg = node('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'presentation', width: '100%', height: '100%' });
  for (const tick of y.ticks(5)) {
    svg.append(node('line', { x1: left, x2: WIDTH - 8, y1: y(tick), y2: y(tick), class: 'grid' }));
    if (chart.showYAxis) svg.append(words(left - 8, y(tick) + 4, short(tick), 'end'));
  }
  const stacks = [...new Set(chart.series.filter((one) => one.type === 'bar').map((one) => stackOf(chart, one)))];
  chart.series.forEach((one, at) => {
    const tone = toneOf(one, at);
    if (one.type === 'bar') svg.append(...bars(chart, one, ranges[at]!, x, y, stacks, tone));
    else svg.append(...curve(chart, one, ranges[at]!, x, y, tone));
  });
  if (!axis.hide) labels(svg, chart, axis, x);
  if (legend > 0) drawLegend(svg, chart);
  return svg;
}

/** From where to where each value of each series reaches; those of one stack stand on one another. */
function stacked(chart: P.Chart): Range[][] {
  const heights = new Map<string, number[]>();
  return chart.series.map((one) => {
    const base = heights.get(stackOf(chart, one)) ?? chart.data.map(() => 0);
    const ranges = chart.data.map((row, at): Range => [base[at]!, base[at]! + (Number(row[one.dataKey]) || 0)]);
    heights.set(stackOf(chart, one), ranges.map(([, to]) => to));
    return ranges;
  });
}

function stackOf(chart: P.Chart, one: P.Series): string {
  return one.type !== 'line' && one.stack !== undefined ? `stack ${one.stack}` : `alone ${chart.series.indexOf(one)}`;
}

type X = ReturnType<typeof scaleBand<number>>;
type Y = ReturnType<typeof scaleLinear<number, number>>;

function bars(chart: P.Chart, one: P.Series, ranges: Range[], x: X, y: Y, stacks: string[], tone: string): SVGElement[] {
  const width = x.bandwidth() / stacks.length;
  const offset = stacks.indexOf(stackOf(chart, one)) * width;
  return ranges.map(([from, to], at) => {
    const [top, foot] = extent([y(from), y(to)]) as Range;
    const bar = node('rect', { x: x(at)! + offset + 1, y: top, width: Math.max(1, width - 2), height: Math.max(0, foot - top), rx: 2 });
    return tinted(bar, 'fill', tone, hint(chart, one, at));
  });
}

function curve(chart: P.Chart, one: Extract<P.Series, { type: 'area' | 'line' }>, ranges: Range[], x: X, y: Y, tone: string): SVGElement[] {
  const form = CURVES[one.curveType ?? 'natural'] ?? shape.curveNatural;
  const at = (_: Range, index: number) => x(index)! + x.bandwidth() / 2;
  const line = shape.line<Range>().x(at).y(([, to]) => y(to)).curve(form)(ranges) ?? '';
  const drawn = [tinted(node('path', { d: line, fill: 'none', 'stroke-width': 2 }), 'stroke', tone)];
  if (one.type === 'area') {
    const area = shape.area<Range>().x(at).y0(([from]) => y(from)).y1(([, to]) => y(to)).curve(form)(ranges) ?? '';
    drawn.unshift(tinted(node('path', { d: area, 'fill-opacity': 0.2 }), 'fill', tone));
  }
  const points = ranges.map((range, index) => tinted(node('circle', { cx: at(range, index), cy: y(range[1]), r: 3 }), 'fill', tone, hint(chart, one, index)));
  return chart.showTooltip === false ? drawn : [...drawn, ...points];
}

function labels(svg: SVGElement, { data }: P.Chart, axis: P.AxisConfig, x: X): void {
  const every = Math.ceil(data.length / 12);
  data.forEach((row, at) => {
    const value = String(row[axis.dataKey] ?? '');
    if (at % every === 0) svg.append(words(x(at)! + x.bandwidth() / 2, HEIGHT - 8, axis.labels?.[value] ?? value, 'middle'));
  });
}

function drawLegend(svg: SVGElement, chart: P.Chart): void {
  let left = 8;
  chart.series.forEach((one, at) => {
    const name = one.label ?? one.dataKey;
    svg.append(tinted(node('rect', { x: left, y: 6, width: 10, height: 10, rx: 2 }), 'fill', toneOf(one, at)), words(left + 15, 15, name, 'start'));
    left += 30 + name.length * 7;
  });
}

function hint(chart: P.Chart, one: P.Series, at: number): string {
  const key = typeof chart.xAxis === 'string' ? chart.xAxis : chart.xAxis.dataKey;
  return chart.showTooltip === false ? '' : `${chart.data[at]?.[key]}: ${one.label ?? one.dataKey} ${chart.data[at]?.[one.dataKey]}`;
}

function toneOf(one: P.Series, at: number): string {
  const { color } = one;
  if (typeof color === 'object') return `light-dark(${color.light}, ${color.dark})`;
  return color === undefined ? COLORS[at % COLORS.length]! : (TONES[color] ?? color);
}

function tinted(element: SVGElement, property: 'fill' | 'stroke', tone: string, title = ''): SVGElement {
  element.style.setProperty(property, tone);
  if (title !== '') element.append(Object.assign(document.createElementNS(SVG, 'title'), { textContent: title }));
  return element;
}

function words(x: number, y: number, text: string, anchor: string): SVGElement {
  return Object.assign(node('text', { x, y, 'text-anchor': anchor }), { textContent: text });
}

function short(value: number): string {
  return new Intl.NumberFormat(undefined, { notation: 'compact' }).format(value);
}

function node(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}
