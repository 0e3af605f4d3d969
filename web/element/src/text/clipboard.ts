/**
 * Copies a text for whoever is in this document; `false` where the browser does not let it. A page without TLS has no
 * clipboard, and a frame may not be allowed to use it: what is selected can be copied there all the same.
 */
export async function copyText(text: string, place: Document): Promise<boolean> {
  try {
    await place.defaultView!.navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text, place);
  }
}

function copySelected(text: string, place: Document): boolean {
  const focused = focusedElement(place);
  const field = place.createElement('textarea');
  field.value = text;
  Object.assign(field.style, { position: 'fixed', insetBlockStart: '0', opacity: '0' });
  place.body.append(field);
  field.select();
  const isCopied = place.execCommand('copy');
  field.remove();
  focused?.focus();
  return isCopied;
}

/** The element with the focus, also where it is within the chat. */
export function focusedElement(place: Document): HTMLElement | null {
  let focused = place.activeElement as HTMLElement | null;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement as HTMLElement;
  return focused;
}
