import { html, nothing } from 'lit';
import { copyText } from '../../text/clipboard';
import { COPIED } from '../../text/code-block';
import type { Items } from '../../chat/items';
import type * as P from '../../wire/protocol';
import { icon } from '../icon';
import type { View } from '../view';

/** What can be done with an answer: copy, judge, have it given anew. */
export function answerActions(view: View, last: P.ThreadItem): unknown {
  const { options, locale, session } = view;
  const { feedback = false, retry = false } = options.threadItemActions ?? {};
  const { items, thread } = session.chat;
  const answer = answerUpTo(items, last.id);
  const text = textOf(answer);
  return html`<div class="actions" role="group">
    ${text === ''
      ? nothing
      : html`<button class="icon copy" aria-label=${locale.text('copy')} @click=${(event: Event) => void copy(view, event, text)}>${icon('copy')}${icon('check')}</button>`}
    ${feedback ? html`${judge(view, answer, 'positive')} ${judge(view, answer, 'negative')}` : nothing}
    ${retry && thread !== null && (thread.status?.type ?? 'active') === 'active'
      ? html`<button class="icon" aria-label=${locale.text('retry')} @click=${() => retryAnswer(view, last.id)}>${icon('reload')}</button>`
      : nothing}
  </div>`;
}

function judge(view: View, answer: P.ThreadItem[], kind: P.FeedbackKind): unknown {
  const word = view.locale.text(kind === 'positive' ? 'feedbackGood' : 'feedbackBad');
  const send = async (event: Event) => {
    const group = (event.currentTarget as HTMLElement).parentElement!;
    show(group, kind);
    try {
      await view.session.chat.feedback(answer.map((one) => one.id), kind);
      group.dataset['judged'] = kind;
    } catch {
      // The visitor is told. The server has what it had.
      show(group, group.dataset['judged']);
    }
  };
  return html`<button class="icon" data-feedback=${kind} aria-label=${word} aria-pressed="false" @click=${send}>
    ${icon(kind === 'positive' ? 'thumbs-up' : 'thumbs-down')}
  </button>`;
}

function show(group: HTMLElement, judgement: string | undefined): void {
  for (const one of group.querySelectorAll<HTMLElement>('[data-feedback]')) one.setAttribute('aria-pressed', String(one.dataset['feedback'] === judgement));
}

function retryAnswer({ session: { chat } }: View, id: string): void {
  for (const one of chat.items.backFrom(id)) {
    if (one.type === 'user_message') return void chat.retryAfter(one.id);
  }
}

/** What the assistant said in one go, up to this item. */
function answerUpTo(items: Items, id: string): P.ThreadItem[] {
  const answer: P.ThreadItem[] = [];
  for (const one of items.backFrom(id)) {
    if (one.type === 'user_message') break;
    answer.unshift(one);
  }
  return answer;
}

function textOf(answer: P.ThreadItem[]): string {
  return answer
    .flatMap((one) => {
      if (one.type === 'assistant_message') return one.content.map((part) => part.text);
      return one.type === 'widget' ? (one.copy_text ?? '') : '';
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

async function copy({ latest }: View, event: Event, text: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  if (!(await copyText(text, button.ownerDocument))) return;
  const say = (isDone: boolean) => {
    button.classList.toggle('done', isDone);
    button.ariaLabel = latest().locale.text(isDone ? 'copied' : 'copy');
  };
  say(true);
  setTimeout(() => say(false), COPIED);
}
