import type { Component } from '../harness/widgets.js';

const data = [{ day: 'Mon', sold: 3, kept: 5, lost: 2 }, { day: 'Tue', sold: 4, kept: 2, lost: 3 }, { day: 'Wed', sold: 6, kept: 7, lost: 1 }, { day: 'Thu', sold: 2, kept: 4, lost: -3 }];
const chart = (series: Component[], more: Record<string, unknown> = {}): Component => ({ type: 'Chart', data, series, xAxis: 'day', ...more });
const card = (...children: Component[]): Component => ({ type: 'Card', size: 'full', children });

const curves = ['basis', 'basisClosed', 'basisOpen', 'bumpX', 'bumpY', 'bump', 'linear', 'linearClosed', 'natural', 'monotoneX', 'monotoneY', 'monotone', 'step', 'stepBefore', 'stepAfter'];

/** Charts, by what is asked for. */
export const charts: Record<string, Component> = {
  bars: card(chart(
    [
      { type: 'bar', dataKey: 'sold', label: 'Sold', stack: 'all', color: 'rgb(1, 2, 3)' }, { type: 'bar', dataKey: 'kept', label: 'Kept', stack: 'all', color: { light: 'rgb(4, 5, 6)', dark: 'rgb(7, 8, 9)' } },
      { type: 'bar', dataKey: 'lost', color: 'red' },
    ],
    { id: 'chart', key: 'chart', xAxis: { dataKey: 'day', hide: false, labels: { Mon: 'Monday' } }, showYAxis: true, showLegend: true, showTooltip: true, barGap: 10, barCategoryGap: 40, height: 240 },
  )),
  lines: card(chart([{ type: 'line', dataKey: 'sold', label: 'Sold', color: 'rgb(1, 2, 3)', curveType: 'linear' }, { type: 'area', dataKey: 'kept', label: 'Kept', color: 'green', stack: 'a', curveType: 'monotone' }, { type: 'area', dataKey: 'lost', label: 'Lost', stack: 'a' }], { showYAxis: true })),
  curves: card(...curves.map((curveType) => chart([{ type: 'line', dataKey: 'sold', curveType }, { type: 'area', dataKey: 'kept', curveType }], { height: 60, showLegend: false }))),
  plain: card(chart([{ type: 'bar', dataKey: 'sold' }], { showYAxis: false, showLegend: false, showTooltip: false, xAxis: { dataKey: 'day', hide: true } })),
  long: card(chart([{ type: 'line', dataKey: 'sold' }], { data: Array.from({ length: 501 }, (_, at) => ({ day: `Day ${at}`, sold: at })) })),
  large: card(chart([{ type: 'bar', dataKey: 'sold' }], { data: [{ day: 'Mon', sold: 3_000.5 }, { day: 'Tue', sold: 12_000 }], showYAxis: true, height: 240 })),
  sizes: card(
    chart([{ type: 'bar', dataKey: 'sold' }], { width: 300, height: 120, showLegend: false }), chart([{ type: 'bar', dataKey: 'sold' }], { size: 160, flex: '0 0 auto', showLegend: false }),
    chart([{ type: 'bar', dataKey: 'sold' }], { minHeight: 210, minWidth: 250, maxHeight: 400, maxWidth: 280, aspectRatio: 4, showLegend: false }),
    chart([{ type: 'bar', dataKey: 'sold' }], { minSize: 180, maxSize: 190, showLegend: false }),
  ),
};
