import type * as P from '../wire/protocol';

/** The least room between a popup and the edges of the window, and between it and what it belongs to. */
const [MARGIN, GAP] = [8, 4];

/** What ends the following of a popup that was placed. */
const following = new WeakMap<HTMLElement, AbortController>();

/**
 * Puts a popup beside what it belongs to, and keeps it there while something scrolls or the window changes: it lies in the top layer, where
 * nothing cuts it off and nothing takes it along.
 */
export function place(popup: HTMLElement, anchor: Element, side: P.Side = 'bottom', align: P.TextAlign = 'start'): void {
  following.get(popup)?.abort();
  put(popup, anchor, side, align);
  const end = new AbortController();
  following.set(popup, end);
  const follow = () => (popup.matches(':popover-open') ? put(popup, anchor, side, align) : end.abort());
  // What scrolls within the chat is heard of nowhere else than there.
  for (const where of [anchor.getRootNode(), anchor.ownerDocument]) where.addEventListener('scroll', follow, { capture: true, signal: end.signal });
  anchor.ownerDocument.defaultView!.addEventListener('resize', follow, { signal: end.signal });
}

/** The other side is taken where there is no room on the wanted one. */
function put(popup: HTMLElement, anchor: Element, side: P.Side, align: P.TextAlign): void {
  const { innerWidth, innerHeight } = anchor.ownerDocument.defaultView!;
  const at = anchor.getBoundingClientRect();
  const { width, height } = popup.getBoundingClientRect();
  const fits = {
    top: at.top - GAP - height >= MARGIN, bottom: at.bottom + GAP + height <= innerHeight - MARGIN,
    left: at.left - GAP - width >= MARGIN, right: at.right + GAP + width <= innerWidth - MARGIN,
  };
  const other = ({ top: 'bottom', bottom: 'top', left: 'right', right: 'left' } as const)[side];
  const taken = fits[side] || !fits[other] ? side : other;
  const isBeside = taken === 'left' || taken === 'right';
  const left = isBeside ? (taken === 'left' ? at.left - GAP - width : at.right + GAP) : aligned(at.left, at.right, width, inline(popup, align));
  const top = isBeside ? aligned(at.top, at.bottom, height, align) : taken === 'top' ? at.top - GAP - height : at.bottom + GAP;
  popup.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  popup.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
}

/** From right to left, a line starts at the right. */
function inline(popup: HTMLElement, align: P.TextAlign): P.TextAlign {
  if (getComputedStyle(popup).direction !== 'rtl') return align;
  return ({ start: 'end', center: 'center', end: 'start' } as const)[align];
}

/** The buttons whose popup was open when they were pressed: the press itself closes it, and the click must not open it again. */
const pressedOpen = new WeakSet<EventTarget>();

/** For the `pointerdown` of a button that stands before its popup. */
export function press({ currentTarget }: PointerEvent): void {
  if ((currentTarget as Element).nextElementSibling!.matches(':popover-open')) pressedOpen.add(currentTarget!);
}

/** Whether the press of this click has closed the popup. */
export function hasClosed({ currentTarget }: Event): boolean {
  return pressedOpen.delete(currentTarget!);
}

/** The browser closes a popup on Escape; whatever is around it stays. */
export function keepEscape(event: KeyboardEvent): void {
  if (event.key === 'Escape') event.stopPropagation();
}

function aligned(start: number, end: number, size: number, align: P.TextAlign): number {
  return { start, center: (start + end - size) / 2, end: end - size }[align];
}
