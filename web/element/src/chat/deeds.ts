import type { Client } from '../wire/client';
import type { JsonOperations } from '../wire/operations';
import type * as P from '../wire/protocol';
import type { Notices } from './notices';
import type { Changes } from './signal';

/** What a visitor does in a thread that is answered at once. `isHere`: whether that thread is still shown. */
export class Deeds {
  /** The last of the actions has been answered. */
  private acted = Promise.resolve();

  constructor(
    private readonly client: Client,
    private readonly notices: Notices,
    private readonly changes: Changes,
  ) {}

  /** Actions wait for one another: they would be answered in any order, and the last answer stands. */
  act(params: P.CustomActionParams, isHere: () => boolean, put: (item: P.ThreadItem) => void): Promise<void> {
    this.acted = this.acted.then(() => this.actAlone(params, isHere, put));
    return this.acted;
  }

  private async actAlone(params: P.CustomActionParams, isHere: () => boolean, put: (item: P.ThreadItem) => void): Promise<void> {
    try {
      const { body } = await this.client.call('threads.sync_custom_action', params);
      if (isHere() && body.updated_item !== undefined) put(body.updated_item);
    } catch (thrown) {
      if (!isHere()) return this.notices.report(thrown);
      this.notices.fail(thrown, () => this.act(params, isHere, put), { what: 'action' });
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
