import type { Client } from '../wire/client';
import { ChatKitError } from '../wire/errors';
import type { JsonOperations } from '../wire/operations';
import type * as P from '../wire/protocol';
import type { Notices } from './notices';
import type { Changes } from './signal';

/** How long an action may take, in milliseconds: others wait for it. */
const ANSWER_WITHIN = 60_000;

/** What a visitor does in one visit to a thread, and is answered at once. `isHere`: whether the visit goes on. */
export class Deeds {
  /** The last action on each item has been answered, by the item's id. */
  private readonly acted = new Map<string | undefined, Promise<void>>();

  constructor(
    private readonly client: Client,
    private readonly notices: Notices,
    private readonly changes: Changes,
  ) {}

  /** Actions on an item wait for one another: they would be answered in any order, and the last answer stands. */
  act(params: P.CustomActionParams, isHere: () => boolean, put: (item: P.ThreadItem) => void): Promise<void> {
    const before = this.acted.get(params.item_id) ?? Promise.resolve();
    const acted = before.then(() => this.actAlone(params, isHere, put));
    this.acted.set(params.item_id, acted);
    return acted;
  }

  private async actAlone(params: P.CustomActionParams, isHere: () => boolean, put: (item: P.ThreadItem) => void): Promise<void> {
    const abort = new AbortController();
    const late = setTimeout(() => abort.abort(new ChatKitError('The action was not answered within a minute.', 'timeout')), ANSWER_WITHIN);
    try {
      const { body } = await this.client.call('threads.sync_custom_action', params, abort.signal);
      if (!isHere()) return;
      // An older action that was sent again would undo this one.
      if (params.item_id !== undefined) this.notices.withdraw(params.item_id);
      if (body.updated_item !== undefined) put(body.updated_item);
    } catch (thrown) {
      if (!isHere()) return this.notices.report(thrown);
      this.notices.fail(thrown, () => this.act(params, isHere, put), { what: 'action', about: params.item_id });
    } finally {
      clearTimeout(late);
    }
    this.changes.mark();
  }

  async judge(params: JsonOperations['items.feedback'][0], isHere: () => boolean): Promise<void> {
    try {
      await this.client.call('items.feedback', params);
    } catch (thrown) {
      if (isHere()) this.notices.failToDo(thrown);
      else this.notices.report(thrown);
      throw thrown;
    }
  }
}
