/**
 * Gives `shown` the content of `wanted`. What is equal stays the node that it is, so that a picture is not loaded
 * again, a selection not lost and a focus not taken away while a text grows around them.
 */
export function morph(shown: Node, wanted: Node): void {
  let at = shown.firstChild;
  for (const next of [...wanted.childNodes]) {
    const following = at?.nextSibling ?? null;
    if (at === null) shown.appendChild(next);
    else if (!at.isEqualNode(next)) become(at, next);
    at = following;
  }
  while (at !== null) {
    const following: ChildNode | null = at.nextSibling;
    at.remove();
    at = following;
  }
}

function become(shown: ChildNode, wanted: ChildNode): void {
  if (shown instanceof Text && wanted instanceof Text) rewrite(shown, wanted.data);
  else if (shown instanceof Element && wanted instanceof Element && isSameTag(shown, wanted)) morph(shown, wanted);
  else shown.replaceWith(wanted);
}

function rewrite(shown: Text, data: string): void {
  // What is only appended to leaves a selection in it alone.
  if (data.startsWith(shown.data)) shown.appendData(data.slice(shown.length));
  else shown.data = data;
}

function isSameTag(one: Element, other: Element): boolean {
  return one.cloneNode(false).isEqualNode(other.cloneNode(false));
}
