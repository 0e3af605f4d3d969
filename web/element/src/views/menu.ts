import { html, nothing } from 'lit';
import { icon } from './icon';

/** One line of a menu. */
export interface Choice {
  id: string;
  label: string;
  description?: string;
  icon?: string;
  group?: string;
  disabled?: boolean;
  checked?: boolean;
}

/** A list to choose from. `active`: the line that Enter takes, for lists that a field drives (`aria-activedescendant`). */
export function choices(all: Choice[], label: string, pick: (choice: Choice) => void, active = -1): unknown {
  let group: string | undefined;
  return html`<ul class="choices" role="listbox" aria-label=${label} id="choices">
    ${all.map((choice, at) => {
      const heading = choice.group !== group && choice.group !== undefined ? html`<li class="group" role="presentation">${choice.group}</li>` : nothing;
      group = choice.group;
      return html`${heading}
        <li role="option" id="choice-${at}" class=${at === active ? 'active' : ''} aria-selected=${choice.checked ?? at === active}
          aria-disabled=${choice.disabled ?? false} @mousedown=${(event: Event) => event.preventDefault()}
          @click=${() => choice.disabled || pick(choice)}>
          ${choice.icon === undefined ? nothing : icon(choice.icon)}
          <span class="name">${choice.label}</span>
          ${choice.description === undefined ? nothing : html`<span class="about">${choice.description}</span>`}
          ${choice.checked ? icon('check') : nothing}
        </li>`;
    })}
  </ul>`;
}

/** A button that opens a list above itself. */
export function menuButton(label: string, face: unknown, all: Choice[], pick: (choice: Choice) => void): unknown {
  const toggle = (event: Event) => {
    const menu = (event.currentTarget as Element).nextElementSibling as HTMLElement;
    menu.togglePopover();
  };
  const picked = (choice: Choice, event: Event) => {
    ((event.target as Element).closest('[popover]') as HTMLElement | null)?.hidePopover();
    pick(choice);
  };
  return html`<span class="menu">
    <button type="button" class="chip" aria-haspopup="menu" aria-label=${label} @click=${toggle} @keydown=${openWithArrow}>${face}</button>
    <div class="popup" popover role="menu" aria-label=${label} @keydown=${moveWithArrows} @toggle=${focusFirst}>
      ${all.map(
        (choice) => html`<button type="button" role="menuitemradio" aria-checked=${choice.checked ?? false} ?disabled=${choice.disabled}
          @click=${(event: Event) => picked(choice, event)}>
          ${choice.icon === undefined ? nothing : icon(choice.icon)}
          <span class="name">${choice.label}</span>
          ${choice.description === undefined ? nothing : html`<span class="about">${choice.description}</span>`}
          ${choice.checked ? icon('check') : nothing}
        </button>`,
      )}
    </div>
  </span>`;
}

function openWithArrow(event: KeyboardEvent): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  event.preventDefault();
  (event.currentTarget as HTMLElement).click();
}

function moveWithArrows(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLElement;
  // The browser closes the menu; whatever is around it stays.
  if (event.key === 'Escape') event.stopPropagation();
  const lines = [...menu.querySelectorAll<HTMLElement>('button:not([disabled])')];
  const now = lines.indexOf((menu.getRootNode() as ShadowRoot).activeElement as HTMLElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  lines.at((now + step + lines.length) % lines.length)?.focus();
}

/** Puts the list where its button is: a popover lies in the top layer, away from it. */
function focusFirst(event: ToggleEvent): void {
  if (event.newState !== 'open') return;
  const menu = event.currentTarget as HTMLElement;
  const button = menu.previousElementSibling!.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(button.left, innerWidth - width - 8))}px`;
  menu.style.top = `${button.top - height - 6 > 0 ? button.top - height - 6 : button.bottom + 6}px`;
  menu.querySelector<HTMLElement>('[aria-checked="true"], button:not([disabled])')?.focus();
}
