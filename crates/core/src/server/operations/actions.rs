//! The visitor clicked something: `threads.custom_action` and `threads.sync_custom_action`.

use chatkitd_protocol::chatkit::{
    CustomActionParams, ErrorCode, SyncCustomActionResponse, ThreadEvent, ThreadItem, WidgetItem,
};

use super::begin::{Beginning, Opened, Task};
use super::reading::{document, thread_id};
use crate::id::{RunId, ThreadId};
use crate::ports::{Scope, StoreError};
use crate::server::agent::{AgentError, Cause, Turn};
use crate::server::answer::{complete, without_nul};
use crate::server::engine::{Answered, ChatCaller, ChatServer, Reply, StreamWishes};
use crate::server::error::ServerError;
use crate::server::log::frame;
use crate::threads::Fence;

/// The item from which an action came.
enum Sender {
    Widget(WidgetItem),
    None,
    NotAWidget,
}

impl ChatServer {
    pub(in crate::server) async fn custom_action(
        &self,
        caller: ChatCaller,
        params: CustomActionParams,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let beginning = Beginning::on("threads.custom_action", thread_id(&params.thread_id)?);
        let opening = match self.open(caller, beginning, wishes).await? {
            Opened::Repeated(watch) => return Ok(Reply::Stream(watch).into()),
            Opened::Run(opening) => opening,
        };
        let Fence { scope, thread, .. } = &opening.fence;
        let sender = self.sender(scope, thread, params.item_id.as_deref()).await;
        let sender = match self.or_abandon(&opening, sender).await? {
            Sender::Widget(widget) => Some(widget),
            Sender::None => None,
            Sender::NotAWidget => {
                self.abandon(&opening).await;
                return Ok(wrong_sender().into());
            }
        };
        Ok(self.start(*opening, Task::Act(params.action, sender), Vec::new(), Vec::new()))
    }

    pub(in crate::server) async fn sync_action(
        &self,
        caller: ChatCaller,
        params: CustomActionParams,
    ) -> Result<Reply, ServerError> {
        let agent = self.agent(&caller.context)?;
        let scope = caller.scope();
        let id = thread_id(&params.thread_id)?;
        let thread = self.threads.thread(&scope, &id).await?.ok_or(ServerError::ThreadNotFound)?;
        let sender = match self.sender(&scope, &id, params.item_id.as_deref()).await? {
            Sender::Widget(widget) => Some(widget),
            Sender::None => None,
            Sender::NotAWidget => return Err(ServerError::WrongItem("This action needs a widget.")),
        };
        let run = RunId::mint(self.clock.now(), self.rng.as_ref());
        let turn = Turn {
            thread,
            cause: Cause::Action,
            context: caller.context,
            threads: self.threads.clone(),
            attachments: self.attachments.clone(),
            fence: Fence { scope: scope.clone(), thread: id.clone(), run },
            shared: None,
        };
        let updated = agent.sync_action(&turn, &params.action, sender.as_ref()).await;
        let updated_item = match updated.map_err(ServerError::Agent)? {
            Some(item) => Some(self.keep_item(&scope, &id, item).await?),
            None => None,
        };
        let updated_item = updated_item.filter(|item| !item.is_hidden());
        document(&SyncCustomActionResponse { updated_item })
    }

    /// Unlike the reference, where keeping the item is left to each integration: what the visitor sees is
    /// there after a reload, too. Where the agent names no time it has the one that it had.
    async fn keep_item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        mut item: ThreadItem,
    ) -> Result<ThreadItem, ServerError> {
        if item.created_at().as_str().is_empty()
            && let Some(before) = self.threads.item(scope, thread, item.id()).await?
        {
            item.set_created_at(before.created_at().clone());
        }
        complete(&mut item, thread, self.clock.as_ref(), self.rng.as_ref());
        let (item, _) = without_nul(item);
        match self.threads.replace_item(scope, thread, &item).await {
            Err(StoreError::NotFound) => Err(ServerError::Agent(AgentError::failed(format!(
                "the agent updated {}, which is not in the thread",
                item.id()
            )))),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(item),
        }
    }

    async fn sender(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: Option<&str>,
    ) -> Result<Sender, ServerError> {
        // An empty id is none, as in the reference.
        let Some(item) = item.filter(|item| !item.is_empty()) else { return Ok(Sender::None) };
        match self.threads.item(scope, thread, item).await? {
            Some(ThreadItem::Widget(widget)) => Ok(Sender::Widget(widget)),
            Some(item) if !item.is_hidden() => Ok(Sender::NotAWidget),
            _ if self.threads.thread(scope, thread).await?.is_none() => Err(ServerError::ThreadNotFound),
            _ => Err(ServerError::ItemNotFound),
        }
    }
}

/// The reference answers this in the stream, and the widget knows it so (protocol rule 10).
fn wrong_sender() -> Reply {
    Reply::Event(frame(1, &ThreadEvent::error(ErrorCode::StreamError, None, false)))
}
