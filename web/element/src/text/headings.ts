/** The level of the heading that says who speaks. */
const ABOVE = 3;

/**
 * Puts the headings of a message below the message's own: a text may begin with any level and leave levels out, and its
 * headings would stand beside the page's.
 */
export function nestHeadings(message: HTMLElement): void {
  const open: number[] = [];
  for (const heading of message.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const depth = Number(heading.tagName[1]);
    while (open.length > 0 && open.at(-1)! >= depth) open.pop();
    open.push(depth);
    heading.setAttribute('aria-level', String(Math.min(6, ABOVE + open.length)));
  }
}
