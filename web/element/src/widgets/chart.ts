import { html, nothing } from 'lit';
import { loadModule } from '../assets';
import type * as P from '../wire/protocol';
import { MAX_ENTRIES } from './bounds';
import { seriesColor } from './color';
import type { WidgetContext } from './context';
import { block, styled } from './style';

/** A chart: a picture, its legend, and its numbers as a table for those who listen. */
export function chart({ view, report }: WidgetContext, given: P.Chart): unknown {
  const one = given.data.length > MAX_ENTRIES ? { ...given, data: given.data.slice(0, MAX_ENTRIES) } : given;
  const sized = one.height ?? one.size ?? one.aspectRatio;
  const own = block(one as Partial<P.BoxContainer>);
  const styles = { ...own, width: own.width ?? '100%', 'aspect-ratio': sized === undefined ? '2' : own['aspect-ratio'] };
  const broken = (error: unknown) => report('widget.broken_component', { type: 'Chart', error: String(error) });
  return html`<div class="chart" ${styled(styles)}>
      <chatkitd-chart tabindex="0" role="group" aria-label=${one.series.map(called).join(', ')}
        .tag=${view.locale.formatTag} .onBroken=${broken} .chart=${one}></chatkitd-chart>
      ${one.showLegend === false ? nothing : legend(one)}
    </div>
    <div class="unseen">${table(one, view.locale.formatTag)}</div>
    ${one === given ? nothing : html`<p class="quiet">${view.locale.text('widgetUnknown')} (${MAX_ENTRIES} / ${given.data.length})</p>`}`;
}

function legend({ series }: P.Chart): unknown {
  return html`<ul class="legend" aria-hidden="true">
    ${series.map((one, at) => html`<li><i ${styled({ background: seriesColor(one, at) })}></i>${called(one)}</li>`)}
  </ul>`;
}

function table({ data, series, xAxis }: P.Chart, tag: string): unknown {
  const exact = new Intl.NumberFormat(tag, { maximumFractionDigits: 20 });
  const written = (value: unknown) => (typeof value === 'number' ? exact.format(value) : value);
  const axis = typeof xAxis === 'string' ? { dataKey: xAxis } : xAxis;
  const name = (row: P.Chart['data'][number]) => axis.labels?.[String(row[axis.dataKey])] ?? row[axis.dataKey];
  return html`<table>
    <thead><tr><th scope="col">${axis.dataKey}</th>${series.map((one) => html`<th scope="col">${called(one)}</th>`)}</tr></thead>
    <tbody>${data.map((row) => html`<tr><th scope="row">${name(row)}</th>${series.map((one) => html`<td>${written(row[one.dataKey])}</td>`)}</tr>`)}</tbody>
  </table>`;
}

function called(one: P.Series): string {
  return one.label ?? one.dataKey;
}

/** The picture of a chart. What draws it is a file of its own, loaded with the first one. */
export class ChartElement extends HTMLElement {
  onBroken: (error: unknown) => void = () => undefined;
  private language = 'en';
  private current: P.Chart | null = null;
  private said = '';
  private readonly resized = new ResizeObserver(() => void this.draw());

  connectedCallback(): void {
    this.resized.observe(this);
  }

  disconnectedCallback(): void {
    this.resized.disconnect();
  }

  /** The language of its numbers. */
  set tag(tag: string) {
    if (tag === this.language) return;
    this.language = tag;
    void this.draw();
  }

  /** A chart that is sent again unchanged is not drawn again. */
  set chart(chart: P.Chart) {
    const said = JSON.stringify(chart);
    if (said === this.said) return;
    this.said = said;
    this.current = chart;
    if (this.isConnected) void this.draw();
  }

  private async draw(): Promise<void> {
    const { current } = this;
    if (current === null || this.clientWidth === 0) return;
    const loaded = await loadModule<typeof import('../lazy/chart')>('chart.js').catch(() => null);
    if (current !== this.current) return;
    if (loaded === null) return this.showNumbers(true);
    try {
      loaded.draw(this, current, this.language);
      this.showNumbers(false);
    } catch (error) {
      this.showNumbers(true);
      this.onBroken(error);
    }
  }

  /** Instead of the picture. */
  private showNumbers(areShown: boolean): void {
    this.closest('.chart')?.nextElementSibling?.classList.toggle('unseen', !areShown);
  }
}
