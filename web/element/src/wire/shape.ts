/**
 * Whether what came over the wire is what its type says, as far as anything is done with it: one broken item must not
 * take the whole conversation with it.
 */
import type { Thread, ThreadItem } from './protocol';

type Fields = Record<string, unknown>;

/** What each kind of item must have. A kind that is not here is let through, and not shown. */
const SHAPES: Record<string, (item: Fields) => boolean> = {
  assistant_message: ({ content }) => listOf(content, isText),
  user_message: ({ content, attachments }) => listOf(content, isText) && listOf(attachments, isObject),
  widget: ({ widget }) => isObject(widget),
  workflow: ({ workflow }) => isObject(workflow) && listOf(workflow.tasks, isObject),
  task: ({ task }) => isObject(task),
  structured_input: ({ inputs }) => listOf(inputs, isObject),
};

export function isItem(value: unknown): value is ThreadItem {
  if (!isObject(value) || typeof value.id !== 'string' || typeof value.type !== 'string') return false;
  return SHAPES[value.type]?.(value) ?? true;
}

/** Without a status it counts as active. */
export function isThread(value: unknown): value is Thread {
  if (!isObject(value) || typeof value.id !== 'string' || value.id === '') return false;
  const { status, allowed_image_domains: domains } = value;
  return (status == null || isObject(status)) && (domains == null || listOf(domains, (one) => typeof one === 'string'));
}

function isText(part: unknown): boolean {
  if (!isObject(part) || typeof part.text !== 'string') return false;
  return part.annotations == null || listOf(part.annotations, (one) => isObject(one) && isObject(one.source));
}

function listOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
