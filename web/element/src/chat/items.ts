import type { ItemUpdate, ThreadEvent, ThreadItem, WidgetComponent, WidgetRoot } from '../wire/protocol';

type Node = { id?: string; value?: string; children?: unknown };

/** Items that follow one another. It is drawn and laid out as one; a change puts a new one under the same key. */
export interface Stretch {
  readonly key: number;
  readonly items: readonly ThreadItem[];
}

/** How many items a stretch has at most: as many as can be laid out within a frame when it is scrolled to. */
const LENGTH = 10;

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
    const fresh = items.filter((item) => !this.byId.has(item.id));
    const older: Stretch[] = [];
    for (let end = fresh.length; end > 0; end -= LENGTH) {
      const stretch = { key: --this.firstKey, items: fresh.slice(Math.max(0, end - LENGTH), end) };
      for (const item of stretch.items) this.know(item, stretch.key);
      older.unshift(stretch);
    }
    this.inOrder = [...older, ...this.inOrder];
  }

  /** Takes over the newest items as they are now, and leaves alone what did not change. `false`: they do not go on from what is known. */
  renew(newest: ThreadItem[]): boolean {
    const first = newest[0];
    if (first === undefined || !this.byId.has(first.id)) return false;
    const now = new Set(newest.map(({ id }) => id));
    const known = this.from(first.id);
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

  /** Whether the event was about items. */
  apply(event: ThreadEvent): boolean {
    switch (event.type) {
      case 'thread.item.added':
        this.put(event.item, { open: true });
        return true;
      case 'thread.item.done':
      case 'thread.item.replaced':
        this.put(event.item);
        return true;
      case 'thread.item.removed':
        this.remove(event.item_id);
        return true;
      case 'thread.item.updated': {
        const item = this.byId.get(event.item_id);
        if (item !== undefined) this.replace(updated(item, event.update));
        return true;
      }
      default:
        return false;
    }
  }
}

/** The item after an update; as it was when the update is not for its kind. */
export function updated(item: ThreadItem, update: ItemUpdate): ThreadItem {
  switch (item.type) {
    case 'assistant_message': {
      const content = [...item.content];
      if (update.type === 'assistant_message.content_part.added' || update.type === 'assistant_message.content_part.done') {
        content[update.content_index] = update.content;
        return { ...item, content };
      }
      if (update.type === 'assistant_message.content_part.text_delta') {
        const part = content[update.content_index] ?? { type: 'output_text' as const, text: '', annotations: [] };
        content[update.content_index] = { ...part, text: part.text + update.delta };
        return { ...item, content };
      }
      if (update.type === 'assistant_message.content_part.annotation_added') {
        const part = content[update.content_index] ?? { type: 'output_text' as const, text: '', annotations: [] };
        const annotations = [...part.annotations];
        annotations[update.annotation_index] = update.annotation;
        content[update.content_index] = { ...part, annotations };
        return { ...item, content };
      }
      return item;
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
        const tasks = [...item.workflow.tasks];
        tasks[update.task_index] = update.task;
        return { ...item, workflow: { ...item.workflow, tasks } };
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
