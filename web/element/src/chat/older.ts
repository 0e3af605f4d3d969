import type { ThreadItem } from '../wire/protocol';
import type { Items } from './items';
import type { Changes } from './signal';

/** How many older items are drawn at once: all of a page would hold up whoever scrolls. */
const IN_A_FRAME = 10;

/** Puts a page of older items in front, some in each frame. `false`: they were not needed any more before the end. */
export async function putInFront(items: Items, page: ThreadItem[], changes: Changes, isNeeded: () => boolean): Promise<boolean> {
  for (let end = page.length; end > 0; end -= IN_A_FRAME) {
    if (!isNeeded()) return false;
    items.prepend(page.slice(Math.max(0, end - IN_A_FRAME), end));
    changes.mark();
    await changes.shown();
  }
  return isNeeded();
}
