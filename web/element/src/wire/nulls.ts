/** What is anybody's own JSON, in which `null` says something. */
const FREE = new Set(['arguments', 'metadata', 'output', 'payload']);

/**
 * The same value without the properties that are `null`: ChatKit leaves out what there is nothing to say of, and some
 * servers say `null` instead. Changes what it is given.
 */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(fields)) {
    if (isFree(name, inner)) continue;
    if (inner === null && !Array.isArray(value)) delete fields[name];
    else withoutNulls(inner);
  }
  return value;
}

/** A page's `data` are its entries; that of an entity or of an effect is free. */
function isFree(name: string, value: unknown): boolean {
  return FREE.has(name) || (name === 'data' && !Array.isArray(value));
}
