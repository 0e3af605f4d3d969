//! The user says something: `threads.create`, `threads.add_user_message`, `threads.retry_after_item`.

use chatkitd_protocol::chatkit::{
    Page, ThreadEvent, ThreadItem, ThreadsAddUserMessageParams, ThreadsCreateParams,
    ThreadsRetryAfterItemParams, UserMessageInput, UserMessageItem,
};

use super::begin::{Beginning, Opened, Opening, Task};
use super::reading::thread_id;
use crate::id::{AttachmentId, ITEM_PREFIX, ThreadId, mint};
use crate::server::engine::{Answered, ChatCaller, ChatServer, Reply, StreamWishes};
use crate::server::error::ServerError;
use crate::threads::{ItemWrite, ThreadRecord, wire_time};

impl ChatServer {
    pub(in crate::server) async fn create_thread(
        &self,
        caller: ChatCaller,
        params: ThreadsCreateParams,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let now = self.clock.now();
        let id = ThreadId::mint(now, self.rng.as_ref());
        let message = self.user_message(&caller, &id, params.input).await?;
        let (site, user) = (caller.context.site.clone(), caller.context.user.clone());
        let beginning = Beginning {
            operation: "threads.create",
            new_thread: Some(ThreadRecord::new(id.clone(), site, user, now)),
            thread: id,
            writes: vec![ItemWrite::Put(ThreadItem::UserMessage(message.clone()))],
            attachments: attachment_ids(&message),
        };
        let shown = self.addressed(&caller, message.clone());
        match self.open(caller, beginning, wishes).await? {
            Opened::Repeated(watch) => Ok(Reply::Stream(watch).into()),
            Opened::Run(opening) => {
                let created = ThreadEvent::thread_created(opening.thread.to_wire(Page::default()));
                let done = ThreadEvent::item_done(ThreadItem::UserMessage(shown));
                Ok(self.start(*opening, Task::Answer(message), vec![created, done], Vec::new()))
            }
        }
    }

    pub(in crate::server) async fn add_user_message(
        &self,
        caller: ChatCaller,
        params: ThreadsAddUserMessageParams,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let id = thread_id(&params.thread_id)?;
        let message = self.user_message(&caller, &id, params.input).await?;
        let beginning = Beginning {
            operation: "threads.add_user_message",
            thread: id,
            new_thread: None,
            writes: vec![ItemWrite::Put(ThreadItem::UserMessage(message.clone()))],
            attachments: attachment_ids(&message),
        };
        let shown = self.addressed(&caller, message.clone());
        match self.open(caller, beginning, wishes).await? {
            Opened::Repeated(watch) => Ok(Reply::Stream(watch).into()),
            Opened::Run(opening) => {
                let done = ThreadEvent::item_done(ThreadItem::UserMessage(shown));
                Ok(self.start(*opening, Task::Answer(message), vec![done], Vec::new()))
            }
        }
    }

    /// What followed the message is deleted and it is answered again (protocol rule 9).
    pub(in crate::server) async fn retry_after_item(
        &self,
        caller: ChatCaller,
        params: ThreadsRetryAfterItemParams,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let beginning = Beginning::on("threads.retry_after_item", thread_id(&params.thread_id)?);
        let opening = match self.open(caller, beginning, wishes).await? {
            Opened::Repeated(watch) => return Ok(Reply::Stream(watch).into()),
            Opened::Run(opening) => opening,
        };
        let answerable = self.answerable(&opening, &params.item_id).await;
        let message = self.or_abandon(&opening, answerable).await?;
        self.write_first(&opening, &[ItemWrite::RemoveAfter(params.item_id)]).await?;
        Ok(self.start(*opening, Task::Answer(message), Vec::new(), Vec::new()))
    }

    async fn answerable(&self, opening: &Opening, item: &str) -> Result<UserMessageItem, ServerError> {
        let fence = &opening.fence;
        match self.threads.item(&fence.scope, &fence.thread, item).await? {
            Some(ThreadItem::UserMessage(message)) => Ok(message),
            Some(item) if !item.is_hidden() => {
                Err(ServerError::WrongItem("Only a user's message can be answered again."))
            }
            _ => Err(ServerError::ItemNotFound),
        }
    }

    async fn user_message(
        &self,
        caller: &ChatCaller,
        thread: &ThreadId,
        input: UserMessageInput,
    ) -> Result<UserMessageItem, ServerError> {
        let attachments = self.sent_along(caller, thread, &input.attachments).await?;
        let now = self.clock.now();
        Ok(UserMessageItem {
            id: mint(ITEM_PREFIX, now, self.rng.as_ref()),
            thread_id: thread.as_str().to_owned(),
            created_at: wire_time(now),
            content: input.content,
            attachments,
            quoted_text: input.quoted_text,
            inference_options: input.inference_options,
            ..UserMessageItem::default()
        })
    }
}

/// Which attachments become part of the thread with this message.
fn attachment_ids(message: &UserMessageItem) -> Vec<AttachmentId> {
    message.attachments.iter().filter_map(|attachment| AttachmentId::parse(attachment.id())).collect()
}
