import type { Command } from '@openai/chatkit';
import { Dictation } from '../chat/dictation';
import type { ComposerInput } from './composer-input';
import type { View } from './view';

/** A command of the element's own. */
export interface BuiltInCommand extends Omit<Command, 'icon'> {
  icon?: string;
  run(): void;
}

/** What the composer can do by itself, as far as the options allow it, and as far as its name has `query` in it. */
export function builtInCommands(view: View, input: ComposerInput, query: string): BuiltInCommand[] {
  const wanted = query.toLocaleLowerCase();
  const all = [...fields(view, input), ...tools(view), ...models(view)];
  return all.filter(({ label }) => label.toLocaleLowerCase().includes(wanted));
}

function fields({ options, session, locale, host }: View, input: ComposerInput): BuiltInCommand[] {
  const { attachments, dictation } = options.composer ?? {};
  const found: BuiltInCommand[] = [];
  if (attachments?.enabled === true) {
    const run = () => host.shadowRoot?.querySelector<HTMLInputElement>('input[type="file"]')?.click();
    found.push({ id: 'attach', label: locale.text('attach'), icon: 'attach', run });
  }
  if (options.entities?.onTagSearch !== undefined) {
    found.push({ id: 'mention', label: locale.text('mention'), icon: 'mention', run: () => input.beginMention() });
  }
  if (dictation?.enabled === true && Dictation.isPossible) {
    found.push({ id: 'dictate', label: locale.text('dictate'), icon: 'microphone', run: () => void session.dictation.start() });
  }
  return found;
}

function tools({ options, session }: View): BuiltInCommand[] {
  const all = options.composer?.tools ?? [];
  return all.map(({ id, label, icon }) => ({ id, label, icon, run: () => session.composer.selectTool(id) }));
}

function models({ options, session: { composer } }: View): BuiltInCommand[] {
  const all = options.composer?.models ?? [];
  const others = all.filter((model) => model.disabled !== true && model.id !== composer.model);
  return others.map(({ id, label, description }) => ({ id, label, description, run: () => composer.selectModel(id) }));
}
