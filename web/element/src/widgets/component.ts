import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type * as P from '../wire/protocol';
import { chart } from './chart';
import { badge, caption, iconOf, image, label, markdown, text, title } from './content';
import type { WidgetContext } from './context';
import { button, checkbox, datePicker, input, radioGroup, select, textarea } from './controls';
import { box, divider, form, spacer, transition } from './layout';
import { listItem, root } from './root';
import { table, type Table } from './table';

type Any = P.WidgetComponent | P.WidgetRoot | Table;

/** Components one after another; those that say who they are keep their state when their order changes. */
export function components(context: WidgetContext, all: readonly P.WidgetComponent[] | undefined): unknown {
  const key = (one: P.WidgetComponent, at: number) => one.key ?? one.id ?? `${at} ${one.type}`;
  return repeat((all ?? []).filter((one) => typeof one === 'object' && one !== null), key, (one) => component(context, one));
}

/** One component. What this version does not know is passed over, with a word for whoever debugs it. */
export function component(context: WidgetContext, one: Any): unknown {
  switch (one.type) {
    case 'Text': return text(one);
    case 'Title': return title(one);
    case 'Caption': return caption(one);
    case 'Markdown': return markdown(one);
    case 'Badge': return badge(one);
    case 'Icon': return iconOf(one);
    case 'Image': return image(context, one);
    case 'Label': return label(one);
    case 'Chart': return chart(one);
    case 'Box': return box(context, one, one.direction ?? 'col');
    case 'Row': return box(context, one, 'row');
    case 'Col': return box(context, one, 'col');
    case 'Form': return form(context, one);
    case 'Divider': return divider(one);
    case 'Spacer': return spacer(one);
    case 'Transition': return transition(context, one);
    case 'Button': return button(context, one);
    case 'Input': return input(one);
    case 'Textarea': return textarea(one);
    case 'Select': return select(context, one);
    case 'DatePicker': return datePicker(context, one);
    case 'Checkbox': return checkbox(context, one);
    case 'RadioGroup': return radioGroup(context, one);
    case 'Table': return table(context, one);
    case 'ListViewItem': return listItem(context, one);
    case 'Card':
    case 'ListView':
    case 'Basic': return root(context, one);
    default: return unknown(context, one);
  }
}

function unknown({ view }: WidgetContext, one: never): unknown {
  const { type } = one as { type?: unknown };
  view.emit('chatkit.log', { name: 'widget.unknown_component', data: { type: String(type) } });
  return html`<p class="quiet">${view.locale.text('widgetUnknown')}</p>${nothing}`;
}
