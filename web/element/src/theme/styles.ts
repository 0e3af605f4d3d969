import { unsafeCSS } from 'lit';
import chat from './chat.css';
import controls from './controls.css';
import text from './text.css';
import widgets from './widgets.css';

/** The element's whole style sheet. A constructed one: no content security policy refuses it. */
export const styles = [chat, text, widgets, controls].map((css) => unsafeCSS(css));
