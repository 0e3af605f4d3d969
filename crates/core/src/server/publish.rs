//! Carries a run's events from this node's log to the one that nodes share.

use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::live::LiveRun;
use super::log::EventLog;
use crate::id::RunId;
use crate::ports::{Clock, RunLog};

/// Between two batches. An answer has dozens of events a second; readers on other nodes do not notice the
/// delay, and the log between nodes has a fraction of the work.
const BREATH: Duration = Duration::from_millis(20);
/// Between two tries while the log between nodes is away.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// One run on its way to other nodes. The run never waits for it: it reads the log as any watcher does.
pub(super) struct Publisher {
    log: Arc<dyn RunLog>,
    clock: Arc<dyn Clock>,
    id: RunId,
    /// Weak: a run that this node has forgotten is not kept for a log that is away for too long.
    events: Weak<EventLog>,
}

impl Publisher {
    pub(super) fn new(log: Arc<dyn RunLog>, clock: Arc<dyn Clock>, run: &Arc<LiveRun>) -> Self {
        Self { log, clock, id: run.fence.run.clone(), events: Arc::downgrade(&run.log) }
    }

    /// Until the run's last event is there, or this node has forgotten the run.
    pub(super) async fn publish(self) {
        let mut after = 0;
        let mut wait = FIRST_WAIT;
        while let Some(events) = self.events.upgrade() {
            let batch = poll_fn(|context| events.poll_batch(after, context)).await;
            drop(events);
            match self.log.append(&self.id, after + 1, &batch.frames, batch.ended).await {
                Ok(()) if batch.ended => return,
                Ok(()) => {
                    after = batch.last;
                    wait = FIRST_WAIT;
                    self.clock.sleep(BREATH).await;
                }
                Err(error) => {
                    let run = &self.id;
                    tracing::debug!(%run, error = &error as &dyn std::error::Error, "events wait for the run log");
                    // It may have lost what it had: what it still has is not added twice.
                    after = 0;
                    self.clock.sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }
}
