import type * as P from '../wire/protocol';

/**
 * How many components are drawn at first, and how many more at each "show more": so many take a twentieth of a second,
 * and nobody looks at more of them at once.
 */
export const STEP = 1_000;

/** How deep components may lie. Drawing one takes several calls within one another, and the stack of a browser ends. */
const MAX_DEPTH = 60;

/** The most rows of a chart, options of a choice and the like that are drawn. */
export const MAX_ENTRIES = 500;

export interface Bounded {
  widget: P.WidgetRoot;
  /** There is more of it. */
  hasMore: boolean;
}

type Node = { children?: unknown };

/** The widget with its first `room` components, and none that lies too deep. What is whole stays the same object. */
export function bounded(widget: P.WidgetRoot, room: number): Bounded {
  let left = room;
  const walk = (node: unknown, depth: number): unknown => {
    const children = childrenOf(node);
    if (children.length === 0) return node;
    if (depth >= MAX_DEPTH) return { type: 'Too deep' };
    const kept: unknown[] = [];
    for (const child of children) {
      if (left <= 0) break;
      left -= 1;
      kept.push(walk(child, depth + 1));
    }
    return kept.length === children.length && kept.every((child, at) => child === children[at]) ? node : { ...(node as Node), children: kept };
  };
  const kept = walk(widget, 0) as P.WidgetRoot;
  return { widget: kept, hasMore: left <= 0 && kept !== widget };
}

/** The components right below one, whether it has a list of them, one or none. */
export function childrenOf(node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const { children } = node as Node;
  const all = Array.isArray(children) ? children : [children];
  return all.filter((child) => typeof child === 'object' && child !== null);
}

/** Which fields have a `Label`, by the form that both are in. */
export function labels(widget: P.WidgetRoot): Map<unknown, Set<string>> {
  const found = new Map<unknown, Set<string>>();
  const walk = (node: unknown, form: unknown): void => {
    const one = node as { type?: string; fieldName?: string; asForm?: boolean };
    if (one.type === 'Label') found.set(form, (found.get(form) ?? new Set()).add(String(one.fieldName)));
    const inner = one.type === 'Form' || one.asForm === true ? node : form;
    for (const child of childrenOf(node)) walk(child, inner);
  };
  walk(widget, widget);
  return found;
}
