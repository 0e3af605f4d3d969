//! The engine's parts, and what the HTTP contract and the background tasks ask of it.

use std::sync::Arc;
use std::time::Duration;

use chatkitd_protocol::chatkit::{Operation, Request};
use futures_channel::oneshot;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::agent::{Agent, AgentContext};
use super::agents::Agents;
use super::error::ServerError;
use super::live::LiveRuns;
use super::reach::Reach;
use super::recordings::Recordings;
use super::watch::Watch;
use crate::attachments::{AllowedTypes, AttachmentService, PublicBase, UploadTerms};
use crate::id::RunId;
use crate::ports::{Clock, Rng, RunLog, Scope, Spawner, Threads, Transcriber};

/// How long a lease holds unless renewed (design 4.8).
pub(super) const LEASE: Duration = Duration::from_secs(10);
/// How often it is looked whether the run on a thread has ended, and how many times (design 4.8).
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
pub(super) const LOOKS: u32 = 100;

/// The engine behind `/chatkit`.
pub struct ChatServer {
    pub(super) threads: Arc<dyn Threads>,
    pub(super) log: Option<Arc<dyn RunLog>>,
    pub(super) spawner: Arc<dyn Spawner>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) agents: Agents,
    pub(super) attachments: Option<Arc<AttachmentService>>,
    pub(super) transcriber: Option<Arc<dyn Transcriber>>,
    pub(super) run_time_limit: Duration,
    pub(super) runs: Arc<LiveRuns>,
    pub(super) recordings: Recordings,
}

/// What a [`ChatServer`] is made of.
pub struct ChatServerParts {
    /// Threads, items, runs.
    pub threads: Arc<dyn Threads>,
    /// Carries events to other nodes; `None` on a single one.
    pub log: Option<Arc<dyn RunLog>>,
    /// Starts runs.
    pub spawner: Arc<dyn Spawner>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub rng: Arc<dyn Rng>,
    /// Which agent answers for which workflow.
    pub agents: Agents,
    /// Files that visitors send along; `None`: none are taken.
    pub attachments: Option<Arc<AttachmentService>>,
    /// Writes down what was said; `None`: `input.transcribe` is refused as not configured.
    pub transcriber: Option<Arc<dyn Transcriber>>,
    /// How long one answer may take. An agent that does not come to an end is stopped then.
    pub run_time_limit: Duration,
}

/// Who calls, as the HTTP contract found out.
#[derive(Clone, Debug)]
pub struct ChatCaller {
    /// The user, site and workflow, and what the agent may know of them. The request's own `metadata` is
    /// filled in by the engine.
    pub context: AgentContext,
    /// Where this server is to them: the addresses of attachments begin with it.
    pub base: PublicBase,
    /// Which files their site takes.
    pub file_types: AllowedTypes,
    /// Which of their threads they see.
    pub reach: Reach,
    /// Whether their answers may be traced.
    pub traced: bool,
    /// Since when their files count towards `file_upload.max_files`; `None`: those of each message for themselves.
    pub files_since: Option<Timestamp>,
}

impl ChatCaller {
    /// What the caller may touch.
    pub fn scope(&self) -> Scope {
        Scope::User(self.context.site.clone(), self.context.user.clone())
    }

    /// What the caller may upload.
    pub fn upload_terms(&self) -> UploadTerms<'_> {
        UploadTerms {
            promise: self.context.configuration.file_upload.as_ref(),
            types: &self.file_types,
            counted_since: self.files_since,
        }
    }
}

/// What a streaming request asks of its run, beside the operation (design 4.8).
#[derive(Clone, Debug, Default)]
pub struct StreamWishes {
    /// `x-chatkit-resume: 1`: the run goes on when the connection is lost.
    pub resume: bool,
    /// The `Idempotency-Key` with the SHA-256 of the body.
    pub idempotency: Option<(String, [u8; 32])>,
}

/// An operation's answer.
pub enum Reply {
    /// A JSON document.
    Json {
        /// The body.
        body: Vec<u8>,
        /// The run that was going on the thread before its items were read, for `threads.get_by_id` and the first page
        /// of `items.list`.
        live_run: Option<RunId>,
    },
    /// A run's events, from the first.
    Stream(Watch),
    /// The only event of a stream that belongs to no run, as a frame.
    Event(Vec<u8>),
}

/// A reply, and the run that it shows: to be driven by whoever began it, once the reply is on its way.
pub(super) struct Answered {
    pub(super) reply: Reply,
    /// `None` where there is nothing left to be done.
    pub(super) run: Option<BoxFuture<'static, ()>>,
}

impl From<Reply> for Answered {
    fn from(reply: Reply) -> Self {
        Self { reply, run: None }
    }
}

impl ChatServer {
    /// An engine of these parts.
    pub fn new(parts: ChatServerParts) -> Self {
        Self {
            threads: parts.threads,
            log: parts.log,
            spawner: parts.spawner,
            clock: parts.clock,
            rng: parts.rng,
            agents: parts.agents,
            attachments: parts.attachments,
            transcriber: parts.transcriber,
            run_time_limit: parts.run_time_limit,
            runs: Arc::default(),
            recordings: Recordings::default(),
        }
    }

    /// An engine of these parts that takes this one's place: it has the same runs. Those that are going go on
    /// with the agents that they have; the ports to the database and to other nodes must be the same.
    #[must_use]
    pub fn succeeded_by(&self, parts: ChatServerParts) -> Self {
        Self { runs: Arc::clone(&self.runs), recordings: self.recordings.clone(), ..Self::new(parts) }
    }

    /// Performs one operation of the protocol.
    ///
    /// A streaming operation is begun in a task of its own: a caller that goes away in the middle must not
    /// leave a thread leased that nobody drives. The watch that it does not take any more is dropped, which
    /// stops the run unless it was wished to go on. The same task then drives the run: what an agent has to say
    /// at once is there by the time that the caller reads, and goes out in one piece.
    pub async fn handle(
        self: &Arc<Self>,
        caller: ChatCaller,
        request: Request,
        wishes: StreamWishes,
    ) -> Result<Reply, ServerError> {
        let Request { operation, metadata } = request;
        let mut caller = caller;
        caller.context.metadata = metadata;
        if !operation.is_streaming() {
            return Ok(self.answer(caller, operation, wishes).await?.reply);
        }
        let (reply, begun) = oneshot::channel();
        let server = Arc::clone(self);
        // In a box of its own, which is gone before the run, however long that takes.
        let begin = Box::pin(async move { server.answer(caller, operation, wishes).await });
        self.spawner.spawn(Box::pin(async move {
            let (begun, run) = match begin.await {
                Ok(Answered { reply, run }) => (Ok(reply), run),
                Err(error) => (Err(error), None),
            };
            // Where nobody waits any more, what comes back is dropped.
            drop(reply.send(begun));
            if let Some(run) = run {
                run.await;
            }
        }));
        begun.await.map_err(|_| ServerError::Aborted)?
    }

    async fn answer(
        &self,
        caller: ChatCaller,
        operation: Operation,
        wishes: StreamWishes,
    ) -> Result<Answered, ServerError> {
        let scope = caller.scope();
        if let Some(thread) = operation.thread_id() {
            self.require_reach(&scope, caller.reach, thread).await?;
        }
        let reply = match operation {
            Operation::ThreadsGetById(params) => self.get_thread(&caller, params).await,
            Operation::ThreadsList(params) => self.list_threads(&scope, caller.reach, params).await,
            Operation::ThreadsUpdate(params) => self.update_thread(&scope, params).await,
            Operation::ThreadsDelete(params) => self.delete_thread(&caller, params).await,
            Operation::ItemsList(params) => self.list_items(&caller, params).await,
            Operation::ItemsFeedback(params) => self.add_feedback(&scope, params).await,
            Operation::ThreadsSyncCustomAction(params) => self.sync_action(caller, params).await,
            Operation::AttachmentsCreate(params) => self.create_attachment(&caller, params).await,
            Operation::AttachmentsDelete(params) => self.delete_attachment(&scope, params).await,
            Operation::InputTranscribe(params) => self.transcribe(params).await,
            Operation::ThreadsCreate(params) => return self.create_thread(caller, params, wishes).await,
            Operation::ThreadsAddUserMessage(params) => {
                return self.add_user_message(caller, params, wishes).await;
            }
            Operation::ThreadsAddClientToolOutput(params) => {
                return self.add_client_tool_output(caller, params, wishes).await;
            }
            Operation::ThreadsAddStructuredInput(params) => {
                return self.add_structured_input(caller, params, wishes).await;
            }
            Operation::ThreadsRetryAfterItem(params) => {
                return self.retry_after_item(caller, params, wishes).await;
            }
            Operation::ThreadsCustomAction(params) => {
                return self.custom_action(caller, params, wishes).await;
            }
        };
        Ok(reply?.into())
    }

    /// Who answers the caller.
    pub(super) fn agent(&self, caller: &AgentContext) -> Result<Arc<dyn Agent>, ServerError> {
        let agent = self.agents.find(&caller.site, &caller.workflow);
        agent.cloned().ok_or_else(|| ServerError::NoAgent {
            site: caller.site.clone(),
            workflow: caller.workflow.clone(),
        })
    }
}
