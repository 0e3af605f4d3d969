import { unsafeCSS } from 'lit';
import chat from './chat.css';
import controls from './controls.css';
import text from './text.css';
import widgets from './widgets.css';

/** The element's whole style sheet. A constructed one: no content security policy refuses it. */
export const styles = [chat, text, widgets, controls].map((css) => unsafeCSS(css));

/** The same for a root that is not in the document of the script: a constructed style sheet belongs to one document. */
export function dress(root: ShadowRoot): void {
  const { defaultView } = root.ownerDocument;
  // What nobody sees, such as the content of a template, has no window.
  if (defaultView === null) return;
  root.adoptedStyleSheets = styles.map(({ cssText }) => {
    const sheet = new defaultView.CSSStyleSheet();
    sheet.replaceSync(cssText);
    return sheet;
  });
}
