import { html, nothing } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import type * as P from '../wire/protocol';
import { icon } from './icon';
import { dialogFocus } from './focus';
import { isAgain, takeEscape } from './gestures';
import { notice } from './notice';
import { titleOf } from './title';
import type { View } from './view';

/** The visitor's conversations, over the chat. */
export function history(view: View): unknown {
  const { session, locale } = view;
  const { history: list } = session;
  // A list that ends above the edge cannot be scrolled to its end. Its lines are not there yet.
  const fill = (lines?: Element) => lines !== undefined && queueMicrotask(() => isNearEnd(lines) && void list.more());
  return html`
    <section class="history" role="dialog" aria-label=${locale.text('history')}
      ${dialogFocus(() => list.hide())}>
      <header class="header">
        <div class="side">
          <button class="icon" aria-label=${locale.text('back')} @click=${() => list.hide()}>${icon('back-large')}</button>
        </div>
        <h2 class="title">${locale.text('history')}</h2>
        <div class="side end"></div>
      </header>
      ${repeat(list.notices.all, (one) => one, (one) => notice(view, one, () => list.notices.remove(one)))}
      <ul class="threads" ${ref(fill)} @scroll=${(event: Event) => isNearEnd(event.currentTarget as Element) && void list.more()}>
        ${repeat(list.threads, (thread) => thread.id, (thread) => entry(view, thread))}
        ${list.isLoading ? html`<li class="quiet" role="status">${locale.text('loading')}</li>` : nothing}
        ${list.hasFailed
          ? html`<li class="quiet" role="alert">${locale.text('historyFailed')}
              <button class="text" @click=${() => void list.refresh()}>${locale.text('retry')}</button></li>`
          : nothing}
        ${!list.isLoading && !list.hasFailed && list.threads.length === 0
          ? html`<li class="quiet">${locale.text('historyEmpty')}</li>`
          : nothing}
      </ul>
    </section>
  `;
}

function entry(view: View, thread: P.Thread): unknown {
  const { options, session, locale } = view;
  const { showDelete = true, showRename = true } = options.history ?? {};
  const title = titleOf(thread) || locale.text('untitled');
  const isOpen = session.chat.threadId === thread.id;
  return html`<li class="entry ${isOpen ? 'current' : ''}">
    <button class="open" aria-current=${isOpen} @click=${() => open(view, thread.id)}>
      <span class="name" dir="auto">${title}</span>${begun(view, thread)}
    </button>
    ${showRename
      ? html`<button class="icon" data-rename aria-label="${locale.text('rename')}: ${title}" @click=${(event: Event) => startRename(event)}>
          ${icon('write')}</button>`
      : nothing}
    ${showDelete
      ? html`<button class="icon" data-delete aria-label="${locale.text('delete')}: ${title}" @click=${askFirst}>
          ${icon('trash')}</button>`
      : nothing}
    <div class="confirm" role="group" aria-label="${locale.text('deleteConfirm')} ${title}" hidden
      @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && endAsking(event)}>
      <span>${locale.text('deleteConfirm')}</span>
      <div class="buttons">
        <button class="text" @click=${endAsking}>${locale.text('cancel')}</button>
        <button class="text danger" @click=${(event: MouseEvent) => isAgain(event) || void remove(view, thread, event)}>${locale.text('delete')}</button>
      </div>
    </div>
    <form class="rename" hidden @submit=${(event: SubmitEvent) => void rename(view, thread, event)}
      @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && !event.isComposing && endRename(event)}>
      <input name="title" dir="auto" maxlength="255" required aria-label=${locale.text('rename')} .defaultValue=${titleOf(thread)} />
      <button class="icon" aria-label=${locale.text('save')}>${icon('check')}</button>
    </form>
  </li>`;
}

function open({ session }: View, id: string): void {
  session.history.hide();
  void session.chat.open(id);
}

function startRename(event: Event): void {
  const form = formOf(event);
  // What was written before and thrown away is not offered again.
  form.reset();
  form.hidden = false;
  form.querySelector('input')?.select();
}

function endRename(event: Event): void {
  takeEscape(event);
  const form = formOf(event);
  form.hidden = true;
  focusOn(form, '[data-rename]');
}

/** What had the focus is hidden now: it goes back to the button that opened it. */
function focusOn(inside: Element, button: string): void {
  inside.closest('li')!.querySelector<HTMLElement>(button)?.focus();
}

function formOf(event: Event): HTMLFormElement {
  return (event.currentTarget as Element).closest('li')!.querySelector('form')!;
}

/** Within the list: a browser's own dialog stops the page, and frames may not have one. */
function askFirst(event: Event): void {
  const question = questionOf(event);
  question.hidden = false;
  question.querySelector('button')?.focus();
}

function endAsking(event: Event): void {
  takeEscape(event);
  const question = questionOf(event);
  question.hidden = true;
  focusOn(question, '[data-delete]');
}

function questionOf(event: Event): HTMLElement {
  return (event.currentTarget as Element).closest('li')!.querySelector('.confirm')!;
}

async function rename({ session }: View, thread: P.Thread, event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const title = String(new FormData(form).get('title') ?? '').trim();
  // It is on its way already.
  if (title === '' || form.ariaBusy === 'true') return;
  form.ariaBusy = 'true';
  const renamed = await session.history.rename(thread.id, title);
  form.ariaBusy = null;
  // What was typed stays, to be saved once more.
  if (renamed === null) return;
  if (session.chat.thread?.id === thread.id) session.chat.thread = { ...session.chat.thread, title: renamed.title };
  if (form.hidden) return;
  form.hidden = true;
  focusOn(form, '[data-rename]');
}

async function remove({ session }: View, thread: P.Thread, event: Event): Promise<void> {
  const line = (event.currentTarget as Element).closest('li')!;
  const question = questionOf(event);
  // It is on its way already.
  if (question.ariaBusy === 'true') return;
  question.ariaBusy = 'true';
  const isGone = await session.history.delete(thread.id);
  question.ariaBusy = null;
  if (!isGone) return;
  if (line.matches(':focus-within')) leave(line);
  if (session.chat.threadId === thread.id) await session.chat.open(null);
}

/** The line with the focus goes: the keyboard goes on beside it, and does not leave the list. */
function leave(line: Element): void {
  const beside = [line.nextElementSibling, line.previousElementSibling].map((other) => other?.querySelector<HTMLElement>('[data-delete]'));
  (beside.find((button) => button != null) ?? line.closest('.history')!.querySelector<HTMLElement>('button'))?.focus();
}

function begun(view: View, { created_at: time }: P.Thread): unknown {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? nothing : html`<time datetime=${time}>${day(view, date)}</time>`;
}

function day({ locale }: View, date: Date): string {
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
  if (days === 0) return locale.text('today');
  if (days === 1) return locale.text('yesterday');
  return date.toLocaleDateString(locale.formatTag, { day: 'numeric', month: 'short', year: 'numeric' });
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Nobody is near the end of a list that is not seen. */
function isNearEnd(list: Element): boolean {
  return list.clientHeight > 0 && list.scrollTop + list.clientHeight > list.scrollHeight - 200;
}
