import type { ItemUpdate, ThreadEvent, ThreadItem, WidgetComponent, WidgetRoot } from '../wire/protocol';
import { BLANK, readable } from '../wire/shape';

type Node = { id?: string; value?: string; children?: unknown };

/** Items that follow one another. It is drawn and laid out as one; a change puts a new one under the same key. */
export interface Stretch {
  readonly key: number;
  readonly items: readonly ThreadItem[];
}

/** How many items a stretch has at most: as many as can be laid out within a frame when it is scrolled to. */
const LENGTH = 40;

/**
 * The items of a thread in their order, in stretches. Each change puts a new object in an item's and its stretch's
 * place, so that a view can tell by identity what to draw anew, without looking at thousands of items.
 */
export class Items {
  private inOrder: Stretch[] = [];
  private readonly byId = new Map<string, ThreadItem>();
  /** The key of each item's stretch. */
  private readonly home = new Map<string, number>();
  /** Items that are still being written. */
  private readonly open = new Set<string>();
  private nextKey = 0;
  private firstKey = 0;

  get stretches(): readonly Stretch[] {
    return this.inOrder;
  }

  get all(): ThreadItem[] {
    return this.inOrder.flatMap(({ items }) => items);
  }

  get last(): ThreadItem | undefined {
    return this.inOrder.at(-1)?.items.at(-1);
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: string): ThreadItem | undefined {
    return this.byId.get(id);
  }

  isOpen(id: string): boolean {
    return this.open.has(id);
  }

  /** Whether anything is still being written. */
  get hasOpen(): boolean {
    return this.open.size > 0;
  }

  /** From this item back to the first. */
  *backFrom(id: string): Generator<ThreadItem> {
    const from = this.stretchOf(id);
    for (const { items } of this.inOrder.slice(0, from + 1).reverse()) {
      const end = items.findIndex((item) => item.id === id);
      yield* items.slice(0, end < 0 ? items.length : end + 1).reverse();
    }
  }

  /** Puts a page of older items in front. */
  prepend(items: ThreadItem[]): void {
    const fresh = items.filter(({ id }) => !this.byId.has(id));
    const [first, ...others] = this.inOrder;
    if (first !== undefined && first.items.length < LENGTH) {
      const fitting = fresh.splice(Math.max(0, fresh.length - LENGTH + first.items.length));
      for (const item of fitting) this.know(item, first.key);
      this.inOrder = [{ key: first.key, items: [...fitting, ...first.items] }, ...others];
    }
    const older: Stretch[] = [];
    for (let end = fresh.length; end > 0; end -= LENGTH) {
      const stretch = { key: --this.firstKey, items: fresh.slice(Math.max(0, end - LENGTH), end) };
      for (const item of stretch.items) this.know(item, stretch.key);
      older.unshift(stretch);
    }
    this.inOrder = [...older, ...this.inOrder];
  }

  /**
   * Takes over the newest items as they are now, and leaves alone what did not change. `isWhole`: nothing stands before
   * them any more. `false`: they do not go on from what is known.
   */
  renew(newest: ThreadItem[], isWhole: boolean): boolean {
    const first = newest[0];
    if (first === undefined || !this.byId.has(first.id)) return false;
    const now = new Set(newest.map(({ id }) => id));
    const known = isWhole ? this.all : this.from(first.id);
    const kept = known.filter(({ id }) => now.has(id));
    if (!kept.every(({ id }, at) => id === newest[at]!.id)) return false;
    for (const { id } of known) if (!now.has(id)) this.remove(id);
    for (const item of newest) if (JSON.stringify(item) !== JSON.stringify(this.byId.get(item.id))) this.put(item);
    return true;
  }

  /** At its place when it is there, else at the end. */
  put(item: ThreadItem, { open = false } = {}): void {
    if (open) this.open.add(item.id);
    else this.open.delete(item.id);
    if (this.byId.has(item.id)) this.replace(item);
    else this.append(item);
  }

  remove(id: string): void {
    const at = this.stretchOf(id);
    if (at < 0) return;
    const { key, items } = this.inOrder[at]!;
    const left = items.filter((item) => item.id !== id);
    this.inOrder = this.inOrder.toSpliced(at, 1, ...(left.length === 0 ? [] : [{ key, items: left }]));
    this.forget(id);
  }

  removeAfter(id: string): void {
    for (const item of this.from(id).slice(1)) this.remove(item.id);
  }

  /** Nothing is written any more. What was begun and never done goes, as it does at the server. */
  settle(): void {
    for (const id of [...this.open]) {
      const item = this.byId.get(id);
      const text = item?.type === 'assistant_message' ? item.content.map((part) => part.text).join('') : '';
      if (item === undefined || text === '') this.remove(id);
      else this.put({ ...item });
    }
  }

  /** This item and those after it. */
  private from(id: string): ThreadItem[] {
    const at = this.stretchOf(id);
    if (at < 0) return [];
    const { items } = this.inOrder[at]!;
    return [...items.slice(items.findIndex((item) => item.id === id)), ...this.inOrder.slice(at + 1).flatMap((stretch) => stretch.items)];
  }

  private append(item: ThreadItem): void {
    const last = this.inOrder.at(-1);
    const goesOn = last !== undefined && last.items.length < LENGTH;
    const stretch: Stretch = goesOn ? { key: last.key, items: [...last.items, item] } : { key: this.nextKey++, items: [item] };
    this.inOrder = [...(goesOn ? this.inOrder.slice(0, -1) : this.inOrder), stretch];
    this.know(item, stretch.key);
  }

  private replace(item: ThreadItem): void {
    const at = this.stretchOf(item.id);
    const { key, items } = this.inOrder[at]!;
    this.inOrder[at] = { key, items: items.map((other) => (other.id === item.id ? item : other)) };
    this.byId.set(item.id, item);
  }

  /** What changes stands near the end, as a rule. */
  private stretchOf(id: string): number {
    const key = this.home.get(id);
    return this.inOrder.findLastIndex((stretch) => stretch.key === key);
  }

  private know(item: ThreadItem, key: number): void {
    this.byId.set(item.id, item);
    this.home.set(item.id, key);
  }

  private forget(id: string): void {
    this.byId.delete(id);
    this.home.delete(id);
    this.open.delete(id);
  }

  /** Takes an event about items. Throws when something in it is not as its type says; the rest of it is taken. */
  apply(event: ThreadEvent): void {
    switch (event.type) {
      case 'thread.item.added':
        return this.take(event.item, { open: true });
      case 'thread.item.done':
      case 'thread.item.replaced':
        return this.take(event.item);
      case 'thread.item.removed':
        return this.remove(event.item_id);
      case 'thread.item.updated': {
        const item = this.byId.get(event.item_id);
        if (item !== undefined) this.take(updated(item, event.update), { open: this.isOpen(item.id) });
      }
    }
  }

  private take(item: ThreadItem, standing?: { open: boolean }): void {
    const shown = readable(item);
    if (shown !== null) this.put(shown, standing);
    if (shown !== item) throw new TypeError('the item is not as its type says');
  }
}

/** More parts, annotations or tasks than any item has. */
const MOST = 10_000;

/** The list with `one` at its place; gaps are filled with `blank`, since parts may come out of order. */
function placed<T>(list: readonly T[], at: number, one: T, blank: T): T[] {
  if (!Number.isInteger(at) || at < 0 || at > MOST) throw new RangeError(`there is no place ${at} in an item`);
  const longer = [...list];
  while (longer.length < at) longer.push(blank);
  longer[at] = one;
  return longer;
}

/** The item after an update; as it was when the update is not for its kind. */
export function updated(item: ThreadItem, update: ItemUpdate): ThreadItem {
  switch (item.type) {
    case 'assistant_message': {
      const put = (at: number, part: (typeof item.content)[number]) => ({ ...item, content: placed(item.content, at, part, BLANK) });
      switch (update.type) {
        case 'assistant_message.content_part.added':
        case 'assistant_message.content_part.done':
          return put(update.content_index, update.content);
        case 'assistant_message.content_part.text_delta': {
          const part = item.content[update.content_index] ?? BLANK;
          return put(update.content_index, { ...part, text: part.text + update.delta });
        }
        case 'assistant_message.content_part.annotation_added': {
          const part = item.content[update.content_index] ?? BLANK;
          // Their places are told once more by what is done: until then no gap is left for one that has not come.
          return put(update.content_index, { ...part, annotations: [...(part.annotations ?? []), update.annotation] });
        }
        default:
          return item;
      }
    }
    case 'widget':
      if (update.type === 'widget.root.updated') return { ...item, widget: update.widget };
      if (update.type === 'widget.component.updated') {
        return { ...item, widget: replaced(item.widget, update.component_id, () => update.component) };
      }
      if (update.type === 'widget.streaming_text.value_delta') {
        const grown = (node: WidgetComponent) =>
          ({ ...node, value: ((node as Node).value ?? '') + update.delta, streaming: !update.done }) as WidgetComponent;
        return { ...item, widget: replaced(item.widget, update.component_id, grown) };
      }
      return item;
    case 'workflow':
      if (update.type === 'workflow.task.added' || update.type === 'workflow.task.updated') {
        const blank = { type: 'custom' as const, status_indicator: 'none' as const };
        return { ...item, workflow: { ...item.workflow, tasks: placed(item.workflow.tasks, update.task_index, update.task, blank) } };
      }
      return item;
    case 'generated_image':
      return update.type === 'generated_image.updated' ? { ...item, image: update.image } : item;
    default:
      return item;
  }
}

/** The widget with the component `id` changed; what does not lead to it stays the same object. */
function replaced(root: WidgetRoot, id: string, change: (node: WidgetComponent) => WidgetComponent): WidgetRoot {
  return walk(root, id, change as (node: unknown) => unknown) as WidgetRoot;
}

function walk(node: unknown, id: string, change: (node: unknown) => unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if ((node as Node).id === id) return change(node);
  const { children } = node as Node;
  if (children === undefined) return node;
  if (!Array.isArray(children)) {
    const child = walk(children, id, change);
    return child === children ? node : { ...node, children: child };
  }
  const walked = children.map((child) => walk(child, id, change));
  return walked.every((child, at) => child === children[at]) ? node : { ...node, children: walked };
}
