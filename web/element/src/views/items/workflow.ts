import { html } from 'lit';
import type * as P from '../../wire/protocol';
import { icon } from '../icon';
import type { View } from '../view';
import type { Standing } from './item';
import { task } from './task';

/** What the assistant thought or did before it answered: open while it goes on, folded afterwards. */
export function workflow(view: View, { workflow: flow }: P.WorkflowItem, { open }: Standing): unknown {
  const { title, sign } = heading(view, flow, open);
  const newest = flow.tasks.at(-1);
  return html`<details class="workflow" ?open=${open || flow.expanded}>
    <summary class=${open ? 'loading' : ''}>${sign === undefined ? '' : icon(sign)}<span>${title}</span></summary>
    <ol>${flow.tasks.map((one) => html`<li>${task(view, one, open && one === newest)}</li>`)}</ol>
  </details>`;
}

function heading({ locale }: View, flow: P.Workflow, open: boolean): { title: string; sign?: string } {
  const { summary } = flow;
  if (summary !== undefined && 'title' in summary) return { title: summary.title, sign: summary.icon };
  if (summary !== undefined && 'duration' in summary) {
    return { title: locale.text('thoughtFor', { seconds: Math.max(1, Math.round(summary.duration)) }) };
  }
  const newest = flow.tasks.at(-1);
  const doing = newest !== undefined && 'title' in newest ? newest.title : undefined;
  return { title: open ? (doing ?? locale.text('thinking')) : locale.text('thought') };
}
