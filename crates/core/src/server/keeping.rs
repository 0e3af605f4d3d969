//! Watching a run again, and stopping it.

use std::time::Duration;

use chatkitd_protocol::chatkit::{Page, ThreadEvent};

use super::engine::{ChatCaller, ChatServer, LOOK_EVERY, LOOKS};
use super::error::ServerError;
use super::live::{KEPT_FOR, Known};
use super::log::{LAST_EVENT, closing_frames};
use super::reach::Reach;
use super::run::{interrupted, last_word};
use super::stop::StopReason;
use super::watch::{Elsewhere, Watch, elapsed, may_come};
use crate::id::{RunId, ThreadId};
use crate::ports::{Scope, StoreError};
use crate::threads::{RunOutcome, RunRecord, RunStatus};

/// What there is of a run.
pub(super) enum Kept {
    /// Its events.
    Log(Watch),
    /// No more than this.
    Nothing(RunRecord),
}

impl ChatServer {
    /// Goes on with a run's events after the number `after`; 0 for all of them (design 4.8).
    pub async fn watch(
        &self,
        scope: &Scope,
        reach: Reach,
        run: &RunId,
        after: u64,
    ) -> Result<Watch, ServerError> {
        self.require_run_in_reach(scope, reach, run).await?;
        match self.kept(scope, run, after).await? {
            Kept::Log(watch) => Ok(watch),
            Kept::Nothing(record) => self.without_log(&record, after),
        }
    }

    pub(super) async fn kept(&self, scope: &Scope, run: &RunId, after: u64) -> Result<Kept, ServerError> {
        if let Some(known) = self.runs.find(run) {
            if !scope.covers(known.scope()) {
                return Err(ServerError::RunNotFound);
            }
            // Its thread may have been deleted since, and nobody reads on what was said there.
            if matches!(known, Known::Ended(_)) {
                self.threads.run(scope, run).await?.ok_or(ServerError::RunNotFound)?;
            }
            return Ok(Kept::Log(Watch::here(run.clone(), known.log(), after, self.clock.clone())));
        }
        let record = self.threads.run(scope, run).await?.ok_or(ServerError::RunNotFound)?;
        if let Some(log) = &self.log
            && let Some(part) = log.read(run, after, Duration::ZERO).await?
        {
            if part.ended && part.frames.is_empty() {
                return Ok(Kept::Log(Watch::at_end(run.clone(), after, self.clock.clone())));
            }
            let elsewhere =
                Elsewhere { log: log.clone(), threads: self.threads.clone(), scope: scope.clone() };
            elsewhere.end_if_over(&record, self.clock.now()).await?;
            return Ok(Kept::Log(Watch::elsewhere(elsewhere, run.clone(), after, self.clock.clone())));
        }
        Ok(Kept::Nothing(record))
    }

    /// A run of which nothing is left but how it ended.
    pub(super) fn without_log(&self, record: &RunRecord, after: u64) -> Result<Watch, ServerError> {
        let run = record.id.clone();
        let now = self.clock.now();
        let is_old = record.ended_at.is_some_and(|at| elapsed(at, now) >= KEPT_FOR);
        // A log that was away, or lost everything, is filled by the run's node within seconds.
        let comes = self.log.is_some() && record.ended_at.is_some_and(|at| may_come(at, now));
        match record.status {
            RunStatus::Running => Err(ServerError::RunElsewhere),
            _ if after >= LAST_EVENT => Ok(Watch::at_end(run, after, self.clock.clone())),
            RunStatus::Ended(_) if is_old => Err(ServerError::RunGone),
            RunStatus::Ended(RunOutcome::ShutDown | RunOutcome::Interrupted) => {
                Ok(Watch::closed(run, frames(&[interrupted()]), self.clock.clone()))
            }
            RunStatus::Ended(_) if comes => Err(ServerError::RunElsewhere),
            RunStatus::Ended(_) => Err(ServerError::RunGone),
        }
    }

    /// What is in the thread that this run began, as events.
    pub(super) async fn retold(&self, caller: &ChatCaller, record: &RunRecord) -> Result<Watch, ServerError> {
        let thread = self.threads.thread(&caller.scope(), &record.thread).await?;
        let thread = thread.ok_or(ServerError::ThreadNotFound)?.to_wire(Page::default());
        let items = self.first_items(caller, &record.thread).await?;
        let mut events = vec![ThreadEvent::thread_created(thread)];
        events.extend(items.into_iter().map(ThreadEvent::item_done));
        events.extend(last_word(record.status));
        Ok(Watch::closed(record.id.clone(), frames(&events), self.clock.clone()))
    }

    /// Stops a run, here or elsewhere. One that has ended already is no error.
    pub async fn cancel(&self, scope: &Scope, reach: Reach, run: &RunId) -> Result<(), ServerError> {
        self.require_run_in_reach(scope, reach, run).await?;
        if let Some(known) = self.runs.find(run).filter(|known| scope.covers(known.scope())) {
            known.stop(StopReason::Requested);
            return Ok(());
        }
        match self.threads.request_stop(scope, run).await {
            Err(StoreError::NotFound) => return Err(ServerError::RunNotFound),
            result => result?,
        }
        if let Some(log) = &self.log {
            // The mark in the store is enough; this only makes it faster.
            if let Err(error) = log.announce_stop(run).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a stop was not announced");
            }
        }
        Ok(())
    }

    /// Stops the run on a thread, if there is one, and waits for its end, five seconds at the most.
    pub(super) async fn clear(&self, scope: &Scope, thread: &ThreadId) -> Result<(), ServerError> {
        for look in 0..LOOKS {
            let Some(run) = self.threads.live_run(scope, thread).await? else { return Ok(()) };
            if look == 0 {
                self.cancel(scope, Reach::All, &run.id).await?;
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

/// Events that do not come from a log.
fn frames(events: &[ThreadEvent]) -> Vec<u8> {
    closing_frames(events).1.concat()
}
