import { html, nothing } from 'lit';
import type * as P from '../wire/protocol';
import { MAX_ENTRIES } from './bounds';
import type { Binding, WidgetContext } from './context';
import { labelId, naming, spoken } from './fields';
import { slot, problemId } from './form';

export function checkbox(context: WidgetContext, one: P.Checkbox): unknown {
  const names = naming(context, one);
  return slot(context, html`<label class="option"><input type="checkbox" id=${names.id} name=${one.name} .defaultChecked=${one.defaultChecked ?? false}
    ?required=${one.required} ?disabled=${one.disabled || context.isPending(context.path)} aria-label=${one.label === undefined ? names.label : nothing}
    aria-describedby=${problemId(context)} @change=${(event: Event) => changed(context, one, (event.currentTarget as HTMLInputElement).checked, event)} />
    ${one.label === undefined ? nothing : html`<span>${one.label}</span>`}${busy(context)}</label>`);
}

/** Browsers take all radio buttons of one name for one group, also those of another widget: its own name is in `data-name`. */
export function radioGroup(context: WidgetContext, one: P.RadioGroup): unknown {
  const group = naming(context, one).id;
  const isNamed = one.ariaLabel === undefined && context.isLabelled(context.form, one.name);
  const isPending = context.isPending(context.path);
  return slot(context, html`<div class="radios ${one.direction ?? 'row'}" role="radiogroup" aria-required=${one.required ?? false}
    aria-labelledby=${isNamed ? labelId(context, one.name) : nothing} aria-label=${isNamed ? nothing : (one.ariaLabel ?? spoken(one.name))} aria-describedby=${problemId(context)}>
    ${(one.options ?? []).slice(0, MAX_ENTRIES).map(
      (option) => html`<label class="option"><input type="radio" name=${group} data-name=${one.name} value=${option.value} .defaultChecked=${option.value === one.defaultValue}
        ?required=${one.required} ?disabled=${one.disabled || option.disabled || isPending}
        @change=${(event: Event) => changed(context, one, option.value, event)} /><span>${option.label}</span></label>`,
    )}${busy(context)}
  </div>`);
}

/** A field has another value: its action, if it has one, learns of it. */
export function changed(context: WidgetContext, one: { name: string; onChangeAction?: P.ActionConfig }, value: P.JsonValue, event: Event): void {
  const { onChangeAction: action } = one;
  const binding: Binding = 'change';
  if (action !== undefined) context.act(context.path, { action, binding, element: event.currentTarget as Element, value: [one.name, value] });
}

/** Shown beside a field while what it asked for is under way. */
export function busy(context: WidgetContext): unknown {
  return context.isPending(context.path) ? html`<span class="spinner"></span>` : nothing;
}
