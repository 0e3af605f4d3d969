import { html, nothing } from 'lit';
import type * as P from '../wire/protocol';
import { childrenOf } from './bounds';
import { components, keyed } from './component';
import { below, type WidgetContext } from './context';
import { inset, length, styled } from './style';

const COLUMNS = { xs: '3em', sm: '5em', md: '8em', lg: '12em', xl: '18em' } as const;
const ALIGN = { start: 'top', center: 'middle', end: 'bottom' } as const;

export function table(context: WidgetContext, one: P.Table): unknown {
  const all = keyed(childrenOf(one)) as [string, P.TableRow][];
  const drawn = (rows: [string, P.TableRow][]) => rows.map(([key, row]) => line(below(context, key), row));
  const first = all.findIndex(([, row]) => row.header !== true);
  const heads = first < 0 ? all : all.slice(0, first);
  return html`<div class="table" tabindex="0"><table>
    ${heads.length === 0 ? nothing : html`<thead>${drawn(heads)}</thead>`}
    <tbody>${drawn(all.slice(heads.length))}</tbody>
  </table></div>`;
}

function line(context: WidgetContext, row: P.TableRow): unknown {
  const cells = keyed(childrenOf(row)) as [string, P.TableCell][];
  return html`<tr>${cells.map(([key, one]) => cell(below(context, key), one, row.header === true))}</tr>`;
}

function cell(context: WidgetContext, one: P.TableCell, header: boolean): unknown {
  const styles = {
    width: length(one.width) ?? (one.colSize === undefined ? undefined : COLUMNS[one.colSize]), 'text-align': one.align,
    'vertical-align': one.vAlign === undefined ? undefined : ALIGN[one.vAlign], ...inset('padding', one.padding),
  };
  const inside = components(context, one.children);
  const [columns, rows] = [one.colSpan ?? nothing, one.rowSpan ?? nothing];
  return header
    ? html`<th scope="col" colspan=${columns} rowspan=${rows} ${styled(styles)}>${inside}</th>`
    : html`<td colspan=${columns} rowspan=${rows} ${styled(styles)}>${inside}</td>`;
}
