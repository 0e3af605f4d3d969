import { html, nothing } from 'lit';
import type * as P from '../wire/protocol';
import { autofocus } from './autofocus';
import { controlSize } from './button';
import { TEXT, words } from './content';
import type { WidgetContext } from './context';
import { patternOf, problemId, slot } from './form';
import { styled, type Styles } from './style';

/** Space at the start and end of a field, by `gutterSize`. */
const GUTTERS: Record<P.GutterSize, string> = { '2xs': '4px', xs: '6px', sm: '8px', md: '12px', lg: '14px', xl: '16px' };

export function input(context: WidgetContext, one: P.Input): unknown {
  const names = naming(context, one);
  return slot(context, html`<input class=${look(one)} id=${names.id} name=${one.name} type=${one.inputType ?? 'text'} .defaultValue=${one.defaultValue ?? ''}
    aria-label=${names.label} aria-describedby=${problemId(context)} placeholder=${one.placeholder ?? nothing} pattern=${patternOf(context, one) ?? nothing}
    ?required=${one.required} ?disabled=${one.disabled} @focus=${one.autoSelect ? selectAll : nothing} autocomplete=${autofill(one) ?? nothing}
    data-1p-ignore=${autofill(one) === 'off' ? '' : nothing} ${autofocus(one.autoFocus === true && context.isNewest)} />`, '', sized(one));
}

export function textarea(context: WidgetContext, one: P.Textarea): unknown {
  const names = naming(context, one);
  const grows = one.autoResize === true;
  const styles = { 'field-sizing': grows ? 'content' : undefined, ...lines(grows ? one.rows : undefined, grows ? one.maxRows : undefined) };
  return slot(context, html`<textarea class=${look(one)} id=${names.id} name=${one.name} rows=${one.rows ?? 3} .defaultValue=${one.defaultValue ?? ''}
    aria-label=${names.label} aria-describedby=${problemId(context)} placeholder=${one.placeholder ?? nothing} ?required=${one.required} ?disabled=${one.disabled}
    data-pattern=${patternOf(context, one) ?? nothing} @focus=${one.autoSelect ? selectAll : nothing} autocomplete=${autofill(one) ?? nothing}
    data-1p-ignore=${autofill(one) === 'off' ? '' : nothing} ${autofocus(one.autoFocus === true && context.isNewest)} ${styled(styles)}></textarea>`, '', sized(one));
}

/** A `Text` that can be written in: it looks like text until it is pointed at. */
export function editable(context: WidgetContext, one: P.Text, styles: Styles): unknown {
  const field: Partial<P.EditableProps> = typeof one.editable === 'object' ? one.editable : {};
  const name = field.name ?? one.id ?? 'text';
  const names = naming(context, { name, placeholder: field.placeholder });
  const completion = field.autoComplete ?? autofill(field);
  return slot(context, html`<textarea class="editable" rows="1" id=${names.id} name=${name} .defaultValue=${one.value} aria-label=${names.label}
    aria-describedby=${problemId(context)} placeholder=${field.placeholder ?? nothing} ?required=${field.required} autocomplete=${(completion as AutoFill | undefined) ?? nothing}
    data-1p-ignore=${field.allowAutofillExtensions === false ? '' : nothing} data-pattern=${patternOf(context, field) ?? nothing}
    @focus=${field.autoSelect ? selectAll : nothing} ${autofocus(field.autoFocus === true && context.isNewest)} ${styled({ ...styles, ...lines(one.minLines, one.maxLines) })}></textarea>`);
}

/** `Label`: names the field of this name in the same form. */
export function label(context: WidgetContext, one: P.Label): unknown {
  const styles = { ...words({ weight: 'medium', ...one }), 'font-size': TEXT[one.size ?? 'sm'] };
  return html`<label class="label" id=${labelId(context, one.fieldName)} for=${fieldId(context, one.fieldName)} ${styled(styles)}>${one.value}</label>`;
}

/** What a field is called: by its `Label` if it has one, else by its placeholder or name. */
export function naming(context: WidgetContext, { name, placeholder }: { name: string; placeholder?: string }) {
  return { id: fieldId(context, name), label: context.isLabelled(context.form, name) ? nothing : (placeholder ?? spoken(name)) };
}

export function labelId(context: WidgetContext, name: string): string {
  return context.id(`${context.scope} label ${name}`);
}

/** A name such as `todo.due_date`, for those who listen. */
export function spoken(name: string): string {
  return name.replaceAll(/[._-]+/g, ' ');
}

/** The classes of a field. */
export function look(one: { variant?: string; pill?: boolean; block?: boolean }): string {
  return `field ${one.variant ?? 'outline'} ${one.pill ? 'pill' : ''} ${one.block ? 'block' : ''}`;
}

function fieldId(context: WidgetContext, name: string): string {
  return context.id(`${context.scope} field ${name}`);
}

function sized(one: { size?: P.ControlSize; gutterSize?: P.GutterSize }): Styles {
  return { ...controlSize(one.size), '--gutter': one.gutterSize === undefined ? undefined : GUTTERS[one.gutterSize] };
}

function lines(least: number | undefined, most: number | undefined): Styles {
  const height = (count: number | undefined) => (count === undefined ? undefined : `calc(${count}lh + 2 * var(--inset, 0px))`);
  return { 'min-block-size': height(least), 'max-block-size': height(most) };
}

/** Extensions that fill in passwords read this, and an attribute of their own. */
function autofill({ allowAutofillExtensions: allowed }: { allowAutofillExtensions?: boolean }): AutoFill | undefined {
  return allowed === undefined ? undefined : allowed ? 'on' : 'off';
}

function selectAll(event: Event): void {
  (event.currentTarget as HTMLInputElement).select();
}
