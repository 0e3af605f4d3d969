import type { Widgets } from '@openai/chatkit';
import { html, nothing } from 'lit';
import type * as P from '../wire/protocol';
import { components } from './component';
import type { WidgetContext } from './context';
import { inset, length, styled } from './style';

type Cell = Widgets.TableCell;
/** `Table` and its parts are in the front end's types and not in the Python package's. */
export interface Table {
  type: 'Table';
  children?: { type: 'Table.Row'; header?: boolean; children?: Cell[] }[];
}

const COLUMNS = { xs: '3rem', sm: '5rem', md: '8rem', lg: '12rem', xl: '18rem' } as const;

export function table(context: WidgetContext, one: Table): unknown {
  return html`<div class="table" tabindex="0"><table>
    ${(one.children ?? []).map((row) => html`<tr>${(row.children ?? []).map((one) => cell(context, one, row.header === true))}</tr>`)}
  </table></div>`;
}

function cell(context: WidgetContext, one: Cell, header: boolean): unknown {
  const styles = {
    width: length(one.width) ?? (one.colSize === undefined ? undefined : COLUMNS[one.colSize]), 'text-align': one.align,
    'vertical-align': one.vAlign === undefined ? undefined : { start: 'top', center: 'middle', end: 'bottom' }[one.vAlign], ...inset('padding', one.padding),
  };
  const inside = components(context, one.children as P.WidgetComponent[] | undefined);
  const [columns, rows] = [one.colSpan ?? nothing, one.rowSpan ?? nothing];
  return header
    ? html`<th scope="col" colspan=${columns} rowspan=${rows} ${styled(styles)}>${inside}</th>`
    : html`<td colspan=${columns} rowspan=${rows} ${styled(styles)}>${inside}</td>`;
}
