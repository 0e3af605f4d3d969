import { html, nothing } from 'lit';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import { MAX_ENTRIES } from './bounds';
import { controlSize } from './button';
import { busy, changed } from './checks';
import type { WidgetContext } from './context';
import { labelId, look, naming } from './fields';
import { slot, problemId } from './form';
import { keepEscape } from './popup';

/** From how many options on a choice can be searched, if the widget does not say. */
const MANY = 15;

/** `Select`: the browser's own, or a field to search in where there is much to choose from. */
export function select(context: WidgetContext, one: P.Select): unknown {
  return one.searchable ?? one.options.length > MANY ? searched(context, one) : plain(context, one);
}

function plain(context: WidgetContext, one: P.Select): unknown {
  const names = naming(context, one);
  const { options, defaultValue: initial } = one;
  return slot(context, html`<select class=${look(one)} id=${names.id} name=${one.name} aria-label=${names.label} aria-describedby=${problemId(context)}
      ?disabled=${one.disabled || context.isPending(context.path)} @change=${(event: Event) => chosen(context, one, event)} @keydown=${keyInList}>
      ${initial === undefined || one.clearable ? html`<option value="" ?selected=${initial === undefined} hidden>${one.placeholder ?? ''}</option>` : nothing}
      ${options.slice(0, MAX_ENTRIES).map((option) => choice(option, option.value === initial))}
    </select>${one.clearable ? clear(context, 'select') : nothing}${busy(context)}`, shape(one), controlSize(one.size));
}

/** All that is written in an option is shown when it is chosen: where it can, the style sheet writes the description below it. */
function choice({ value, label, description, disabled }: P.SelectOption, isChosen: boolean): unknown {
  const isBelow = description !== undefined && CSS.supports('appearance', 'base-select');
  const words = isBelow || description === undefined ? label : `${label} – ${description}`;
  return html`<option value=${value} aria-description=${isBelow ? description : nothing} ?selected=${isChosen} ?disabled=${disabled}>${words}</option>`;
}

/** A key that an option hears: the browser's list is open. */
function keyInList(event: KeyboardEvent): void {
  if (event.target !== event.currentTarget) keepEscape(event);
}

function searched(context: WidgetContext, one: P.Select): unknown {
  const names = naming(context, one);
  return slot(context, html`<chatkitd-combobox class=${look(one)} id=${names.id} name=${one.name} .options=${one.options} .initial=${one.defaultValue ?? ''}
      .names=${names.label === nothing ? { labelledBy: labelId(context, one.name) } : { label: names.label }} .placeholder=${one.placeholder ?? ''}
      ?disabled=${one.disabled || context.isPending(context.path)} @change=${(event: Event) => chosen(context, one, event)}>
    </chatkitd-combobox>${one.clearable ? clear(context, 'chatkitd-combobox') : nothing}${busy(context)}`, shape(one), controlSize(one.size));
}

function chosen(context: WidgetContext, one: P.Select, event: Event): void {
  changed(context, one, (event.currentTarget as HTMLSelectElement).value, event);
}

/** How a field stands that has buttons in it. */
export function shape(one: { block?: boolean; clearable?: boolean }): string {
  return `${one.block ? 'block' : 'compact'} ${one.clearable ? 'clearable' : ''}`;
}

/** A button that empties the field beside it. */
export function clear({ view: { locale } }: WidgetContext, selector: string): unknown {
  const empty = (event: Event) => {
    const field = (event.currentTarget as Element).parentElement!.querySelector<HTMLInputElement>(selector)!;
    if (field.disabled || field.value === '') return;
    field.value = '';
    field.dispatchEvent(new Event('change', { bubbles: true }));
    field.focus();
  };
  return html`<button type="button" class="icon clear" aria-label=${locale.text('remove')} @click=${empty}>${icon('close')}</button>`;
}
