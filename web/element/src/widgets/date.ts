import { html, nothing } from 'lit';
import { icon } from '../views/icon';
import type * as P from '../wire/protocol';
import { controlSize } from './button';
import type { CalendarElement } from './calendar';
import { busy, changed } from './checks';
import type { WidgetContext } from './context';
import { look, naming } from './fields';
import { slot, problemId } from './form';
import { hasClosed, keepEscape, place, press } from './popup';
import { clear, shape } from './select';

/** Without an end, browsers take years of more digits than the day on the wire has. */
const LAST_DAY = '9999-12-31';

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
  const key = (event: KeyboardEvent) => {
    if (!opensCalendar(event)) return;
    event.preventDefault();
    openCalendar(event.currentTarget as Element, one, context.view.locale.formatTag);
  };
  return slot(context, html`<input class=${look(one)} id=${names.id} type="date" name=${one.name} .defaultValue=${initial ?? ''} ?data-empty=${initial === undefined}
      aria-label=${names.label} aria-describedby=${problemId(context)} min=${min ?? nothing} max=${max ?? LAST_DAY} ?disabled=${isOff} @keydown=${key}
      @input=${(event: Event) => showEmpty(event.currentTarget as HTMLInputElement)} @change=${change} />
    ${one.placeholder === undefined ? nothing : html`<span class="placeholder" aria-hidden="true">${one.placeholder}</span>`}
    ${one.clearable ? clear(context, 'input') : nothing}
    ${opener(context, one, isOff)}${busy(context)}`, `date ${shape(one)}`, controlSize(one.size));
}

/**
 * The button of the calendar, and the calendar. The button is for the pointer: the field itself is written in, and
 * opens the calendar with the keys that open a browser's own.
 */
function opener(context: WidgetContext, one: P.DatePicker, isOff: boolean): unknown {
  const open = (event: Event) => hasClosed(event) || openCalendar(event.currentTarget as Element, one, context.view.locale.formatTag);
  const pick = (event: CustomEvent<string>) => {
    const input = fieldAt(event.currentTarget as Element);
    input.value = event.detail;
    (event.currentTarget as HTMLElement).hidePopover();
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.focus();
  };
  return html`<button type="button" class="icon open" tabindex="-1" aria-hidden="true" ?disabled=${isOff} @pointerdown=${press} @click=${open}>${icon('calendar')}</button>
    <div class="popup picker" popover @pick=${pick} @toggle=${closed} @keydown=${keepEscape}><chatkitd-calendar></chatkitd-calendar></div>`;
}

function closed({ newState, currentTarget }: ToggleEvent): void {
  if (newState === 'closed') ((currentTarget as Element).firstElementChild as CalendarElement).hide();
}

function openCalendar(near: Element, { side, align }: P.DatePicker, tag: string): void {
  const input = fieldAt(near);
  const popup = input.parentElement!.querySelector<HTMLElement>('.popup')!;
  const calendar = popup.firstElementChild as CalendarElement;
  calendar.show(input.value, { min: input.min, max: input.max, tag });
  popup.togglePopover();
  if (!popup.matches(':popover-open')) return;
  // Its size is known when it is drawn.
  void calendar.focusDay().then(() => place(popup, input, side, align));
}

function fieldAt(near: Element): HTMLInputElement {
  return near.closest('.slot')!.querySelector('input')!;
}

function opensCalendar(event: KeyboardEvent): boolean {
  return event.key === ' ' || event.key === 'F4' || (event.altKey && event.key === 'ArrowDown');
}

/** The day of a time. */
function day(time: string | undefined): string | undefined {
  return typeof time === 'string' && /^\d{4}-\d{2}-\d{2}/.test(time) ? time.slice(0, 10) : undefined;
}

/** An empty field shows its placeholder; browsers show the letters of a date. */
function showEmpty(field: HTMLInputElement): void {
  field.toggleAttribute('data-empty', field.value === '');
}
