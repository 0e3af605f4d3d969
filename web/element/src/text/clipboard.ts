/** Copies a text, also on a page without TLS, where browsers give scripts no clipboard but what is selected. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const focused = focusedElement();
  const field = document.createElement('textarea');
  field.value = text;
  Object.assign(field.style, { position: 'fixed', insetBlockStart: '0', opacity: '0' });
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
  focused?.focus();
}

/** The element with the focus, also where it is within the chat. */
function focusedElement(): HTMLElement | null {
  let focused = document.activeElement as HTMLElement | null;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement as HTMLElement;
  return focused;
}
