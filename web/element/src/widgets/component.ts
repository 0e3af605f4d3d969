import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type * as P from '../wire/protocol';
import { childrenOf } from './bounds';
import { button } from './button';
import { chart } from './chart';
import { checkbox, radioGroup } from './checks';
import { badge, caption, iconOf, image, markdown, text, title } from './content';
import { below, type WidgetContext } from './context';
import { datePicker } from './date';
import { input, label, textarea } from './fields';
import { box, divider, form, spacer, transition } from './layout';
import { listItem, listView } from './list';
import { basic, card } from './root';
import { select } from './select';
import { table } from './table';

type Any = P.WidgetComponent | P.WidgetRoot;

/** Components one after another. Those that are still there after a change keep their state: focus, caret, what was typed. */
export function components(context: WidgetContext, children: unknown): unknown {
  return repeat(keyed(childrenOf({ children })), ([key]) => key, ([key, one]) => component(below(context, key), one as Any));
}

/** Each with a key of its own: what it calls itself, and which one of that name it is. A stranger before it changes nothing. */
export function keyed(all: unknown[]): [string, unknown][] {
  const seen = new Map<string, number>();
  return all.map((one) => {
    const { key, id, type, name, editable } = one as { key?: string; id?: string; type?: string; name?: string; editable?: { name?: string } };
    const called = `${type} ${key ?? id ?? name ?? editable?.name ?? ''}`;
    const count = seen.get(called) ?? 0;
    seen.set(called, count + 1);
    return [`${called} ${count}`, one];
  });
}

/** One component. One that cannot be drawn, since its properties make no sense, leaves the others alone. */
export function component(context: WidgetContext, one: Any): unknown {
  try {
    return drawn(context, one);
  } catch (error) {
    context.report('widget.broken_component', { type: String(one.type), error: String(error) });
    return nothing;
  }
}

function drawn(context: WidgetContext, one: Any): unknown {
  switch (one.type) {
    case 'Text': return text(context, one);
    case 'Title': return title(one);
    case 'Caption': return caption(one);
    case 'Markdown': return markdown(context, one);
    case 'Badge': return badge(one);
    case 'Icon': return iconOf(one);
    case 'Image': return image(context, one);
    case 'Label': return label(context, one);
    case 'Chart': return chart(context, one);
    case 'Box': return box(context, one, one.direction ?? 'col');
    case 'Row': return box(context, one, 'row');
    case 'Col': return box(context, one, 'col');
    case 'Form': return form(context, one);
    case 'Divider': return divider(one);
    case 'Spacer': return spacer(one);
    case 'Transition': return transition(context, one);
    case 'Button': return button(context, one);
    case 'Input': return input(context, one);
    case 'Textarea': return textarea(context, one);
    case 'Select': return select(context, one);
    case 'DatePicker': return datePicker(context, one);
    case 'Checkbox': return checkbox(context, one);
    case 'RadioGroup': return radioGroup(context, one);
    case 'Table': return table(context, one);
    // Outside of a table, what is in them.
    case 'Table.Row':
    case 'Table.Cell': return html`<div class="box stack">${components(context, one.children)}</div>`;
    case 'ListViewItem': return listItem(context, one);
    case 'Card': return card(context, one);
    case 'ListView': return listView(context, one);
    case 'Basic': return basic(context, one);
    default: return unknown(context, one);
  }
}

/** A component of a later version, or of nobody's: what is in it may well be known. */
function unknown(context: WidgetContext, one: never): unknown {
  const { type, children } = one as { type?: unknown; children?: unknown };
  if (type === 'Too deep') {
    context.report('widget.too_deep', {});
    return html`<p class="quiet">${context.view.locale.text('widgetUnknown')}</p>`;
  }
  context.report('widget.unknown_component', { type: String(type) });
  return children === undefined ? nothing : html`<div class="box stack">${components(context, children)}</div>`;
}
