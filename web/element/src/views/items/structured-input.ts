import { html, nothing } from 'lit';
import type * as P from '../../wire/protocol';
import type { View } from '../view';
import type { Standing } from './item';

/** Questions of the assistant's, to be answered or skipped; and what was answered. */
export function structuredInput(view: View, one: P.StructuredInputItem, { busy }: Standing): unknown {
  if (one.status !== 'pending') {
    return html`<dl class="answers">${one.inputs.map((input) => answered(view, input))}</dl>`;
  }
  const { locale, session } = view;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void session.chat.answerQuestions(one.id, submission(one, event.currentTarget as HTMLFormElement));
  };
  const skip = () => void session.chat.answerQuestions(one.id, { status: 'skipped', answers: {} });
  return html`<form class="questions" @submit=${submit}>
    <fieldset ?disabled=${busy}>
      ${one.inputs.map((input) => (input.type === 'freeform' ? freeform(input) : choice(view, input)))}
      <div class="buttons">
        <button class="primary">${locale.text('submit')}</button>
        <button type="button" class="text" @click=${skip}>${locale.text('skip')}</button>
      </div>
    </fieldset>
  </form>`;
}

function freeform(input: P.FreeformInput): unknown {
  return html`<label class="question">
    <span>${input.question}</span>
    ${input.description === undefined ? nothing : html`<small>${input.description}</small>`}
    <textarea name=${input.id} rows="2"></textarea>
  </label>`;
}

function choice({ locale }: View, input: P.MultipleChoiceInput): unknown {
  const type = input.multiple ? 'checkbox' : 'radio';
  return html`<fieldset class="question">
    <legend>${input.question}</legend>
    ${input.options.map(
      ({ value }) => html`<label class="option"><input type=${type} name=${input.id} value=${value} /><span>${value}</span></label>`,
    )}
    <label class="option"><span class="unseen">${locale.text('other')}</span>
      <input type="text" name="${input.id} other" placeholder=${locale.text('other')} /></label>
  </fieldset>`;
}

/** What the form holds. A question without an answer was skipped. */
function submission(one: P.StructuredInputItem, form: HTMLFormElement): P.StructuredInputSubmission {
  const data = new FormData(form);
  const answers = one.inputs.map((input) => {
    const other = String(data.get(`${input.id} other`) ?? '').trim();
    const chosen = data.getAll(input.id).map(String).filter((value) => value.trim() !== '');
    const single = input.type === 'multiple_choice' && !input.multiple;
    const values = other === '' ? chosen : single ? [other] : [...chosen, other];
    return [input.id, { values, skipped: values.length === 0 }] as const;
  });
  return { status: 'answered', answers: Object.fromEntries(answers) };
}

function answered({ locale }: View, input: P.StructuredInput): unknown {
  const { answer } = input;
  const words = answer === undefined || answer.skipped ? locale.text('skipped') : answer.values.join(', ');
  return html`<dt>${input.question}</dt><dd>${words}</dd>`;
}
