import type { ItemUpdate, ThreadEvent, ThreadItem, WidgetComponent, WidgetRoot } from '../wire/protocol';
import { isItem } from '../wire/shape';

type Node = { id?: string; value?: string; children?: unknown };

/**
 * The items of a thread in their order. Each change puts a new object in an item's place, so that a view can
 * tell by identity what to draw anew.
 */
export class Items {
  private order: string[] = [];
  private readonly byId = new Map<string, ThreadItem>();
  /** Items that are still being written. */
  private readonly open = new Set<string>();

  get all(): ThreadItem[] {
    return this.order.map((id) => this.byId.get(id)!);
  }

  get last(): ThreadItem | undefined {
    return this.byId.get(this.order.at(-1) ?? '');
  }

  get size(): number {
    return this.order.length;
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

  /** Puts a page of older items in front. */
  prepend(items: ThreadItem[]): void {
    const fresh = items.filter((item) => isItem(item) && !this.byId.has(item.id));
    for (const item of fresh) this.byId.set(item.id, item);
    this.order = [...fresh.map((item) => item.id), ...this.order];
  }

  /** At its place when it is there, else at the end. */
  put(item: ThreadItem, { open = false } = {}): void {
    if (!this.byId.has(item.id)) this.order.push(item.id);
    this.byId.set(item.id, item);
    if (open) this.open.add(item.id);
    else this.open.delete(item.id);
  }

  remove(id: string): void {
    this.byId.delete(id);
    this.open.delete(id);
    this.order = this.order.filter((other) => other !== id);
  }

  removeAfter(id: string): void {
    const at = this.order.indexOf(id);
    if (at >= 0) for (const other of this.order.slice(at + 1)) this.remove(other);
  }

  /** Nothing is written any more. What was begun and never done goes, as it does at the server. */
  settle(): void {
    for (const id of [...this.open]) {
      const item = this.byId.get(id);
      const text = item?.type === 'assistant_message' ? item.content.map((part) => part.text).join('') : '';
      if (text === '') this.remove(id);
      else this.open.delete(id);
    }
  }

  /**
   * Takes what was read anew. An item that is as it was stays the same object, and what was loaded before the page
   * stays in front of it: returns whether it did.
   */
  renew(page: ThreadItem[]): boolean {
    const before = this.order;
    const known = new Map(this.byId);
    const joint = page[0] === undefined ? -1 : before.indexOf(page[0].id);
    const older = joint > 0 ? before.slice(0, joint).map((id) => known.get(id)!) : [];
    this.order = [];
    this.byId.clear();
    this.open.clear();
    this.prepend([...older, ...page].map((item) => same(known.get(item.id), item)));
    return older.length > 0;
  }

  /** Takes an event about items; throws when it is not as its type says. */
  apply(event: ThreadEvent): void {
    switch (event.type) {
      case 'thread.item.added':
        return this.put(sound(event.item), { open: true });
      case 'thread.item.done':
      case 'thread.item.replaced':
        return this.put(sound(event.item));
      case 'thread.item.removed':
        return this.remove(event.item_id);
      case 'thread.item.updated': {
        const item = this.byId.get(event.item_id);
        if (item !== undefined) this.byId.set(item.id, sound(updated(item, event.update)));
      }
    }
  }
}

function sound(item: ThreadItem): ThreadItem {
  if (!isItem(item)) throw new TypeError('the item is not as its type says');
  return item;
}

function same(before: ThreadItem | undefined, after: ThreadItem): ThreadItem {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;
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

const EMPTY_PART = { type: 'output_text' as const, text: '', annotations: [] };

/** The item after an update; as it was when the update is not for its kind. */
export function updated(item: ThreadItem, update: ItemUpdate): ThreadItem {
  switch (item.type) {
    case 'assistant_message': {
      const put = (at: number, part: (typeof item.content)[number]) => ({ ...item, content: placed(item.content, at, part, EMPTY_PART) });
      switch (update.type) {
        case 'assistant_message.content_part.added':
        case 'assistant_message.content_part.done':
          return put(update.content_index, update.content);
        case 'assistant_message.content_part.text_delta': {
          const part = item.content[update.content_index] ?? EMPTY_PART;
          return put(update.content_index, { ...part, text: part.text + update.delta });
        }
        case 'assistant_message.content_part.annotation_added': {
          const part = item.content[update.content_index] ?? EMPTY_PART;
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
