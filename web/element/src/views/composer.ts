import { html, nothing } from 'lit';
import { Dictation } from '../chat/dictation';
import { entityOf, type Upload } from '../chat/composer';
import type { Word } from '../locale/strings';
import { safeImageUrl } from '../text/urls';
import type { ComposerInput, Tag } from './composer-input';
import { Preview } from './entity-preview';
import { isAgain } from './gestures';
import { icon } from './icon';
import { choices, menuButton, type Choice } from './menu';
import type { Suggestions } from './suggestions';
import type { View } from './view';

/** Where the visitor writes. */
export function composer(view: View): unknown {
  const { chat } = view.session;
  const status = chat.thread?.status;
  if (status !== undefined && status.type !== 'active') return notActive(view, status.type, status.reason);
  const { suggestions: list } = view;
  return html`
    <form class="composer" @submit=${(event: Event) => submit(view, event)} @drop=${(event: DragEvent) => drop(view, event)}
      @dragover=${(event: DragEvent) => bringsFiles(view, event) && event.preventDefault()}
      @focusout=${(event: FocusEvent) => stays(event) || list.close()}>
      ${list.isOpen
        ? choices(list.choices, view.locale.text(list.kind === 'entity' ? 'mention' : 'commands'),
            (choice) => void list.pick(field(view), list.choices.indexOf(choice)), list.active)
        : nothing}
      ${quote(view)} ${uploads(view)} ${writing(view, list)}
      <div class="tools">${attachButton(view)} ${mentionButton(view)} ${tools(view)} ${models(view)}
        <div class="end">${dictation(view)} ${sendOrStop(view)}</div></div>
    </form>
  `;
}

function notActive(view: View, type: string, reason: string | undefined): unknown {
  return html`<p class="not-active" role="status">${icon('info')} ${reason ?? view.locale.text(type === 'locked' ? 'locked' : 'closed')}</p>
    ${isRecording(view) ? html`<div class="tools"><div class="end">${recording(view)}</div></div>` : nothing}`;
}

function writing(view: View, list: Suggestions): unknown {
  const { options, session, locale } = view;
  const tool = options.composer?.tools?.find((one) => one.id === session.composer.toolId);
  const placeholder = tool?.placeholderOverride ?? options.composer?.placeholder ?? locale.text('ask');
  return html`<chatkitd-input
    data-composer aria-label=${placeholder} data-placeholder=${placeholder} data-empty=${session.composer.text === ''}
    aria-autocomplete="list" aria-controls=${list.isOpen ? 'choices' : nothing} aria-activedescendant=${list.isOpen ? `choice-${list.active}` : nothing}
    .onTag=${(node: HTMLElement, tag: Tag) => tagShown(view, node, tag)}
    .content=${session.composer.content}
    @input=${(event: Event) => {
      session.composer.setContent((event.currentTarget as ComposerInput).content);
      list.look(event.currentTarget as ComposerInput);
    }}
    @paste=${(event: ClipboardEvent) => addFiles(view, event.clipboardData?.files)}
    @keydown=${(event: KeyboardEvent) => key(view, list, event)}
  ></chatkitd-input>`;
}

/** A tag can be pointed at and clicked before it is sent, too. The page may have set other options by then. */
function tagShown({ latest }: View, node: HTMLElement, tag: Tag): void {
  if (tag.interactive !== true) return;
  const entity = () => entityOf(tag as Parameters<typeof entityOf>[0]);
  new Preview(node, latest, entity);
  node.addEventListener('click', () => latest().options.entities?.onClick?.(entity()));
}

/** Whether the focus goes to another part of the same. */
function stays({ currentTarget, relatedTarget }: FocusEvent): boolean {
  return (currentTarget as Element).contains(relatedTarget as Element | null);
}

function key(view: View, list: Suggestions, event: KeyboardEvent): void {
  const input = event.currentTarget as ComposerInput;
  // 229: Safari sends the Enter that ends a word after the end of the word.
  if (input.isComposing || event.isComposing || event.keyCode === 229) return;
  // A key that is held has done what it was pressed for.
  if (event.repeat && (event.key === 'Escape' || (event.key === 'Enter' && !event.shiftKey))) return event.preventDefault();
  if (list.isOpen) {
    const acts: Record<string, () => void> = {
      ArrowDown: () => list.move(1),
      ArrowUp: () => list.move(-1),
      Enter: () => void list.pick(input),
      Tab: () => void list.pick(input),
      Escape: () => list.close(),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  } else if (event.key === 'Enter' && !event.shiftKey) {
    submit(view, event);
  } else if (event.key === 'Escape' && view.session.chat.canStop) {
    // A page that closes the chat on Escape leaves this one to it.
    event.preventDefault();
    void view.session.chat.stop();
  }
}

function submit(view: View, event: Event): void {
  event.preventDefault();
  const { chat, composer: draft } = view.session;
  if (chat.isAnswering || !draft.isReady) return;
  // What was searched for, or still is, belongs to this message.
  view.suggestions.close();
  void chat.send(draft.take());
}

/** Whose last press of a pointer was on Stop. */
const heldStops = new WeakSet<object>();

/** One stands where the other stood: a click that began on that one, or a double one on it, is not for this one. */
function sendOrStop({ session, locale }: View): unknown {
  const { chat, composer: draft } = session;
  if (!chat.isAnswering) {
    const press = () => void heldStops.delete(session);
    const click = (event: MouseEvent) => {
      // Keys and assistive technology click without a pointer.
      if (event.detail > 0 && (heldStops.has(session) || isAgain(event))) event.preventDefault();
    };
    return html`<button class="send" aria-label=${locale.text('send')} ?disabled=${!draft.isReady} @pointerdown=${press} @click=${click}>${icon('send')}</button>`;
  }
  const press = () => void heldStops.add(session);
  const click = (event: MouseEvent) => {
    if (!isAgain(event)) void chat.stop();
  };
  return html`<button type="button" class="send stop" aria-label=${locale.text('stop')} ?disabled=${!chat.canStop}
    @pointerdown=${press} @click=${click}>${icon('stop')}</button>`;
}

function quote({ session, locale }: View): unknown {
  const { composer: draft } = session;
  if (draft.quote === null) return nothing;
  const clear = () => {
    draft.quote = null;
    draft.setContent(draft.content);
  };
  return html`<blockquote class="quote">${icon('quote')}<span>${draft.quote}</span>
    <button type="button" class="icon" aria-label=${locale.text('remove')} @click=${clear}>${icon('close')}</button></blockquote>`;
}

function uploads(view: View): unknown {
  const { composer: draft } = view.session;
  if (draft.uploads.length === 0) return nothing;
  return html`<ul class="uploads">${draft.uploads.map((one) => html`<li class=${one.state}>${upload(view, one)}</li>`)}</ul>`;
}

function upload({ session, locale }: View, one: Upload): unknown {
  const picture = one.attachment?.type === 'image' ? safeImageUrl(one.attachment.preview_url) : null;
  const reason = one.reason ?? locale.text(one.isTooLarge ? 'attachmentTooLarge' : 'attachmentFailed', { name: one.file.name });
  return html`
    ${one.preview ?? (picture ? html`<img src=${picture} alt="" width="40" height="40" />` : icon('document'))}
    <span class="name">${one.file.name}</span>
    ${one.state === 'uploading' ? html`<span class="spinner" role="status" aria-label=${locale.text('loading')}></span>` : nothing}
    ${one.state === 'failed' ? html`<span class="about" role="alert">${reason}</span>` : nothing}
    ${one.again === undefined ? nothing : html`<button type="button" class="text" @click=${one.again}>${locale.text('retry')}</button>`}
    <button type="button" class="icon" aria-label="${locale.text('remove')}: ${one.file.name}" @click=${() => void session.uploads.remove(one)}>
      ${icon('close')}</button>
  `;
}

function attachmentsEnabled({ options }: View): boolean {
  return options.composer?.attachments?.enabled === true;
}

function attachButton(view: View): unknown {
  if (!attachmentsEnabled(view)) return nothing;
  const accept = Object.entries(view.options.composer?.attachments?.accept ?? {}).flatMap(([type, ends]) => [type, ...ends]);
  const chosen = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    addFiles(view, input.files);
    input.value = '';
  };
  const open = (event: Event) => ((event.currentTarget as Element).nextElementSibling as HTMLInputElement).click();
  return html`<button type="button" class="icon" aria-label=${view.locale.text('attach')} @click=${open}>${icon('attach')}</button>
    <input type="file" multiple hidden accept=${accept.join(',') || nothing} @change=${chosen} />`;
}

/** Text that is dropped goes into the field by itself. */
function bringsFiles(view: View, { dataTransfer }: DragEvent): boolean {
  return attachmentsEnabled(view) && dataTransfer?.types.includes('Files') === true;
}

function drop(view: View, event: DragEvent): void {
  if (!bringsFiles(view, event)) return;
  event.preventDefault();
  addFiles(view, event.dataTransfer?.files);
}

function addFiles(view: View, files: FileList | null | undefined): void {
  if (attachmentsEnabled(view) && files != null) attach(view, files);
}

/** Uploads files, and says which of them cannot be sent, and why. */
export function attach(view: View, files: Iterable<File>): void {
  const words = { type: 'attachmentTypeRefused', size: 'attachmentTooLarge', count: 'attachmentTooMany' } as const;
  for (const { file, why } of view.session.uploads.add(files)) {
    view.session.chat.notices.push({ level: 'warning', message: view.locale.text(words[why], { name: file.name }) });
  }
  view.changes.mark();
}

function mentionButton(view: View): unknown {
  const { onTagSearch, showComposerMenu } = view.options.entities ?? {};
  if (onTagSearch === undefined || showComposerMenu !== true) return nothing;
  return html`<button type="button" class="icon" aria-label=${view.locale.text('mention')} @click=${() => field(view).beginMention()}>${icon('mention')}</button>`;
}

function tools(view: View): unknown {
  const { options, session, locale } = view;
  const all = options.composer?.tools ?? [];
  if (all.length === 0) return nothing;
  const chosen = session.composer.toolId;
  const toggle = (id: string) => session.composer.selectTool(id === chosen ? null : id);
  const loose = all.filter((tool) => tool.pinned !== true);
  const shown = all.filter((tool) => tool.pinned === true || tool.id === chosen);
  const lines: Choice[] = loose.map(({ id, label, icon: sign }) => ({ id, label, icon: sign, checked: id === chosen }));
  return html`
    ${loose.length === 0 ? nothing : menuButton(locale.text('tools'), icon('settings-slider'), lines, ({ id }) => toggle(id))}
    ${shown.map(
      (tool) => html`<button type="button" class="chip" aria-pressed=${tool.id === chosen} @click=${() => toggle(tool.id)}>
        ${icon(tool.icon)}<span>${tool.id === chosen ? (tool.shortLabel ?? tool.label) : tool.label}</span></button>`,
    )}
  `;
}

function models(view: View): unknown {
  const { options, session, locale } = view;
  const all = options.composer?.models ?? [];
  if (all.length === 0) return nothing;
  const chosen = session.composer.model;
  const word = locale.text('model');
  const name = all.find((model) => model.id === chosen)?.label;
  const lines: Choice[] = all.map(({ id, label, description, disabled }) => ({ id, label, description, disabled, checked: id === chosen }));
  const face = html`<span>${name ?? word}</span>${icon('chevron-down')}`;
  return menuButton(name === undefined ? word : `${word}: ${name}`, face, lines, ({ id }) => session.composer.selectModel(id));
}

function dictation(view: View): unknown {
  if (isRecording(view)) return recording(view);
  const { options, session, locale } = view;
  if (options.composer?.dictation?.enabled !== true || !Dictation.isPossible) return nothing;
  const { dictation: voice } = session;
  return html`${dictationState(view)}
    <button type="button" class="icon" aria-label=${locale.text('dictate')} ?disabled=${voice.isBusy} @click=${() => void voice.start()}>${icon('microphone')}</button>`;
}

function dictationState({ session, locale }: View): unknown {
  const problem = (word: Word) => html`<span class="about" role="alert">${locale.text(word)}</span>`;
  switch (session.dictation.state) {
    case 'cannotRecord': return problem('microphoneFailed');
    case 'cannotTranscribe': return problem('dictateFailed');
    case 'transcribing': return html`<span class="spinner" role="status" aria-label=${locale.text('loading')}></span>`;
    default: return nothing;
  }
}

/** Nobody is listened to without a way to end it, whatever else has gone meanwhile. */
function isRecording({ session }: View): boolean {
  return session.dictation.state === 'recording';
}

function recording({ session, locale }: View): unknown {
  const { dictation: voice } = session;
  return html`<span class="recording" role="status">${locale.text('dictating')}</span>
    <button type="button" class="icon" aria-label=${locale.text('cancel')} @click=${() => voice.stop({ discard: true })}>${icon('close')}</button>
    <button type="button" class="icon" aria-label=${locale.text('dictateStop')} @click=${() => voice.stop()}>${icon('check')}</button>`;
}

function field(view: View): ComposerInput {
  return view.host.shadowRoot!.querySelector<ComposerInput>('[data-composer]')!;
}
