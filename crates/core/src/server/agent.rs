//! What answers: the port that a developer implements.

use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_protocol::chatkit::{
    Action, ErrorCode, Order, ThreadItem, ToolChoice, UserMessageItem, WidgetItem,
};
use serde_json::{Map, Value};

use super::answer::{Answer, Shared};
use crate::attachments::{AttachmentContent, AttachmentError, AttachmentService};
use crate::id::{AttachmentId, RunId, SessionId, SiteName, UserId};
use crate::ports::{StoreError, Threads};
use crate::site::ChatKitConfiguration;
use crate::threads::{Fence, ItemPage, ItemQuery, PageQuery, ThreadRecord};

/// Answers for a workflow, as `respond()` does for the Python SDK.
///
/// One agent serves many threads at once; what belongs to one answer lives in its methods' futures. An
/// agent that is stopped is dropped at its next `.await`; one that panics ends its own answer only.
#[async_trait]
pub trait Agent: Send + Sync {
    /// Answers what the user just sent ([`Turn::message`]), or goes on after a client tool's output or
    /// answered questions ([`Turn::answered`]; there is no message then).
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError>;

    /// Answers a click in a widget (`threads.custom_action`). `sender` is the widget, when it came from
    /// one.
    ///
    /// By default there is nothing that would answer, and the visitor is told so.
    async fn action(
        &self,
        turn: &Turn,
        action: &Action,
        sender: Option<&WidgetItem>,
        answer: &Answer,
    ) -> Result<(), AgentError> {
        let _ = (turn, action, sender, answer);
        Err(AgentError::custom("Nothing here reacts to this action."))
    }

    /// Answers a click at once, without a stream (`threads.sync_custom_action`): the item as it should
    /// look from now on, which is kept, or `None`.
    async fn sync_action(
        &self,
        turn: &Turn,
        action: &Action,
        sender: Option<&WidgetItem>,
    ) -> Result<Option<ThreadItem>, AgentError> {
        let _ = (turn, action, sender);
        Err(AgentError::custom("Nothing here reacts to this action."))
    }

    /// Whether the widget offers to stop the answer (`stream_options.allow_cancel`). Yes, unless overridden. A cancel
    /// and a lost connection stop it all the same.
    fn allow_cancel(&self, turn: &Turn) -> bool {
        let _ = turn;
        true
    }
}

/// Why an agent could not answer. The visitor sees an `error` event; the stream ends in order.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Something to tell the visitor, in the agent's own words.
    #[error("{message}")]
    Custom {
        /// What the visitor reads.
        message: String,
        /// Whether the widget offers to try again.
        allow_retry: bool,
    },
    /// A failure with a code of the protocol (`stream.error`) and the widget's own words for it.
    #[error("the agent failed with {}", code.as_str())]
    Stream {
        /// The code.
        code: ErrorCode,
        /// Whether the widget offers to try again.
        allow_retry: bool,
    },
    /// Anything else. The visitor reads that something went wrong and may retry; the log has the rest.
    #[error(transparent)]
    Failed(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// So that an agent can read its files with `?`.
impl From<AttachmentError> for AgentError {
    fn from(error: AttachmentError) -> Self {
        Self::failed(error)
    }
}

/// So that an agent can read its thread with `?`.
impl From<StoreError> for AgentError {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

impl AgentError {
    /// Something to tell the visitor, who cannot do anything about it by trying again.
    pub fn custom(message: impl Into<String>) -> Self {
        Self::Custom { message: message.into(), allow_retry: false }
    }

    /// Something to tell the visitor, who may try again.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::Custom { message: message.into(), allow_retry: true }
    }

    /// A failure to be logged; the visitor reads that something went wrong.
    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// Who asks, and how they would like it answered.
#[derive(Clone, Debug)]
pub struct AgentContext {
    /// The site.
    pub site: SiteName,
    /// The user.
    pub user: UserId,
    /// The session, when the caller came with a client secret.
    pub session: Option<SessionId>,
    /// The workflow that this agent answers for.
    pub workflow: String,
    /// The session's state variables; empty without a session.
    pub state_variables: Map<String, Value>,
    /// What the session was promised, within what the site allows.
    pub configuration: ChatKitConfiguration,
    /// The visitor's language, from `Accept-Language`, such as `de-DE`.
    pub locale: Option<String>,
    /// The request's own `metadata`, as the page sent it. Not to be trusted.
    pub metadata: Map<String, Value>,
}

/// What a turn comes after.
pub(crate) enum Cause {
    /// A message: the new one, or the one that is retried.
    Message(UserMessageItem),
    /// An item of the agent's that has now what it waited for.
    Answered(ThreadItem),
    /// A click.
    Action,
}

/// One answer to be given: the thread, what was said, and who asks.
pub struct Turn {
    pub(crate) thread: ThreadRecord,
    pub(crate) cause: Cause,
    pub(crate) context: AgentContext,
    pub(crate) threads: Arc<dyn Threads>,
    pub(crate) attachments: Option<Arc<AttachmentService>>,
    pub(crate) fence: Fence,
    /// `None` where there is no stream (sync actions).
    pub(crate) shared: Option<Arc<Shared>>,
}

impl Turn {
    /// The thread as it was when the run began. Change it through [`Answer`].
    pub fn thread(&self) -> &ThreadRecord {
        &self.thread
    }

    /// The thread as it is now: somebody else may have changed it since the run began.
    pub async fn reload_thread(&self) -> Result<ThreadRecord, StoreError> {
        let thread = self.threads.thread(&self.fence.scope, &self.fence.thread).await?;
        thread.ok_or(StoreError::NotFound)
    }

    /// The run that gives this answer: what logs name.
    pub fn run(&self) -> &RunId {
        &self.fence.run
    }

    /// The message to answer: the new one, or the one that is retried. `None` when the turn goes on
    /// after a tool's output, answered questions or an action.
    pub fn message(&self) -> Option<&UserMessageItem> {
        match &self.cause {
            Cause::Message(message) => Some(message),
            Cause::Answered(_) | Cause::Action => None,
        }
    }

    /// The item after which the turn goes on: a client tool call with its `output`, or questions with their
    /// answers. It need not be the newest of the thread. `None` when the turn answers a message or an action.
    pub fn answered(&self) -> Option<&ThreadItem> {
        match &self.cause {
            Cause::Answered(item) => Some(item),
            Cause::Message(_) | Cause::Action => None,
        }
    }

    /// The words of the message to answer; empty when there is none.
    pub fn text(&self) -> String {
        self.message().map(UserMessageItem::text).unwrap_or_default()
    }

    /// Who asks.
    pub fn context(&self) -> &AgentContext {
        &self.context
    }

    /// The tool that the visitor chose for this message.
    pub fn tool_choice(&self) -> Option<&ToolChoice> {
        self.message()?.inference_options.tool_choice.as_ref()
    }

    /// The model that the visitor chose for this message.
    pub fn model(&self) -> Option<&str> {
        self.message()?.inference_options.model.as_deref()
    }

    /// The newest items of the thread, at most `limit`, oldest first; hidden ones and this answer's own
    /// finished ones included.
    pub async fn items(&self, limit: u32) -> Result<Vec<ThreadItem>, StoreError> {
        let page = PageQuery { limit, order: Order::Desc, after: None, before: None };
        let mut items = self.page_of_items(page).await?.items;
        items.reverse();
        Ok(items)
    }

    /// A file that was sent in the thread, whole. `None`: it is not there any more, or larger than `limit` bytes.
    pub async fn read_attachment(
        &self,
        id: &str,
        limit: u64,
    ) -> Result<Option<AttachmentContent>, AttachmentError> {
        let Fence { scope, thread, .. } = &self.fence;
        match (&self.attachments, AttachmentId::parse(id)) {
            (Some(attachments), Some(id)) => attachments.read(scope, thread, &id, limit).await,
            _ => Ok(None),
        }
    }

    /// A page of the thread's items, hidden ones included.
    pub async fn page_of_items(&self, page: PageQuery) -> Result<ItemPage, StoreError> {
        if let Some(shared) = &self.shared {
            shared.flushed().await;
        }
        let query = ItemQuery { page, hidden: true, kinds: None };
        let items = self.threads.items(&self.fence.scope, &self.fence.thread, &query).await?;
        items.ok_or(StoreError::NotFound)
    }
}
