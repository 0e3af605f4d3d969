import type * as P from './protocol';

/** The operations that are answered with one JSON document: their parameters and answers. */
export interface JsonOperations {
  'threads.get_by_id': [P.ThreadsGetByIdParams, P.Thread];
  'threads.list': [Partial<P.ThreadsListParams>, P.Page<P.Thread>];
  'threads.update': [P.ThreadsUpdateParams, P.Thread];
  'threads.delete': [P.ThreadsDeleteParams, Record<string, never>];
  'items.list': [Partial<P.ItemsListParams> & { thread_id: string }, P.Page<P.ThreadItem>];
  'items.feedback': [P.ItemsFeedbackParams, Record<string, never>];
  'threads.sync_custom_action': [P.CustomActionParams, P.SyncCustomActionResponse];
  'attachments.create': [P.AttachmentsCreateParams, P.Attachment];
  'attachments.delete': [P.AttachmentsDeleteParams, Record<string, never>];
  'input.transcribe': [P.InputTranscribeParams, P.TranscriptionResult];
}

/** Those of them that do something new each time they are sent. */
export const NEW_EACH_TIME: ReadonlySet<keyof JsonOperations> = new Set(['threads.sync_custom_action', 'attachments.create']);

/** The operations that are answered with a stream of events: their parameters. */
export interface StreamOperations {
  'threads.create': P.ThreadsCreateParams;
  'threads.add_user_message': P.ThreadsAddUserMessageParams;
  'threads.add_client_tool_output': P.ThreadsAddClientToolOutputParams;
  'threads.add_structured_input': P.ThreadsAddStructuredInputParams;
  'threads.retry_after_item': P.ThreadsRetryAfterItemParams;
  'threads.custom_action': P.CustomActionParams;
}
