/** Draws charts as SVG, in the size of the element that they are in. A file of its own, loaded with the first chart. */
import { layoutOf } from '../charts/layout';
import { area, bars, line } from '../charts/marks';
import { axes } from '../charts/axes';
import { node } from '../charts/svg';
import { pointer } from '../charts/tooltip';
import type * as P from '../wire/protocol';
import { seriesColor } from '../widgets/color';

/** Draws the chart into `host`, in place of what was drawn there before. `tag`: the language of its numbers. */
export function draw(host: HTMLElement, chart: P.Chart, tag: string): void {
  const layout = layoutOf(chart, host.clientWidth, Math.max(host.clientHeight, 60), tag);
  const { width, height } = layout;
  const svg = node('svg', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' });
  svg.append(...axes(layout));
  chart.series.forEach((one, at) => {
    const tone = seriesColor(one, at);
    if (one.type === 'bar') svg.append(...bars(layout, at, tone));
    else svg.append(...(one.type === 'area' ? [area(layout, at, tone)] : []), ...line(layout, at, tone));
  });
  host.replaceChildren(svg);
  pointer(host, svg, layout);
}
