import { html, nothing } from 'lit';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import { controlSize } from './button';
import type { CalendarElement } from './calendar';
import { busy, changed } from './checks';
import type { WidgetContext } from './context';
import { look, naming } from './fields';
import { entry, problemId } from './form';
import { place } from './popup';
import { clear, shape } from './select';

/** `DatePicker`: a day, written (`2026-03-14`) or taken from a calendar. The wire carries times; their day counts. */
export function datePicker(context: WidgetContext, one: P.DatePicker): unknown {
  const names = naming(context, one);
  const [initial, min, max] = [day(one.defaultValue), day(one.min), day(one.max)];
  const isOff = one.disabled === true || context.isPending(context.path);
  const change = (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    showEmpty(field);
    changed(context, one, field.value, event);
  };
  return entry(context, html`<input class=${look(one)} id=${names.id} type="date" name=${one.name} .defaultValue=${initial ?? ''} ?data-empty=${initial === undefined}
      aria-label=${names.label} aria-describedby=${problemId(context)} min=${min ?? nothing} max=${max ?? nothing} ?disabled=${isOff} @input=${(event: Event) => showEmpty(event.currentTarget as HTMLInputElement)} @change=${change} />
    ${one.placeholder === undefined ? nothing : html`<span class="placeholder" aria-hidden="true">${one.placeholder}</span>`}
    ${one.clearable ? clear(context, 'input') : nothing}
    ${opener(context, one, isOff)}${busy(context)}`, `date ${shape(one)}`, controlSize(one.size));
}

function opener(context: WidgetContext, one: P.DatePicker, isOff: boolean): unknown {
  const { tag } = context.view.locale;
  const field = (event: Event) => (event.currentTarget as Element).closest('.entry')!.querySelector('input')!;
  const open = (event: Event) => {
    const [popup, input] = [(event.currentTarget as Element).nextElementSibling as HTMLElement, field(event)];
    const calendar = popup.firstElementChild as CalendarElement;
    calendar.show(input.value, { min: input.min, max: input.max, tag });
    popup.togglePopover();
    if (!popup.matches(':popover-open')) return;
    place(popup, input, one.side, one.align);
    void calendar.focusDay();
  };
  const pick = (event: CustomEvent<string>) => {
    const input = field(event);
    input.value = event.detail;
    (event.currentTarget as HTMLElement).hidePopover();
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.focus();
  };
  // Every browser has the word, in every language.
  const name = new Intl.DisplayNames(tag, { type: 'dateTimeField' }).of('day');
  return html`<button type="button" class="icon open" aria-haspopup="dialog" aria-label=${name ?? ''} ?disabled=${isOff} @click=${open}>${icon('calendar')}</button>
    <div class="popup picker" popover role="dialog" aria-label=${name ?? ''} @pick=${pick}><chatkitd-calendar></chatkitd-calendar></div>`;
}

/** The day of a time. */
function day(time: string | undefined): string | undefined {
  return typeof time === 'string' && /^\d{4}-\d{2}-\d{2}/.test(time) ? time.slice(0, 10) : undefined;
}

/** An empty field shows its placeholder; browsers show the letters of a date. */
function showEmpty(field: HTMLInputElement): void {
  field.toggleAttribute('data-empty', field.value === '');
}
