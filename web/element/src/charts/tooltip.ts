import { takeEscape } from '../views/gestures';
import { seriesColor } from '../widgets/color';
import { centre, rowName, type Layout } from './layout';
import { node } from './svg';

/** Shows the row that the pointer is at, or that the arrow keys have come to, with the values of all its series. */
export function pointer(host: HTMLElement, svg: SVGElement, layout: Layout): void {
  const { data, showTooltip } = layout.chart;
  const mark = node('line', { y1: 8, y2: layout.y.range()[0]!, class: 'mark', visibility: 'hidden' });
  const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
  tip.setAttribute('role', 'status');
  svg.append(mark);
  host.append(tip);
  let row = -1;
  const show = (at: number) => {
    if (at === row) return;
    row = at;
    tip.hidden = at < 0;
    mark.setAttribute('visibility', at < 0 ? 'hidden' : 'visible');
    if (at < 0) return;
    const middle = centre(layout, at);
    for (const end of ['x1', 'x2']) mark.setAttribute(end, String(middle));
    tip.replaceChildren(...words(layout, at));
    tip.style.left = `${Math.max(0, Math.min(middle - tip.offsetWidth / 2, layout.width - tip.offsetWidth))}px`;
  };
  const isOff = showTooltip === false || data.length === 0;
  host.onpointermove = isOff ? null : (event) => show(nearest(layout, event.clientX - host.getBoundingClientRect().left));
  host.onpointerleave = host.onblur = () => show(-1);
  host.onkeydown = isOff ? null : (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step !== undefined) event.preventDefault();
    if (step !== undefined) show(Math.max(0, Math.min(row + step, data.length - 1)));
    if (event.key !== 'Escape' || row < 0) return;
    takeEscape(event);
    show(-1);
  };
}

function nearest(layout: Layout, x: number): number {
  const { length } = layout.chart.data;
  return Math.max(0, Math.min(length - 1, Math.round((x - centre(layout, 0)) / layout.x.step())));
}

function words(layout: Layout, at: number): HTMLElement[] {
  const { series, data } = layout.chart;
  const exact = new Intl.NumberFormat(layout.tag, { maximumFractionDigits: 20 });
  const head = Object.assign(document.createElement('strong'), { textContent: rowName(layout, at) });
  const lines = series.map((one, number) => {
    const line = document.createElement('span');
    const dot = document.createElement('i');
    dot.style.background = seriesColor(one, number);
    const value = data[at]?.[one.dataKey];
    line.append(dot, `${one.label ?? one.dataKey}: ${typeof value === 'number' ? exact.format(value) : (value ?? '–')}`);
    return line;
  });
  return [head, ...lines];
}
