//! Conversations as the store keeps them: threads, their items, feedback, and the runs that write them.
//!
//! Items are the wire's own type, [`chatkitd_protocol::chatkit::ThreadItem`]; a thread's record has what
//! the wire's `Thread` does not show: its owner and its metadata.

mod record;
mod run;

pub use record::{
    DELETED_THREADS_KEPT, ItemPage, ItemQuery, ItemText, ItemTextPage, NulInId, PageQuery, ThreadChange,
    ThreadPage, ThreadQuery, ThreadRecord, Walk, storable_title, wire_time,
};
pub use run::{
    Begun, ENDED_RUNS_KEPT, Fence, Idempotency, IdempotencyKey, ItemWrite, Renewal, Renewed, RunEnd,
    RunOutcome, RunRecord, RunStart, RunStatus, StrandedRun, Which,
};
