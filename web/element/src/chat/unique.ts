/** A name that nothing else has. Not `crypto.randomUUID`, which a page without TLS has not. */
export function unique(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
