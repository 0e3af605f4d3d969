import type { ItemUpdate, ThreadEvent, ThreadItem, WidgetComponent, WidgetRoot } from '../wire/protocol';

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

  /** The items in front of one; none when that is not there. */
  before(id: string | undefined): ThreadItem[] {
    return this.all.slice(0, Math.max(0, this.order.indexOf(id ?? '')));
  }

  /** Puts a page of older items in front. */
  prepend(items: ThreadItem[]): void {
    const fresh = items.filter((item) => !this.byId.has(item.id));
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
        if (item !== undefined) this.byId.set(item.id, updated(item, event.update));
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
