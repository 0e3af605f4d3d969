//! How a run is told to stop.

use std::sync::Mutex;
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::lock::lock;

/// Why a run stops before its agent is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The visitor pressed stop, or the thread is being deleted.
    Requested,
    /// Whoever started it is gone and did not ask for it to go on (design 4.8).
    WatcherLost,
    /// Another run has the lease now: nothing more may be written.
    LeaseLost,
    /// The server is going down.
    Shutdown,
}

/// Carries the first reason from whoever stops a run to the task that drives it.
#[derive(Default)]
pub(crate) struct StopSignal {
    reason: Mutex<Option<StopReason>>,
    driver: AtomicWaker,
}

impl StopSignal {
    /// Asks the run to stop; only the first reason counts, but that a lost lease always does.
    pub(crate) fn stop(&self, reason: StopReason) {
        let mut known = lock(&self.reason);
        if known.is_none() || reason == StopReason::LeaseLost {
            *known = Some(reason);
        }
        drop(known);
        self.driver.wake();
    }

    /// The reason, once there is one. One task at a time may wait.
    pub(crate) fn poll_stopped(&self, context: &Context<'_>) -> Poll<StopReason> {
        self.driver.register(context.waker());
        (*lock(&self.reason)).map_or(Poll::Pending, Poll::Ready)
    }
}
