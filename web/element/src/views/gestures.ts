/** For an Escape that closes something of ours: nothing around it closes, not even a `<dialog>` of the page's, which is the browser's. */
export function takeEscape(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** Whether this is the second click of a double one: another thing may stand there by now than what was clicked. */
export function isAgain(click: MouseEvent): boolean {
  return click.detail > 1;
}
