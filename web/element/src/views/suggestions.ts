import type { Command, Entity } from '@openai/chatkit';
import { asTag } from '../chat/composer';
import { callbackError } from '../wire/errors';
import { builtInCommands, type BuiltInCommand } from './built-in-commands';
import type { ComposerInput } from './composer-input';
import type { Choice } from './menu';
import type { View } from './view';

/** How long after the last letter the page is asked. */
const REST = 120;
const SIGNS = { entity: '@', command: '/' };

/** The list above the composer: entities for `@`, commands for `/`. */
export class Suggestions {
  choices: Choice[] = [];
  active = 0;
  kind: 'entity' | 'command' = 'entity';
  private entities: Entity[] = [];
  private commands: (Command | BuiltInCommand)[] = [];
  private range: Range | null = null;
  private asked = 0;
  private searching: Promise<void> | null = null;

  constructor(private readonly view: () => View) {}

  get isOpen(): boolean {
    return this.choices.length > 0;
  }

  close(): void {
    this.asked++;
    this.choices = [];
    this.view().changes.mark();
  }

  move(step: number): void {
    this.active = (this.active + step + this.choices.length) % this.choices.length;
    this.view().changes.mark();
  }

  /** The visitor wrote something: it may be the beginning of a tag or of a command. */
  look(input: ComposerInput): void {
    this.searching = this.search(input);
  }

  private async search(input: ComposerInput): Promise<void> {
    const asked = ++this.asked;
    const { options } = this.view();
    const word = input.wordBeforeCaret;
    const sign = word?.text[0];
    const isSearched = sign === '@' ? options.entities?.onTagSearch !== undefined : sign === '/' && options.commands?.enabled === true;
    if (word === null || !isSearched) return this.isOpen ? this.close() : undefined;
    // Whoever clicks on what was found before means all that is written by now.
    if (this.isOpen && sign === SIGNS[this.kind]) this.range = word.range;
    await new Promise((done) => setTimeout(done, REST));
    if (asked !== this.asked) return;
    try {
      const query = word.text.slice(1);
      const found = sign === '@' ? await searched('onTagSearch', () => options.entities!.onTagSearch!(query)) : await this.searchCommands(input, query);
      if (asked !== this.asked) return;
      this.range = word.range;
      if (sign === '@') this.showEntities(found as Entity[]);
      else this.showCommands(found as Command[]);
    } catch (error) {
      // Pages give up a search when the next one begins.
      if (asked !== this.asked) return;
      this.close();
      this.view().emit('chatkit.error', { error });
    }
  }

  /** Takes the line that is marked, or the one that was clicked. */
  async pick(input: ComposerInput, clicked?: number): Promise<void> {
    // Whoever writes and presses Enter at once means what they wrote, and not what was found before.
    if (clicked === undefined) await this.searching;
    const at = clicked ?? this.active;
    const [entity, command] = [this.entities[at], this.commands[at]];
    const { range } = this;
    if (!this.isOpen) return;
    if (this.kind === 'entity') {
      this.close();
      if (entity !== undefined) input.insert(asTag(entity), range);
      return;
    }
    if (command === undefined) return;
    this.close();
    range?.deleteContents();
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    if ('run' in command) return command.run();
    try {
      const next = await this.view().options.commands?.onSelect?.(command);
      if (next?.type === 'entity') {
        // The page may have set another text meanwhile.
        const isThere = range !== null && input.contains(range.startContainer);
        input.insert(asTag(next.entity), isThere ? range : null);
      } else if (next?.type === 'menu') {
        this.range = range;
        this.showCommands(next.commands);
      }
    } catch (thrown) {
      this.view().emit('chatkit.error', { error: callbackError('onSelect', thrown) });
    }
  }

  /** The page's and our own, which do not need the page. */
  private async searchCommands(input: ComposerInput, query: string): Promise<(Command | BuiltInCommand)[]> {
    const [view, { asked }] = [this.view(), this];
    const found = await searched('onSearch', () => view.options.commands?.onSearch?.(query)).catch((error: unknown) => {
      if (asked === this.asked) view.emit('chatkit.error', { error });
      return [];
    });
    return [...found, ...builtInCommands(view, input, query)];
  }

  private showEntities(found: Entity[]): void {
    this.kind = 'entity';
    this.entities = found;
    this.show(found.map(({ id, title, icon, group }) => ({ id, label: title, icon, group })));
  }

  private showCommands(found: (Command | BuiltInCommand)[]): void {
    this.kind = 'command';
    this.commands = found;
    this.show(found);
  }

  private show(choices: Choice[]): void {
    this.choices = choices;
    this.active = 0;
    this.view().changes.mark();
  }
}

/** What the page finds; nothing where it returns nothing. */
async function searched<T>(name: string, search: () => Promise<T[]> | T[] | undefined): Promise<T[]> {
  try {
    return (await search()) ?? [];
  } catch (thrown) {
    throw callbackError(name, thrown);
  }
}
