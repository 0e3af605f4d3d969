import { html } from 'lit';
import type { WidgetContext } from './context';
import { styled, type Styles } from './style';

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** A form was submitted: the form if its fields are right, else `null`. */
export function submitted(event: SubmitEvent): HTMLFormElement | null {
  event.preventDefault();
  event.stopPropagation();
  const form = event.currentTarget as HTMLFormElement;
  return isValid(form) ? form : null;
}

/** Whether all fields are right. Those that are not say why, and the first of them gets the focus, so that it is read out. */
export function isValid(form: HTMLFormElement): boolean {
  for (const field of form.elements) matchPattern(field as Field);
  if (form.checkValidity()) return true;
  const fields = [...form.elements] as Field[];
  fields.find((field) => field.willValidate && !field.validity.valid)?.focus();
  return false;
}

/** A control with a line below it, for what is wrong with its value. */
export function slot(context: WidgetContext, control: unknown, shape = '', styles: Styles = {}): unknown {
  return html`<div class="slot ${shape}" ${styled(styles)} @input=${recheck} @change=${recheck} @invalid=${{ handleEvent: complain, capture: true }}>
    ${control}<p class="problem" id=${problemId(context)} hidden></p>
  </div>`;
}

/** The pattern of a field. One that is no regular expression asks nothing, as in HTML; whoever debugs the page learns of it. */
export function patternOf(context: WidgetContext, { pattern }: { pattern?: string }): string | undefined {
  if (typeof pattern !== 'string') return undefined;
  try {
    RegExp(pattern, 'v');
    return pattern;
  } catch (error) {
    context.report('widget.broken_pattern', { pattern, error: String(error) });
    return undefined;
  }
}

/** What `aria-describedby` of a control in a `slot` names. */
export function problemId(context: WidgetContext): string {
  return context.id(`${context.path} problem`);
}

/** The browser found a value wrong. It has words for that in the visitor's language. */
function complain(event: Event): void {
  event.preventDefault();
  const field = event.target as Field;
  say(event.currentTarget as Element, field.validationMessage);
}

/** What was wrong is looked at again while it is mended, and not before. */
function recheck(event: Event): void {
  const [line, field] = [event.currentTarget as Element, event.target as Field];
  matchPattern(field);
  if (!problem(line).hidden) say(line, field.validationMessage);
}

/** Fields of several lines know no pattern. They keep it at hand, and a field of one line lends its words. */
function matchPattern(field: Field): void {
  const { pattern } = field.dataset;
  if (pattern === undefined) return;
  const isWrong = field.value !== '' && !new RegExp(`^(?:${pattern})$`, 'v').test(field.value);
  const model = Object.assign(document.createElement('input'), { pattern: '[]', value: '?' });
  field.setCustomValidity(isWrong ? model.validationMessage : '');
}

function say(line: Element, message: string): void {
  const words = problem(line);
  words.textContent = message;
  words.hidden = message === '';
  for (const field of line.querySelectorAll('[name]')) field.setAttribute('aria-invalid', String(message !== ''));
}

function problem(line: Element): HTMLElement {
  return line.querySelector<HTMLElement>('.problem')!;
}
