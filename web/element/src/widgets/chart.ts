import { html } from 'lit';
import { until } from 'lit/directives/until.js';
import { assetUrl } from '../script';
import type * as P from '../wire/protocol';
import { block, styled } from './style';

/** A chart: drawn by a file of its own, loaded with the first one; its numbers as a table for those who listen. */
export function chart(one: P.Chart): unknown {
  const drawn = (import(assetUrl('chart.js')) as Promise<typeof import('../lazy/chart')>).then(({ draw }) => draw(one), () => table(one));
  const styles = { width: '100%', 'aspect-ratio': one.height === undefined ? '2' : undefined, ...block(one as Partial<P.BoxContainer>) };
  return html`<div class="chart" ${styled(styles)}>${until(drawn, '')}</div><div class="unseen">${table(one)}</div>`;
}

function table({ data, series, xAxis }: P.Chart): unknown {
  const x = typeof xAxis === 'string' ? xAxis : xAxis.dataKey;
  return html`<table>
    <tr><th scope="col">${x}</th>${series.map((one) => html`<th scope="col">${one.label ?? one.dataKey}</th>`)}</tr>
    ${data.map((row) => html`<tr><th scope="row">${row[x]}</th>${series.map((one) => html`<td>${row[one.dataKey]}</td>`)}</tr>`)}
  </table>`;
}
