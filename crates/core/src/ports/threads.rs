//! Threads, items, feedback and runs; and what runs need beside the store.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_protocol::chatkit::{FeedbackKind, ThreadItem};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Scope, StoreError};
use crate::id::{RunId, SessionId, ThreadId};
use crate::sessions::AuditEntry;
use crate::threads::{
    Begun, Fence, ItemPage, ItemQuery, ItemTextPage, ItemWrite, Renewal, Renewed, RunEnd, RunRecord,
    RunStart, StrandedRun, ThreadChange, ThreadPage, ThreadQuery, ThreadRecord, Which,
};

/// Conversations. Whatever is outside the scope is not there.
#[async_trait]
pub trait Threads: Send + Sync {
    /// One thread.
    async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<Option<ThreadRecord>, StoreError>;

    /// Threads of the scope, by the time they began and then by id.
    async fn threads(&self, scope: &Scope, query: &ThreadQuery) -> Result<ThreadPage, StoreError>;

    /// A thread's items, by position. `None`: no such thread.
    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        query: &ItemQuery,
    ) -> Result<Option<ItemPage>, StoreError>;

    /// The same as texts, for whoever only hands them on. A store that keeps texts need not understand them.
    async fn item_texts(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        query: &ItemQuery,
    ) -> Result<Option<ItemTextPage>, StoreError>;

    /// One item, hidden or not. `None`: no such item, or no such thread.
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &str,
    ) -> Result<Option<ThreadItem>, StoreError>;

    /// Writes an item in place of the one with the same id, without a lease (sync actions). `NotFound`
    /// when there is none.
    async fn replace_item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ThreadItem,
    ) -> Result<(), StoreError>;

    /// Changes a thread, without a lease, and returns it as it is now. `NotFound` outside the scope.
    async fn change_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        change: &ThreadChange,
    ) -> Result<ThreadRecord, StoreError>;

    /// Deletes a thread with its items, its feedback and its runs' rows, and writes `audit`, all in one step; a run
    /// that is still going loses its lease by that. `NotFound` outside the scope.
    async fn delete_thread(&self, scope: &Scope, id: &ThreadId, audit: &AuditEntry)
    -> Result<(), StoreError>;

    /// Keeps what the user thinks of items; a later opinion on an item replaces the earlier one.
    /// `NotFound` when the thread or one of the items (hidden ones included) is not there; nothing is
    /// kept then.
    async fn add_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[String],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// What the user thinks of a thread's items: item id and opinion, by item id.
    async fn feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Vec<(String, FeedbackKind)>, StoreError>;

    /// Begins a run: see [`RunStart`] and [`Begun`]. What stands in its way is looked for in the order of
    /// `NotFound`, `Repeated` or `KeyReused`, `NotActive`, `Busy`, `AttachmentSent`. A lease that ran out is no obstacle:
    /// the run that held it is closed as interrupted, and its last checkpoint's items are appended before
    /// anything else is written (one whose id is there already was finished after the checkpoint and
    /// stays as it is). `NotFound` when the thread is not there (and is no new one), when a new thread
    /// is not the scope's, or as a write says; `Conflict` when a new thread's id is taken.
    async fn begin_run(&self, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError>;

    /// Writes of a run, all or nothing, in this order. `Conflict`: the fence does not hold any more.
    async fn write_run(&self, fence: &Fence, writes: &[ItemWrite]) -> Result<(), StoreError>;

    /// Ends a run: its last writes and the release of the lease in one step. `Conflict` as above.
    async fn end_run(&self, fence: &Fence, end: &RunEnd) -> Result<(), StoreError>;

    /// Takes a run back that has written nothing since it began: it, its lease and its idempotency key
    /// are as if they had never been. `Conflict` as above.
    async fn abandon_run(&self, fence: &Fence) -> Result<(), StoreError>;

    /// One run.
    async fn run(&self, scope: &Scope, id: &RunId) -> Result<Option<RunRecord>, StoreError>;

    /// The run that holds the lease of a thread right now (by the database's clock).
    async fn live_run(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<RunRecord>, StoreError>;

    /// Asks the node that runs it to stop a run: it learns so with its next renewal. `NotFound` outside
    /// the scope; a run that has ended is no error.
    async fn request_stop(&self, scope: &Scope, id: &RunId) -> Result<(), StoreError>;
}

/// Keeps leases alive. Background tasks hold it; no handler can obtain it.
#[async_trait]
pub trait RunLease: Send + Sync {
    /// Renews leases for `lease` from now, by the database's clock, and keeps checkpoints. The answers
    /// are in the order of `runs`. A lease that ran out but was not taken by anybody holds again.
    async fn renew_runs(&self, runs: &[Renewal], lease: Duration) -> Result<Vec<Renewed>, StoreError>;

    /// Which of these sessions are revoked: what they started is to end.
    async fn revoked_sessions(&self, sessions: &[SessionId]) -> Result<Vec<SessionId>, StoreError>;
}

/// Closes runs whose process is gone. Background tasks hold it; no handler can obtain it.
#[async_trait]
pub trait RunRecovery: Send + Sync {
    /// Closes up to `limit` runs as interrupted: appends the items of their last checkpoint and
    /// releases their leases. One that cannot be closed is logged and left. An error: none was.
    async fn interrupt_runs(
        &self,
        which: Which,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StrandedRun>, StoreError>;
}

/// Carries runs' events between nodes. With one node there is none: the node's own log does.
#[async_trait]
pub trait RunLog: Send + Sync {
    /// Adds events; the first has the number `first` (from 1). `frames` are SSE frames, ready to send.
    /// `ended`: no more will come. What was added already is not added twice.
    async fn append(
        &self,
        run: &RunId,
        first: u64,
        frames: &[Vec<u8>],
        ended: bool,
    ) -> Result<(), RunLogError>;

    /// Ends the log of a run in the place of its node. The first of these frames has the number `first`, which may
    /// lie anywhere beyond the last one's. A log that has ended, or is not there, stays as it is.
    async fn close(&self, run: &RunId, first: u64, frames: &[Vec<u8>]) -> Result<(), RunLogError>;

    /// The frames after number `after`, at least one unless the log has ended or `wait` is over; at most
    /// about 64 KiB of them. `None`: there is no such log, or not any more.
    async fn read(&self, run: &RunId, after: u64, wait: Duration) -> Result<Option<LogPart>, RunLogError>;

    /// Tells the node that runs it to stop a run, at once if it can be reached.
    async fn announce_stop(&self, run: &RunId) -> Result<(), RunLogError>;
}

/// A stretch of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPart {
    /// SSE frames, one after another.
    pub frames: Vec<u8>,
    /// The number of the last of them; `after` when there is none.
    pub last: u64,
    /// Whether the log ends here.
    pub ended: bool,
}

/// The log between nodes cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the run log is unavailable")]
pub struct RunLogError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Starts tasks that outlive the request.
pub trait Spawner: Send + Sync {
    /// Runs `task` to its end, beside everything else.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}
