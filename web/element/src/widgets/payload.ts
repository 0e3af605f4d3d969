import type * as P from '../wire/protocol';

/** A field's name and value. A name with dots, such as `todo.title`, lies that deep. */
export type Value = [string, P.JsonValue];

/** The values of a form's fields in their order; a name that occurs several times has a list. */
export function formValues(form: HTMLFormElement): Value[] {
  const values = new Map<string, P.JsonValue[]>();
  for (const field of form.elements as unknown as Iterable<HTMLInputElement>) {
    const { type } = field;
    const name = field.dataset.name ?? field.name;
    if (!name || field.matches(':disabled') || type === 'submit' || type === 'button') continue;
    const list = values.get(name) ?? [];
    values.set(name, list);
    if (type === 'checkbox') list.push(field.checked);
    else if (type !== 'radio') list.push(field.value);
    else if (field.checked) list.push(field.value);
  }
  return [...values].map(([name, list]) => [name, list.length > 1 ? list : (list[0] ?? '')]);
}

/**
 * The payload with the values put in. What the payload says already stays: `taken` has the names of those values
 * that found no place.
 */
export function withValues(payload: P.JsonValue | undefined, values: readonly Value[]): { payload: P.JsonValue | undefined; taken: string[] } {
  if (values.length === 0) return { payload, taken: [] };
  const isFree = payload === undefined || payload === null;
  if (!isFree && !isRecord(payload)) return { payload, taken: values.map(([name]) => name) };
  const merged: Json = isFree ? {} : structuredClone(payload);
  const taken = values.filter(([name, value]) => !put(merged, name, value)).map(([name]) => name);
  return { payload: merged as P.JsonValue, taken };
}

type Json = Record<string, unknown>;

function put(target: Json, name: string, value: P.JsonValue): boolean {
  const parts = name.split('.');
  const path = parts.includes('') ? [name] : parts;
  const last = path.pop()!;
  let holder = target;
  for (const part of path) {
    if (!Object.hasOwn(holder, part)) define(holder, part, {});
    const next = holder[part];
    if (!isRecord(next)) return false;
    holder = next;
  }
  if (Object.hasOwn(holder, last)) return false;
  define(holder, last, value);
  return true;
}

/** Also `__proto__` is a name like any other. */
function define(holder: Json, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
