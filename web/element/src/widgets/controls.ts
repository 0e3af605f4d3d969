import { html, nothing } from 'lit';
import { icon } from '../views/icon';
import { iconName } from '../views/icon-name';
import type * as P from '../wire/protocol';
import type { WidgetContext } from './context';
import { styled } from './style';

export function button(context: WidgetContext, one: P.Button): unknown {
  const { onClickAction: action } = one;
  const isPending = context.pending === one;
  const sign = one.iconStart ?? one.iconEnd;
  const style = one.style ?? (one.submit ? 'primary' : 'secondary');
  const tone = one.color ?? style;
  const variant = one.variant ?? (style === 'primary' ? 'solid' : 'soft');
  const click = () => action !== undefined && context.act(action, one, {});
  return html`<button class="control ${tone} ${variant} ${one.size ?? 'md'} ${one.pill === false ? '' : 'pill'} ${one.block ? 'block' : ''} ${one.uniform ? 'uniform' : ''}"
    type=${one.submit ? 'submit' : 'button'} ?disabled=${one.disabled || isPending || context.isBlocked(action)} aria-busy=${isPending}
    aria-label=${one.label ?? (sign === undefined ? nothing : iconName(context.view.locale, sign))} @click=${one.submit ? nothing : click}>
    ${isPending ? html`<span class="spinner"></span>` : one.iconStart === undefined ? nothing : icon(one.iconStart)}
    ${one.label === undefined ? nothing : html`<span>${one.label}</span>`}
    ${one.iconEnd === undefined ? nothing : icon(one.iconEnd)}
  </button>`;
}

export function input(one: P.Input): unknown {
  return html`<input class=${field(one)} name=${one.name} type=${one.inputType ?? 'text'} .defaultValue=${one.defaultValue ?? ''} aria-label=${one.placeholder ?? one.name}
    placeholder=${one.placeholder ?? nothing} pattern=${one.pattern ?? nothing} ?required=${one.required} ?disabled=${one.disabled} ?autofocus=${one.autoFocus}
    autocomplete=${one.allowAutofillExtensions === true ? 'on' : nothing} @focus=${(event: Event) => one.autoSelect && (event.currentTarget as HTMLInputElement).select()} />`;
}

export function textarea(one: P.Textarea): unknown {
  const styles = { 'field-sizing': one.autoResize ? 'content' : undefined, 'max-height': one.maxRows === undefined ? undefined : `${one.maxRows * 1.5 + 1}em` };
  return html`<textarea class=${field(one)} name=${one.name} rows=${one.rows ?? 3} .defaultValue=${one.defaultValue ?? ''} aria-label=${one.placeholder ?? one.name}
    placeholder=${one.placeholder ?? nothing} ?required=${one.required} ?disabled=${one.disabled} ?autofocus=${one.autoFocus} ${styled(styles)}
    @focus=${(event: Event) => one.autoSelect && (event.currentTarget as HTMLTextAreaElement).select()}></textarea>`;
}

export function select(context: WidgetContext, one: P.Select): unknown {
  const empty = one.placeholder !== undefined || one.clearable || one.defaultValue === undefined;
  return html`<select class="${field(one)} ${one.block ? 'block' : ''}" name=${one.name} aria-label=${one.placeholder ?? one.name} ?disabled=${one.disabled}
    @change=${(event: Event) => changed(context, one, (event.currentTarget as HTMLSelectElement).value)}>
    ${empty ? html`<option value="" ?selected=${one.defaultValue === undefined} ?hidden=${!one.clearable}>${one.placeholder ?? ''}</option>` : nothing}
    ${one.options.map((option) => html`<option value=${option.value} ?selected=${option.value === one.defaultValue}>${option.label}</option>`)}
  </select>`;
}

/** A day; the wire carries ISO times. */
export function datePicker(context: WidgetContext, one: P.DatePicker): unknown {
  const day = (time: string | undefined) => time?.slice(0, 10);
  return html`<input class="${field(one)} ${one.block ? 'block' : ''}" type="date" name=${one.name} .defaultValue=${day(one.defaultValue) ?? ''} aria-label=${one.placeholder ?? one.name}
    min=${day(one.min) ?? nothing} max=${day(one.max) ?? nothing} ?disabled=${one.disabled}
    @change=${(event: Event) => changed(context, one, (event.currentTarget as HTMLInputElement).value)} />`;
}

export function checkbox(context: WidgetContext, one: P.Checkbox): unknown {
  return html`<label class="option"><input type="checkbox" name=${one.name} .defaultChecked=${one.defaultChecked ?? false} ?required=${one.required} ?disabled=${one.disabled}
    aria-label=${one.label === undefined ? one.name : nothing} @change=${(event: Event) => changed(context, one, (event.currentTarget as HTMLInputElement).checked)} />
    ${one.label === undefined ? nothing : html`<span>${one.label}</span>`}</label>`;
}

export function radioGroup(context: WidgetContext, one: P.RadioGroup): unknown {
  return html`<div class="radios ${one.direction ?? 'row'}" role="radiogroup" aria-label=${one.ariaLabel ?? one.name}>
    ${(one.options ?? []).map(
      (option) => html`<label class="option"><input type="radio" name=${one.name} value=${option.value} .defaultChecked=${option.value === one.defaultValue}
        ?required=${one.required} ?disabled=${one.disabled || option.disabled} @change=${() => changed(context, one, option.value)} /><span>${option.label}</span></label>`,
    )}
  </div>`;
}

function changed(context: WidgetContext, one: { name: string; onChangeAction?: P.ActionConfig }, value: unknown): void {
  const { onChangeAction: action } = one;
  if (action !== undefined && !context.isBlocked(action)) context.act(action, one, { [one.name]: value });
}

function field(one: { variant?: string; size?: string; pill?: boolean }): string {
  return `field ${one.variant ?? 'outline'} ${one.size ?? 'md'} ${one.pill ? 'pill' : ''}`;
}
