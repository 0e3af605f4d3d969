import { html, LitElement, nothing, type PropertyValues } from 'lit';
import type * as P from '../wire/protocol';
import { place } from './popup';

/** How many of what fits a search are listed. Who looks for another one writes a letter more. */
const LISTED = 100;

let lists = 0;

/** A choice from many: a field to search in, and a list of what fits. Its value takes part in its form. */
export class ComboboxElement extends LitElement {
  static readonly formAssociated = true;
  static override properties = {
    options: {}, initial: {}, names: {}, placeholder: {}, disabled: { type: Boolean, reflect: true }, query: { state: true }, active: { state: true },
  };

  readonly type = 'combobox';
  declare options: P.SelectOption[];
  /** The value until somebody chooses another. */
  declare initial: string;
  declare names: { label?: string; labelledBy?: string };
  declare placeholder: string;
  declare disabled: boolean;
  /** What is searched for; `null`: the list is shut. */
  private declare query: string | null;
  private declare active: number;
  private readonly internals = this.attachInternals();
  private readonly list = `chatkitd-list-${++lists}`;
  private chosen: string | null = null;

  constructor() {
    super();
    this.options = [];
    this.initial = '';
    this.names = {};
    this.placeholder = '';
    this.disabled = false;
    this.query = null;
    this.active = 0;
    // That of its label, or beside the letters.
    this.addEventListener('click', ({ target }) => target === this && this.focus());
  }

  get name(): string {
    return this.getAttribute('name') ?? '';
  }

  get form(): HTMLFormElement | null {
    return this.internals.form;
  }

  get value(): string {
    return this.chosen ?? this.initial;
  }

  set value(value: string) {
    this.chosen = value;
    this.requestUpdate();
  }

  override focus(options?: FocusOptions): void {
    this.field?.focus(options);
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): unknown {
    const isOpen = this.query !== null;
    const shown = this.query ?? this.options.find(({ value }) => value === this.value)?.label ?? '';
    const { label, labelledBy } = this.names;
    return html`<input role="combobox" type="text" autocomplete="off" aria-autocomplete="list" aria-expanded=${isOpen} aria-controls=${this.list}
        aria-activedescendant=${isOpen && this.found.length > 0 ? `${this.list}-${this.active}` : nothing} aria-label=${label ?? nothing} aria-labelledby=${labelledBy ?? nothing}
        placeholder=${this.placeholder} ?disabled=${this.disabled} .value=${shown} @input=${this.search} @change=${stop} @click=${this.open} @keydown=${this.onKey} @blur=${this.shut} />
      <ul class="choices picker" id=${this.list} role="listbox" popover="manual" aria-label=${label ?? nothing} aria-labelledby=${labelledBy ?? nothing} @mousedown=${keepFocus}>
        ${isOpen ? this.found.map((option, at) => this.line(option, at)) : nothing}
      </ul>`;
  }

  protected override updated(changed: PropertyValues): void {
    this.internals.setFormValue(this.value);
    const list = this.querySelector<HTMLElement>('[popover]')!;
    const isShown = this.query !== null && this.found.length > 0;
    if (isShown !== list.matches(':popover-open')) list.togglePopover(isShown);
    if (!isShown) return;
    list.style.minWidth = `${this.offsetWidth}px`;
    place(list, this);
    if (changed.has('active' as keyof this)) list.querySelector('.active')?.scrollIntoView({ block: 'nearest' });
  }

  private line(option: P.SelectOption, at: number): unknown {
    return html`<li role="option" id="${this.list}-${at}" class=${at === this.active ? 'active' : ''} aria-selected=${option.value === this.value}
      aria-disabled=${option.disabled ?? false} @click=${() => this.pick(option)}><span class="name">${option.label}
      ${option.description === undefined ? nothing : html`<small class="about">${option.description}</small>`}</span></li>`;
  }

  private get field(): HTMLInputElement | null {
    return this.querySelector('input');
  }

  private get found(): P.SelectOption[] {
    const wanted = (this.query ?? '').trim().toLocaleLowerCase();
    return this.options.filter(({ label, description }) => `${label} ${description ?? ''}`.toLocaleLowerCase().includes(wanted)).slice(0, LISTED);
  }

  private readonly search = (event: Event): void => {
    event.stopPropagation();
    this.query = this.field!.value;
    this.active = 0;
  };

  private readonly open = (): void => {
    if (this.query !== null || this.disabled) return;
    this.query = '';
    this.active = Math.max(0, this.found.findIndex(({ value }) => value === this.value));
  };

  private readonly shut = (): void => {
    this.query = null;
  };

  private pick(option: P.SelectOption | undefined): void {
    if (option === undefined || option.disabled) return;
    this.query = null;
    if (option.value === this.value) return;
    this.value = option.value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    // The keys of an input method; 229: Safari sends the Enter that ends a word after the end of the word.
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { length } = this.found;
    if (step !== undefined && this.query === null) this.open();
    else if (step !== undefined && length > 0) this.active = (this.active + step + length) % length;
    else if (event.key === 'Enter' && this.query !== null) this.pick(this.found[this.active]);
    else if (event.key === 'Escape' && this.query !== null) this.shut();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** The field's own change is no choice yet. */
function stop(event: Event): void {
  event.stopPropagation();
}

function keepFocus(event: Event): void {
  event.preventDefault();
}
