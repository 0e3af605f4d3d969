import { max, min } from 'd3-array';
import { scaleBand, scaleLinear, type ScaleBand, type ScaleLinear } from 'd3-scale';
import type * as P from '../wire/protocol';

/** From where to where a value reaches; `null`: there is none. */
export type Range = [number, number] | null;

/** Where everything of a chart is, in pixels. */
export interface Layout {
  chart: P.Chart;
  axis: P.AxisConfig;
  width: number;
  height: number;
  /** The ranges of each series, row by row. */
  ranges: Range[][];
  /** The groups of bars that stand side by side. */
  stacks: string[];
  x: ScaleBand<number>;
  y: ScaleLinear<number, number>;
  /** The values that have a line across. */
  ticks: number[];
  barGap: number;
  /** The language of the numbers. */
  tag: string;
  format: (value: number) => string;
}

export function layoutOf(chart: P.Chart, width: number, height: number, tag: string): Layout {
  const axis = typeof chart.xAxis === 'string' ? { dataKey: chart.xAxis } : chart.xAxis;
  const ranges = rangesOf(chart);
  const ends = ranges.flat().flatMap((range) => range ?? []);
  const [low, high] = [Math.min(0, min(ends) ?? 0), Math.max(0, max(ends) ?? 1)];
  const levels = Math.min(6, Math.max(2, Math.floor(height / 40)));
  const y = scaleLinear([low, high === low ? low + 1 : high], [height - (axis.hide ? 6 : 24), 8]).nice(levels);
  const ticks = y.ticks(levels);
  const format = (value: number) => new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 2 }).format(value);
  const left = chart.showYAxis ? 12 + 7 * Math.max(...ticks.map((tick) => format(tick).length)) : 4;
  return {
    chart, axis, width, height, ranges, y, ticks, format, tag,
    stacks: [...new Set(chart.series.filter((one) => one.type === 'bar').map((one) => stackOf(chart, one)))],
    x: columns(chart, left, width - 4), barGap: chart.barGap ?? 2,
  };
}

/** The columns of the rows. A gap in pixels becomes the share of a column that band scales know. */
function columns({ data, series, barCategoryGap }: P.Chart, from: number, to: number): ScaleBand<number> {
  const hasBars = series.some((one) => one.type === 'bar');
  const step = (to - from) / Math.max(1, data.length);
  const gap = barCategoryGap === undefined ? (hasBars ? 0.25 : 0) : Math.min(0.9, Math.max(0, barCategoryGap / step));
  return scaleBand<number>(data.map((_, at) => at), [from, to]).paddingInner(gap).paddingOuter(gap / 2);
}

/** From where to where each value of each series reaches; those of one stack stand on one another, what is below zero below it. */
function rangesOf(chart: P.Chart): Range[][] {
  const tops = new Map<string, number>();
  return chart.series.map((one) =>
    chart.data.map((row, at): Range => {
      const value = numberOf(row[one.dataKey]);
      if (value === null) return null;
      const pile = `${stackOf(chart, one)} ${at} ${value < 0}`;
      const base = tops.get(pile) ?? 0;
      tops.set(pile, base + value);
      return [base, base + value];
    }),
  );
}

function numberOf(value: P.ChartValue | undefined): number | null {
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value ?? NaN);
  return Number.isFinite(number) ? number : null;
}

/** What a series stands on: others of its stack and kind, or nothing. */
export function stackOf(chart: P.Chart, one: P.Series): string {
  return one.type !== 'line' && one.stack !== undefined ? `${one.type} ${one.stack}` : `alone ${chart.series.indexOf(one)}`;
}

/** The middle of a row's column. */
export function centre({ x }: Layout, at: number): number {
  return x(at)! + x.bandwidth() / 2;
}

/** What a row is called on the axis. */
export function rowName({ chart: { data }, axis }: Layout, at: number): string {
  const value = String(data[at]?.[axis.dataKey] ?? '');
  return axis.labels !== undefined && Object.hasOwn(axis.labels, value) ? axis.labels[value]! : value;
}
