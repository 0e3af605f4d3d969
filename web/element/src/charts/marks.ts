import * as shape from 'd3-shape';
import type * as P from '../wire/protocol';
import { centre, stackOf, type Layout, type Range } from './layout';
import { node, tinted } from './svg';

const CURVES: Record<P.CurveType, shape.CurveFactory> = {
  basis: shape.curveBasis, basisClosed: shape.curveBasisClosed, basisOpen: shape.curveBasisOpen, bumpX: shape.curveBumpX, bumpY: shape.curveBumpY,
  bump: shape.curveBumpX, linear: shape.curveLinear, linearClosed: shape.curveLinearClosed, natural: shape.curveNatural, monotoneX: shape.curveMonotoneX,
  monotoneY: shape.curveMonotoneY, monotone: shape.curveMonotoneX, step: shape.curveStep, stepBefore: shape.curveStepBefore, stepAfter: shape.curveStepAfter,
};

/** Lines that have no area of their own to fill. */
const LINES_ONLY: Partial<Record<P.CurveType, shape.CurveFactory>> = {
  basisClosed: shape.curveBasis, linearClosed: shape.curveLinear, basisOpen: shape.curveBasis,
};

/** The bars of series `number`, side by side with those of other stacks. */
export function bars(layout: Layout, number: number, tone: string): SVGElement[] {
  const { chart, stacks, x, y, barGap, ranges } = layout;
  const width = Math.max(1, (x.bandwidth() - barGap * (stacks.length - 1)) / stacks.length);
  const offset = stacks.indexOf(stackOf(chart, chart.series[number]!)) * (width + barGap);
  return ranges[number]!.flatMap((range, at) => {
    if (range === null) return [];
    const [top, foot] = [Math.min(y(range[0]), y(range[1])), Math.max(y(range[0]), y(range[1]))];
    const bar = node('rect', { x: x(at)! + offset, y: top, width, height: foot - top, rx: Math.min(3, width / 4), class: 'bar' });
    return [tinted(bar, 'fill', tone)];
  });
}

export function area(layout: Layout, number: number, tone: string): SVGElement {
  const { y } = layout;
  const kind = curveOf(layout, number);
  const drawn = shape.area<Range>().defined(isThere).x((_, at) => centre(layout, at)).y0((range) => y(range![0])).y1((range) => y(range![1]));
  const d = drawn.curve(LINES_ONLY[kind] ?? CURVES[kind])(layout.ranges[number]!) ?? '';
  return tinted(node('path', { d, class: 'area' }), 'fill', tone);
}

export function line(layout: Layout, number: number, tone: string): SVGElement[] {
  const { y, chart } = layout;
  const ranges = layout.ranges[number]!;
  const drawn = shape.line<Range>().defined(isThere).x((_, at) => centre(layout, at)).y((range) => y(range![1]));
  const path = tinted(node('path', { d: drawn.curve(CURVES[curveOf(layout, number)])(ranges) ?? '', class: 'line-of-series' }), 'stroke', tone);
  // A value between two gaps has no line.
  const alone = (at: number) => isThere(ranges[at]!) && !isThere(ranges[at - 1] ?? null) && !isThere(ranges[at + 1] ?? null);
  const points = chart.data.flatMap((_, at) => (alone(at) ? [tinted(node('circle', { cx: centre(layout, at), cy: y(ranges[at]![1]), r: 3 }), 'fill', tone)] : []));
  return [path, ...points];
}

function curveOf({ chart }: Layout, number: number): P.CurveType {
  const { curveType } = chart.series[number] as { curveType?: P.CurveType };
  return curveType !== undefined && Object.hasOwn(CURVES, curveType) ? curveType : 'natural';
}

function isThere(range: Range): boolean {
  return range !== null;
}
