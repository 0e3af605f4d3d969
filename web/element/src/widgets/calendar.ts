import { html, LitElement, nothing } from 'lit';
import { icon } from '../views/icon';

const DAY = 24 * 60 * 60 * 1000;

/** Days by which the arrow keys and their like move; months are counted apart. */
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const MONTHS: Record<string, number> = { PageUp: -1, PageDown: 1 };

/** A month to take a day from, once it is shown: fires `pick` with the day as `2026-03-14`. All days are counted in UTC. */
export class CalendarElement extends LitElement {
  static override properties = { at: { state: true } };

  /** The day that the keyboard is at. */
  private declare at: Date | null;
  private value = '';
  private bounds = { min: '', max: '', tag: 'en' };

  constructor() {
    super();
    this.at = null;
  }

  /** Shows the month of `value`, or today's. */
  show(value: string, bounds: { min: string; max: string; tag: string }): void {
    this.value = value;
    this.bounds = bounds;
    const now = new Date();
    const today = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()));
    this.at = this.bounded(value === '' ? today : new Date(value));
    this.requestUpdate();
  }

  hide(): void {
    this.at = null;
  }

  async focusDay(): Promise<void> {
    await this.updateComplete;
    this.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): unknown {
    return this.at === null ? nothing : this.month(this.at);
  }

  private month(at: Date): unknown {
    const { tag } = this.bounds;
    const title = at.toLocaleDateString(tag, { month: 'long', year: 'numeric', timeZone: 'UTC' });
    const weeks = weeksOf(at, firstWeekday(tag));
    const weekday = (date: Date, width: 'short' | 'long') => date.toLocaleDateString(tag, { weekday: width, timeZone: 'UTC' });
    return html`<div class="month">${this.turner(addMonths(at, -1), 'chevron-left')}<strong aria-live="polite">${title}</strong>${this.turner(addMonths(at, 1), 'chevron-right')}</div>
      <table role="grid" aria-label=${title} @keydown=${this.onKey}>
        <thead><tr>${weeks[0]!.map((date) => html`<th scope="col" abbr=${weekday(date, 'long')}>${weekday(date, 'short')}</th>`)}</tr></thead>
        <tbody>${weeks.map((week) => html`<tr>${week.map((date) => this.day(date, at))}</tr>`)}</tbody>
      </table>`;
  }

  private turner(month: Date, sign: string): unknown {
    const name = month.toLocaleDateString(this.bounds.tag, { month: 'long', year: 'numeric', timeZone: 'UTC' });
    return html`<button type="button" class="icon" aria-label=${name} @click=${() => (this.at = this.bounded(month))}>${icon(sign)}</button>`;
  }

  private day(date: Date, at: Date): unknown {
    const iso = isoOf(date);
    const isHere = iso === isoOf(at);
    const isOther = date.getUTCMonth() !== at.getUTCMonth();
    const name = date.toLocaleDateString(this.bounds.tag, { dateStyle: 'full', timeZone: 'UTC' });
    return html`<td role="gridcell" aria-selected=${iso === this.value}><button type="button" class="day ${isOther ? 'other' : ''}" tabindex=${isHere ? 0 : -1}
      aria-label=${name} ?disabled=${!this.isAllowed(iso)} @click=${() => this.pick(iso)}>${date.getUTCDate().toLocaleString(this.bounds.tag)}</button></td>`;
  }

  private isAllowed(iso: string): boolean {
    const { min, max } = this.bounds;
    return (min === '' || iso >= min) && (max === '' || iso <= max);
  }

  private bounded(date: Date): Date {
    const { min, max } = this.bounds;
    const iso = isoOf(date);
    if (min !== '' && iso < min) return new Date(min);
    return max !== '' && iso > max ? new Date(max) : date;
  }

  private pick(iso: string): void {
    this.dispatchEvent(new CustomEvent('pick', { detail: iso, bubbles: true }));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const mirrored = getComputedStyle(this).direction === 'rtl' && /Left|Right/.test(event.key) ? -1 : 1;
    const { at } = this;
    if (at === null) return;
    const [step, months] = [STEPS[event.key], MONTHS[event.key]];
    if (step !== undefined) this.at = this.bounded(new Date(at.getTime() + step * mirrored * DAY));
    else if (months !== undefined) this.at = this.bounded(addMonths(at, months));
    else return;
    event.preventDefault();
    void this.focusDay();
  };
}

/** The weeks that a month lies in. */
function weeksOf(date: Date, firstDay: number): Date[][] {
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
  const start = first.getTime() - ((first.getUTCDay() - firstDay + 7) % 7) * DAY;
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getTime() - start;
  const weeks = Math.ceil((days / DAY + 1) / 7);
  return Array.from({ length: weeks }, (_, week) => Array.from({ length: 7 }, (_, day) => new Date(start + (week * 7 + day) * DAY)));
}

/** The same day of another month, or its last one. */
function addMonths(date: Date, months: number): Date {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(date.getUTCDate(), last)));
}

/** The weekday that a week begins with where this language is spoken; Sunday is 0. */
function firstWeekday(tag: string): number {
  const locale = new Intl.Locale(tag) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } };
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
}

function isoOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
