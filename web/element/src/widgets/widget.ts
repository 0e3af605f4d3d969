import { html, LitElement } from 'lit';
import type { Widgets } from '@openai/chatkit';
import type { View } from '../views/view';
import type * as P from '../wire/protocol';
import type { WidgetContext } from './context';
import { root } from './root';

/** More components than anybody looks at: the rest is cut off, so that no widget freezes the page. */
const MAX_COMPONENTS = 2_000;

/** A widget of the conversation: components, and what happens when somebody uses them. */
export class WidgetElement extends LitElement {
  static override properties = { item: {}, view: {}, busy: { type: Boolean }, pending: { state: true } };

  declare item: P.WidgetItem;
  declare view: View;
  /** An answer is being given. */
  declare busy: boolean;
  /** The component whose action is under way, or the widget itself. */
  private declare pending: unknown;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): unknown {
    const blocked = this.pending !== undefined;
    const context: WidgetContext = {
      view: this.view,
      busy: this.busy || blocked,
      pending: this.pending,
      act: (action, source, values) => void this.act(action, source, values),
      isBlocked: (action) => blocked || (this.busy && action?.handler !== 'client' && action?.streaming !== false),
    };
    return html`<div class="widget" ?inert=${this.pending === this} aria-busy=${blocked}>${root(context, bounded(this.item.widget))}</div>`;
  }

  private async act(action: P.ActionConfig, source: unknown, values: Record<string, unknown>): Promise<void> {
    const { chat } = this.view.session;
    const given = action.payload;
    const payload = typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...given, ...values } : values;
    const sent: P.Action = { type: action.type, payload: payload as P.JsonValue };
    const isContainer = action.loadingBehavior === 'container' || (source as { type?: string }).type === 'Card';
    if (action.loadingBehavior !== 'none') this.pending = isContainer ? this : source;
    try {
      if (action.handler === 'client') await this.askPage(sent);
      else await chat.act(sent, this.item.id, { streaming: action.streaming !== false });
    } catch (error) {
      this.view.emit('chatkit.error', { error });
    } finally {
      this.pending = undefined;
    }
  }

  private async askPage(action: P.Action): Promise<void> {
    const { onAction } = this.view.options.widgets ?? {};
    const widget = this.item.widget as unknown as Widgets.Card;
    await onAction?.({ type: action.type, payload: action.payload as Record<string, unknown> }, { id: this.item.id, widget });
  }
}

/** The widget with no more than so many components. */
function bounded(widget: P.WidgetRoot): P.WidgetRoot {
  let left = MAX_COMPONENTS;
  const walk = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    const { children } = node as { children?: unknown };
    if (!Array.isArray(children)) return node;
    const kept: unknown[] = [];
    for (const child of children) {
      if (--left < 0) break;
      kept.push(walk(child));
    }
    return kept.length === children.length && kept.every((child, at) => child === children[at]) ? node : { ...node, children: kept };
  };
  return walk(widget) as P.WidgetRoot;
}
