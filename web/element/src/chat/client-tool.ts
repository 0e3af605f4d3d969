import type { ChatKitOptions } from '@openai/chatkit';
import { asError, callbackError, ChatKitError } from '../wire/errors';
import type * as P from '../wire/protocol';
import type { Client } from '../wire/client';
import { unlessAborted } from '../wire/retry';
import type { Emit } from './chat';
import { unique } from './unique';

/** Something that an answer asks the page to do. */
export class ClientTool {
  private readonly abort = new AbortController();
  /** Its thread is not shown any more: nobody waits for it there. */
  readonly left: Promise<void>;
  leave!: () => void;

  private constructor(private readonly call: P.ClientToolCallItem) {
    this.left = new Promise((resolve) => (this.leave = resolve));
  }

  /** What an answer asks for that ends with this item. */
  static askedBy(item: P.ThreadItem | undefined): ClientTool | null {
    return item?.type === 'client_tool_call' && item.status === 'pending' ? new ClientTool(item) : null;
  }

  /** Whether the thread that ends with this item still waits for it. */
  isAskedIn(last: P.ThreadItem | undefined): boolean {
    return last?.id === this.call.id && last.type === 'client_tool_call' && last.status === 'pending';
  }

  get isStopped(): boolean {
    return this.abort.signal.aborted;
  }

  /** What the page makes of it is not waited for any more. */
  stop(): void {
    this.abort.abort();
  }

  /** What came of it. The page is told of a failure, which is a result, too. */
  async result(tool: ChatKitOptions['onClientTool'], emit: Emit): Promise<P.JsonValue> {
    const { name, arguments: params } = this.call;
    try {
      if (tool === undefined) throw new ChatKitError(`The page has no onClientTool for "${name}".`, 'no_client_tool');
      const result: unknown = await unlessAborted(Promise.resolve(tool({ name, params })), this.abort.signal);
      // What cannot be sent is the tool's failure, and not the connection's.
      JSON.stringify(result);
      return (result ?? {}) as P.JsonValue;
    } catch (thrown) {
      const error = thrown instanceof ChatKitError ? thrown : callbackError('onClientTool', thrown);
      if (!this.isStopped) emit('chatkit.error', { error });
      return { error: asError(thrown).message };
    }
  }
}

/**
 * A thread that is not shown any more goes on with what came of its tool, and of those that follow, unless somebody
 * has said something else there. The answer is read to its end, for a server that ends it with its reader.
 */
export async function goOnUnseen(
  client: Client,
  thread_id: string,
  tool: ClientTool,
  result: P.JsonValue,
  use: (tool: ClientTool) => Promise<P.JsonValue>,
  tell: () => void,
): Promise<void> {
  const { body } = await client.call('items.list', { thread_id, order: 'desc', limit: 1 });
  if (!tool.isAskedIn(body.data[0])) return;
  const { events } = await client.stream('threads.add_client_tool_output', { thread_id, result }, unique(), new AbortController().signal);
  tell();
  let last: P.ThreadItem | undefined;
  for await (const { event } of events) if (event?.type === 'thread.item.done') last = event.item;
  tell();
  const next = ClientTool.askedBy(last);
  if (next !== null) await goOnUnseen(client, thread_id, next, await use(next), use, tell);
}
