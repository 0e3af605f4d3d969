//! Why an operation is refused before anything is streamed.

use chatkitd_protocol::chatkit::{RequestError, ThreadStatus};

use super::agent::AgentError;
use crate::attachments::AttachmentError;
use crate::id::{RunId, SiteName};
use crate::models::ModelError;
use crate::ports::{RunLogError, StoreError};

/// Why an operation was refused. Each has a status and OpenAI's envelope in the HTTP contract.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The body is not a request of the protocol.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A parameter has a value that cannot be.
    #[error("{message}")]
    Invalid {
        /// Which, as a path: `params.limit`.
        param: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// No such thread, or not one of the caller's.
    #[error("there is no such thread")]
    ThreadNotFound,
    /// No such item in the thread, or a hidden one.
    #[error("there is no such item in this thread")]
    ItemNotFound,
    /// No such run, or not one of the caller's.
    #[error("there is no such run")]
    RunNotFound,
    /// The run's events are not kept any more.
    #[error("the events of this run are not kept any more")]
    RunGone,
    /// The run is going on another node, or was a moment ago, and its events are not here.
    #[error("the run is on another node")]
    RunElsewhere,
    /// The item is not of the kind that the operation needs.
    #[error("{0}")]
    WrongItem(&'static str),
    /// The questions were answered or skipped before.
    #[error("these questions were answered already")]
    AlreadyAnswered,
    /// Something about an attachment.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// Another run has the thread, and did not give it up within five seconds.
    #[error("the thread is busy with {0}")]
    ThreadBusy(RunId),
    /// The thread is locked or closed.
    #[error("the thread takes no messages")]
    ThreadNotActive(ThreadStatus),
    /// The `Idempotency-Key` came before, with another body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The user has too many runs going.
    #[error("too many answers are being given at the same time")]
    TooManyRuns,
    /// No place for files is set up.
    #[error("no files are kept")]
    NoAttachments,
    /// Nothing is set up that writes recordings down.
    #[error("no recordings are written down")]
    NoTranscription,
    /// No agent answers for the workflow.
    #[error("nothing answers for the workflow {workflow} on site {site}")]
    NoAgent {
        /// The site.
        site: SiteName,
        /// The workflow.
        workflow: String,
    },
    /// The recording cannot be written down: what it is, or the server that was asked to.
    #[error("the recording was not transcribed")]
    Transcription(#[source] ModelError),
    /// A sync action failed.
    #[error("the agent failed")]
    Agent(#[source] AgentError),
    /// The task that began the run broke down, or the server is going down.
    #[error("the operation was not begun")]
    Aborted,
    /// The log between nodes.
    #[error(transparent)]
    RunLog(#[from] RunLogError),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ServerError {
    /// What is not in the scope is a thread that is not there; operations on items say so themselves.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::ThreadNotFound,
            error => Self::Store(error),
        }
    }
}
