import { html, nothing } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { hasClosed, keepEscape, place, press } from '../widgets/popup';
import { icon } from './icon';

/** One line of a menu. */
export interface Choice {
  id: string;
  label: string;
  description?: string | null;
  icon?: string | null;
  group?: string | null;
  disabled?: boolean;
  checked?: boolean;
}

/**
 * A list to choose from, driven by a field that keeps the focus (`aria-activedescendant`). `active`: the line that Enter
 * takes. Since it scrolls it is in the order of Tab; who comes to it that way is led to its field, where its keys are.
 */
export function choices(all: Choice[], label: string, pick: (choice: Choice) => void, active = -1): unknown {
  let group: string | null | undefined;
  return html`<ul class="choices" role="listbox" aria-label=${label} id="choices" tabindex="0" @focus=${toField} @mousedown=${stay}>
    ${all.map((choice, at) => {
      const heading = choice.group !== group && choice.group != null ? html`<li class="group" role="presentation">${choice.group}</li>` : nothing;
      group = choice.group;
      return html`${heading}
        <li role="option" id="choice-${at}" class=${at === active ? 'active' : ''} aria-selected=${choice.checked ?? at === active}
          aria-disabled=${choice.disabled ?? false} ${at === active ? ref(showActive) : nothing}
          @click=${() => choice.disabled || pick(choice)}>
          ${icon(choice.icon)}
          <span class="name">${choice.label}</span>
          ${choice.description == null ? nothing : html`<span class="about">${choice.description}</span>`}
          ${choice.checked ? icon('check') : nothing}
        </li>`;
    })}
  </ul>`;
}

function toField({ currentTarget }: Event): void {
  ((currentTarget as Element).getRootNode() as ShadowRoot).querySelector<HTMLElement>('[aria-controls="choices"]')?.focus();
}

/** A press on the list leaves the focus where it is. */
function stay(event: Event): void {
  event.preventDefault();
}

function showActive(line: Element | undefined): void {
  line?.scrollIntoView({ block: 'nearest' });
}

/** A button that opens a list above itself. */
export function menuButton(label: string, face: unknown, all: Choice[], pick: (choice: Choice) => void): unknown {
  const picked = (choice: Choice, event: Event) => {
    (event.currentTarget as Element).closest<HTMLElement>('[popover]')!.hidePopover();
    pick(choice);
  };
  return html`<span class="menu">
    <button type="button" class="chip" aria-haspopup="menu" aria-expanded="false" aria-label=${label} @pointerdown=${press} @click=${click} @keydown=${openWithArrow}>${face}</button>
    <div class="popup" popover role="menu" aria-label=${label} @keydown=${move} @toggle=${toggled}>
      ${all.map(
        (choice) => html`<button type="button" role="menuitemradio" tabindex="-1" aria-checked=${choice.checked ?? false} aria-disabled=${choice.disabled ?? false}
          @click=${(event: Event) => choice.disabled || picked(choice, event)}>
          ${icon(choice.icon)}
          <span class="name">${choice.label}</span>
          ${choice.description == null ? nothing : html`<span class="about">${choice.description}</span>`}
          ${choice.checked ? icon('check') : nothing}
        </button>`,
      )}
    </div>
  </span>`;
}

function menuOf(event: Event): HTMLElement {
  return (event.currentTarget as Element).nextElementSibling as HTMLElement;
}

function click(event: Event): void {
  if (!hasClosed(event)) open(menuOf(event));
}

function openWithArrow(event: KeyboardEvent): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  event.preventDefault();
  open(menuOf(event));
}

/** As the ARIA practices have it: arrows, Home, End, letters; Tab closes and goes on. Escape is the popover's own. */
function move(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLElement;
  if (event.key === 'Tab') return leave(menu);
  keepEscape(event);
  const lines = [...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
  const now = lines.indexOf((menu.getRootNode() as ShadowRoot).activeElement as HTMLElement);
  const places: Record<string, number> = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 };
  const place = places[event.key] ?? (isLetter(event) ? withLetter(lines, event.key, now) : undefined);
  if (place === undefined) return;
  event.preventDefault();
  lines.at(place % lines.length)?.focus();
}

/** From its button on: from what is hidden, a browser would begin again at the top. */
function leave(menu: HTMLElement): void {
  (menu.previousElementSibling as HTMLElement).focus();
  menu.hidePopover();
}

function isLetter({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return key.length === 1 && key !== ' ' && !ctrlKey && !metaKey && !altKey;
}

/** The next line that begins with this letter. */
function withLetter(lines: HTMLElement[], letter: string, now: number): number | undefined {
  const names = lines.map((line) => line.querySelector('.name')!.textContent!.trim().toLowerCase());
  const begins = (name: string) => name.startsWith(letter.toLowerCase());
  const after = names.findIndex((name, at) => at > now && begins(name));
  const place = after < 0 ? names.findIndex(begins) : after;
  return place < 0 ? undefined : place;
}

/** Opens the list above its button. Keys go to it at once. */
function open(menu: HTMLElement): void {
  if (menu.matches(':popover-open')) return;
  menu.showPopover();
  place(menu, menu.previousElementSibling!, 'top');
  menu.querySelector<HTMLElement>('[aria-checked="true"], [aria-disabled="false"]')?.focus();
}

function toggled(event: ToggleEvent): void {
  const menu = event.currentTarget as HTMLElement;
  const button = menu.previousElementSibling as HTMLElement;
  button.setAttribute('aria-expanded', String(event.newState === 'open'));
  if (event.newState === 'open') return;
  // What was picked may have been drawn anew, and the browser then has nothing to give the focus back to.
  const { activeElement } = menu.getRootNode() as ShadowRoot;
  if (menu.contains(activeElement) || menu.ownerDocument.activeElement === menu.ownerDocument.body) button.focus();
}
