import type { View } from '../views/view';
import type * as P from '../wire/protocol';

/** Where an action is bound: that decides what `loadingBehavior: auto` shows. */
export type Binding = 'click' | 'change' | 'submit';

/** Something that was done in a widget. */
export interface Deed {
  action: P.ActionConfig;
  binding: Binding;
  /** What was used: the values of the form that it is in go along. */
  element: Element;
  /** Its own name and value, if it is a field. */
  value?: [string, P.JsonValue];
}

/** What the components of one widget share. */
export interface WidgetContext {
  view: View;
  /** The keys of the components on the way from the root to this one. It names the component while the widget changes. */
  path: string;
  /** The form that this component is in, or the root. */
  form: unknown;
  /** Where that form lies. */
  scope: string;
  /** What happens when that form is submitted. */
  onSubmit: P.ActionConfig | undefined;
  /** Whether a `Label` names this field of the present form. */
  isLabelled(form: unknown, name: string): boolean;
  /** A name for an element, unlike any other of the page's. */
  id(what: string): string;
  /** Whether this widget is the end of the conversation. */
  isNewest: boolean;
  /** Whether the action of the component at this path is under way and is to be shown there. */
  isPending(path: string): boolean;
  /** Whether nothing can be done with this action now. */
  isBlocked(action: P.ActionConfig | undefined): boolean;
  act(path: string, deed: Deed): void;
  /** What was opened or shut by the visitor. */
  isOpen(path: string): boolean;
  toggle(path: string): void;
  /** Tells whoever debugs the page what cannot be drawn; once. */
  report(name: string, data: Record<string, unknown>): void;
}

/** The same for a component further down. */
export function below(context: WidgetContext, key: string): WidgetContext {
  return { ...context, path: `${context.path}/${key}` };
}

/** The same for the fields of a form. */
export function within(context: WidgetContext, form: unknown, onSubmit: P.ActionConfig | undefined): WidgetContext {
  return { ...context, form, scope: context.path, onSubmit };
}
