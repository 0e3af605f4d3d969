//! A turn goes on: a client tool's output, answers to questions.

use chatkitd_protocol::chatkit::{
    ClientToolCallItem, Order, ThreadEvent, ThreadItem, ThreadsAddClientToolOutputParams,
    ThreadsAddStructuredInputParams, ToolCallStatus,
};
use serde_json::Value;

use super::begin::{Beginning, Opened, Opening, Task};
use super::reading::thread_id;
use super::structured_input;
use crate::server::engine::{Answered, ChatCaller, ChatServer, Reply, StreamWishes};
use crate::server::error::ServerError;
use crate::threads::{ItemQuery, ItemWrite, PageQuery};

/// Among how many of the newest items forgotten tool calls are looked for (protocol rule 7).
const RECENT: u32 = 20;

impl ChatServer {
    pub(in crate::server) async fn add_client_tool_output(
        &self,
        caller: ChatCaller,
        params: ThreadsAddClientToolOutputParams,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let beginning = Beginning::on("threads.add_client_tool_output", thread_id(&params.thread_id)?);
        let opening = match self.open(caller, beginning, wishes).await? {
            Opened::Repeated(watch) => return Ok(Reply::Stream(watch).into()),
            Opened::Run(opening) => opening,
        };
        let completed = self.completed_tool_call(&opening, params.result).await;
        let (call, writes) = self.or_abandon(&opening, completed).await?;
        self.write_first(&opening, &writes).await?;
        Ok(self.start(*opening, Task::GoOn(call), Vec::new(), Vec::new()))
    }

    /// The newest item becomes completed, and other pending calls near it are deleted. The agent's own notes may
    /// follow it. A note of the server's may not: it says that the answer with this call was stopped.
    async fn completed_tool_call(
        &self,
        opening: &Opening,
        output: Value,
    ) -> Result<(ThreadItem, Vec<ItemWrite>), ServerError> {
        let fence = &opening.fence;
        let page = PageQuery { limit: RECENT, order: Order::Desc, after: None, before: None };
        let query = ItemQuery { page, hidden: true, kinds: None };
        let recent = self.threads.items(&fence.scope, &fence.thread, &query).await?;
        let recent = recent.ok_or(ServerError::ThreadNotFound)?.items;
        let mut recent = recent.into_iter().filter(|item| !matches!(item, ThreadItem::HiddenContext(_)));
        let Some(ThreadItem::ClientToolCall(mut call)) = recent.next().filter(is_pending_call) else {
            return Err(ServerError::WrongItem(
                "The thread does not end with a tool call that waits for its output.",
            ));
        };
        call.status = ToolCallStatus::Completed;
        call.output = Some(output);
        let forgotten = recent.filter(is_pending_call).map(|item| ItemWrite::Remove(item.id().to_owned()));
        let call = ThreadItem::ClientToolCall(call);
        let writes = std::iter::once(ItemWrite::Put(call.clone())).chain(forgotten).collect();
        Ok((call, writes))
    }

    pub(in crate::server) async fn add_structured_input(
        &self,
        caller: ChatCaller,
        params: ThreadsAddStructuredInputParams,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let beginning = Beginning::on("threads.add_structured_input", thread_id(&params.thread_id)?);
        let opening = match self.open(caller, beginning, wishes).await? {
            Opened::Repeated(watch) => return Ok(Reply::Stream(watch).into()),
            Opened::Run(opening) => opening,
        };
        let answered = self.answered_questions(&opening, params).await;
        let item = self.or_abandon(&opening, answered).await?;
        self.write_first(&opening, &[ItemWrite::Put(item.clone())]).await?;
        let replaced = ThreadEvent::item_replaced(item.clone());
        Ok(self.start(*opening, Task::GoOn(item), Vec::new(), vec![replaced]))
    }

    async fn answered_questions(
        &self,
        opening: &Opening,
        params: ThreadsAddStructuredInputParams,
    ) -> Result<ThreadItem, ServerError> {
        let fence = &opening.fence;
        let item = match self.threads.item(&fence.scope, &fence.thread, &params.item_id).await? {
            Some(ThreadItem::StructuredInput(item)) => item,
            Some(item) if !item.is_hidden() => {
                return Err(ServerError::WrongItem("This item asks no questions."));
            }
            _ => return Err(ServerError::ItemNotFound),
        };
        let item = structured_input::submit(item, params.input).ok_or(ServerError::AlreadyAnswered)?;
        Ok(ThreadItem::StructuredInput(item))
    }
}

fn is_pending_call(item: &ThreadItem) -> bool {
    matches!(item, ThreadItem::ClientToolCall(ClientToolCallItem { status: ToolCallStatus::Pending, .. }))
}
