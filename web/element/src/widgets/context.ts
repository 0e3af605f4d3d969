import type { View } from '../views/view';
import type * as P from '../wire/protocol';

/** What the components of one widget share. */
export interface WidgetContext {
  view: View;
  /** An answer is being given, or an action of this widget. */
  busy: boolean;
  /** The component whose action is under way: it shows so. */
  pending: unknown;
  /** Something was done. `source`: the component; `values`: what is sent along beside the action's own payload. */
  act(action: P.ActionConfig, source: unknown, values: Record<string, unknown>): void;
  /** Whether nothing can be done with this action now. */
  isBlocked(action: P.ActionConfig | undefined): boolean;
}

/** The values of a form's fields by name; a name that occurs several times has a list. */
export function formValues(form: HTMLFormElement): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of form.querySelectorAll<HTMLInputElement>('[name]')) {
    const { name } = field;
    if (field.form !== form || field.disabled) continue;
    if (field.type === 'checkbox') values[name] = field.checked;
    else if (field.type !== 'radio') values[name] = field.value;
    else if (field.checked || !(name in values)) values[name] = field.checked ? field.value : '';
  }
  return values;
}
