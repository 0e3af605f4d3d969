//! A run as the store keeps it: the lease on its thread, what it may write, and how it ended.

use std::time::Duration;

use chatkitd_protocol::chatkit::{ThreadItem, ThreadStatus};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::id::{AttachmentId, RunId, ThreadId};
use crate::ports::Scope;

use super::record::{ThreadChange, ThreadRecord};

/// What begins a run, as one operation: the lease on the thread is taken, and what the request brought is
/// written, together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStart {
    /// The run's id, which fences all its writes.
    pub run: RunId,
    /// The thread it runs on.
    pub thread: ThreadId,
    /// The thread itself, when it begins with this run.
    pub new_thread: Option<ThreadRecord>,
    /// What is written at once, in this order.
    pub writes: Vec<ItemWrite>,
    /// Attachments that become part of the thread with the first of the writes, the message they came with:
    /// the scope's own, uploaded, and not sent before.
    pub attachments: Vec<AttachmentId>,
    /// The request's `Idempotency-Key`, if it had one.
    pub idempotency: Option<Idempotency>,
    /// Now; the lease itself goes by the database's clock.
    pub now: Timestamp,
    /// How long the lease holds unless renewed.
    pub lease: Duration,
}

impl RunStart {
    /// The message that the attachments came with: the first item that is written.
    pub fn message(&self) -> Option<&str> {
        self.writes.iter().find_map(|write| match write {
            ItemWrite::Put(item) => Some(item.id()),
            ItemWrite::Remove(_) | ItemWrite::RemoveAfter(_) | ItemWrite::Change(_) => None,
        })
    }

    /// What the request's key is kept under, if it has one: SHA-256 of the key within its scope. A thread
    /// has one owner, so that a key which names its thread needs no user.
    pub fn key_digest(&self, scope: &Scope) -> Option<[u8; 32]> {
        let IdempotencyKey { operation, thread, key } = &self.idempotency.as_ref()?.key;
        let owner = self.new_thread.as_ref().map_or("", |thread| thread.user.as_str());
        let thread = thread.as_ref().map_or("", ThreadId::as_str);
        let mut digest = Sha256::new();
        for part in [scope.site().as_str(), owner, operation, thread, key] {
            // The length first, so that no two scopes read the same.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Some(digest.finalize().into())
    }
}

/// What came of [`RunStart`].
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// The lease is yours and the writes are done.
    Started {
        /// The thread, as it is now.
        thread: Box<ThreadRecord>,
        /// The run that was closed as interrupted: its lease had run out.
        interrupted: Option<RunId>,
    },
    /// The same request came before and started that run. Nothing was written.
    Repeated(RunId),
    /// The key came before, with another body. Nothing was written.
    KeyReused,
    /// That run holds the lease. Nothing was written.
    Busy(RunId),
    /// One of the attachments is not there, not uploaded or was sent before. Nothing was written.
    AttachmentSent,
    /// The thread is locked or closed. Nothing was written.
    NotActive(ThreadStatus),
}

/// An `Idempotency-Key` and what it stands for. It is kept for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// What it is scoped to, beside the owner.
    pub key: IdempotencyKey,
    /// SHA-256 of the request's body.
    pub body: [u8; 32],
    /// When it is forgotten.
    pub until: Timestamp,
}

/// A key within its scope: owner, operation and thread (design 4.8).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// The operation's name on the wire.
    pub operation: &'static str,
    /// The thread that the request named; `None` for `threads.create`.
    pub thread: Option<ThreadId>,
    /// What the client sent, at most 255 bytes.
    pub key: String,
}

/// Whose writes they are. Every write of a run carries it; once the run has lost its lease to another,
/// or has ended, the store refuses with `Conflict`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fence {
    /// The owner of the thread.
    pub scope: Scope,
    /// The thread.
    pub thread: ThreadId,
    /// The run that holds the lease.
    pub run: RunId,
}

/// A change of a thread's items.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are items")]
pub enum ItemWrite {
    /// Writes an item: at its old place when its id is there already (protocol rule 3), else at the end.
    Put(ThreadItem),
    /// Deletes an item. One that is not there is no error.
    Remove(String),
    /// Deletes every item after this one (retry). `NotFound` when it is not there.
    RemoveAfter(String),
    /// Changes the thread itself.
    Change(Box<ThreadChange>),
}

impl ItemWrite {
    /// The change of the thread that this is, if it is one.
    pub fn change(&self) -> Option<&ThreadChange> {
        match self {
            Self::Change(change) => Some(change),
            Self::Put(_) | Self::Remove(_) | Self::RemoveAfter(_) => None,
        }
    }
}

/// How long the row of a run that ended is kept, so that whoever asks for its events learns that they are
/// gone; longer while an idempotency key names it.
pub const ENDED_RUNS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// The agent came to its end.
    Completed,
    /// The agent failed, and the client was told.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// The server was told to stop, and cut it off in order.
    ShutDown,
    /// Its process went away; the lease ran out.
    Interrupted,
}

/// Ends a run as one operation: the last writes, and the release of the lease.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// How.
    pub outcome: RunOutcome,
    /// What is written with it, in this order.
    pub writes: Vec<ItemWrite>,
    /// When.
    pub now: Timestamp,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// It holds the lease.
    Running,
    /// It is over.
    Ended(RunOutcome),
}

impl RunStatus {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended(RunOutcome::Completed) => "completed",
            Self::Ended(RunOutcome::Failed) => "failed",
            Self::Ended(RunOutcome::Stopped) => "stopped",
            Self::Ended(RunOutcome::ShutDown) => "shut_down",
            Self::Ended(RunOutcome::Interrupted) => "interrupted",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Running,
            Self::Ended(RunOutcome::Completed),
            Self::Ended(RunOutcome::Failed),
            Self::Ended(RunOutcome::Stopped),
            Self::Ended(RunOutcome::ShutDown),
            Self::Ended(RunOutcome::Interrupted),
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }
}

/// A run, as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// Its thread.
    pub thread: ThreadId,
    /// Where it stands. A run whose lease ran out is `Running` until somebody closes it.
    pub status: RunStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// One run's sign of life.
#[derive(Clone, Debug, PartialEq)]
pub struct Renewal {
    /// The run.
    pub run: RunId,
    /// What becomes of the thread should the process die now: the items to append. `None` leaves the
    /// last checkpoint as it is.
    pub checkpoint: Option<Vec<ThreadItem>>,
}

/// What a renewal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The lease holds on.
    Held,
    /// The same, and somebody on another node asks the run to stop.
    StopRequested,
    /// The run no longer holds the lease: it ended, was superseded, or its thread was deleted.
    Lost,
}

/// Which runs a recovery closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those whose lease ran out: their process is gone, wherever it was.
    Expired,
    /// All: this process is the database's only one and has just started.
    All,
}

/// A run that a recovery closed as interrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct StrandedRun {
    /// The run.
    pub run: RunId,
    /// The thread's owner.
    pub scope: Scope,
    /// The thread.
    pub thread: ThreadId,
}
