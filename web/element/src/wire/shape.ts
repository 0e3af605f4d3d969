/**
 * What came over the wire, as far as it is what its type says and anything is done with it: one broken part must not take
 * its message with it, and one broken item not the whole conversation.
 */
import type { Thread, ThreadItem } from './protocol';

type Fields = Record<string, unknown>;

/** Stands in the place of a part of an answer that is not there: the others are counted. */
export const BLANK = { type: 'output_text' as const, text: '', annotations: [] };

/** What can be shown of each kind of item. A kind that is not here is let through, and not shown. */
const KINDS: Record<string, (item: Fields) => Fields | null> = {
  assistant_message: (item) => (Array.isArray(item.content) ? withList(item, 'content', item.content.map(answerPart)) : null),
  user_message: (item) => (Array.isArray(item.content) ? mended(mended(item, 'content', isText), 'attachments', isObject) : null),
  widget: (item) => (isObject(item.widget) ? item : null),
  workflow: (item) => (isObject(item.workflow) && listOf(item.workflow.tasks, isObject) ? item : null),
  task: (item) => (isObject(item.task) ? item : null),
  structured_input: (item) => (listOf(item.inputs, isObject) ? item : null),
};

/** What can be shown of an item: the same object where that is all, `null` where it is nothing. */
export function readable(value: unknown): ThreadItem | null {
  if (!isObject(value) || typeof value.id !== 'string' || typeof value.type !== 'string') return null;
  const read = Object.hasOwn(KINDS, value.type) ? KINDS[value.type]!(value) : value;
  return read as ThreadItem | null;
}

/** Whether it can be named: what cannot, nothing can be asked about. */
export function hasId(value: unknown): value is Fields & { id: string } {
  return isObject(value) && typeof value.id === 'string' && value.id !== '';
}

/** Without a status it counts as active. */
export function isThread(value: unknown): value is Thread {
  if (!hasId(value)) return false;
  const { status, allowed_image_domains: domains } = value;
  return (status == null || isObject(status)) && (domains == null || listOf(domains, (one) => typeof one === 'string'));
}

function answerPart(part: unknown): unknown {
  return isText(part) ? mended(part, 'annotations', (one) => isObject(one) && isObject(one.source)) : BLANK;
}

function isText(part: unknown): part is Fields {
  return isObject(part) && typeof part.text === 'string';
}

/** Without those in a list that are not fit. Other servers leave out a list that is empty. */
function mended(fields: Fields, name: string, isOne: (one: unknown) => boolean): Fields {
  const list = fields[name];
  if (list == null) return fields;
  return withList(fields, name, Array.isArray(list) ? list.filter(isOne) : []);
}

/** The same object where the list is the same. */
function withList(fields: Fields, name: string, list: unknown[]): Fields {
  const before = fields[name];
  const isSame = Array.isArray(before) && before.length === list.length && list.every((one, at) => one === before[at]);
  return isSame ? fields : { ...fields, [name]: list };
}

function listOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
