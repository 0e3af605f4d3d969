//! What runs need beside requests: watching again, stopping, leases, recovery, shutdown.

use std::time::Duration;

use chatkitd_protocol::chatkit::{Page, ThreadEvent};
use futures_util::future::{BoxFuture, join, join_all};

use super::engine::{ChatCaller, ChatServer, LEASE, LOOK_EVERY, LOOKS};
use super::error::ServerError;
use super::live::{KEPT_FOR, Known};
use super::log::{LAST_EVENT, closing_frames};
use super::reach::Reach;
use super::run::{count, interrupted, last_word};
use super::stop::StopReason;
use super::watch::{Elsewhere, Watch, close_log, elapsed, may_come};
use crate::id::{RunId, ThreadId};
use crate::ports::{Scope, StoreError};
use crate::threads::{RunOutcome, RunRecord, RunStatus, Which};

/// How many runs one recovery closes at once.
const RECOVERED_AT_ONCE: u32 = 100;

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

    /// Stops a run of this node because another node asked for it.
    pub fn stop_here(&self, run: &RunId) {
        if let Some(known) = self.runs.find(run) {
            known.stop(StopReason::Requested);
        }
    }

    /// Keeps this node's leases and checkpoints, and stops what ended sessions started: to be called more often
    /// than once a second.
    pub async fn keep(&self) -> Result<(), StoreError> {
        self.runs.sweep(self.clock.monotonic());
        self.runs.measure();
        let (kept, stopped) = join(self.keep_leases(), self.stop_what_ended_sessions_started()).await;
        kept.and(stopped)
    }

    async fn keep_leases(&self) -> Result<(), StoreError> {
        let renewals = self.runs.renewals(self.clock.monotonic());
        if renewals.is_empty() {
            return Ok(());
        }
        let answers = self.lease.renew_runs(&renewals, LEASE).await;
        let answers = answers.inspect_err(|_| self.runs.renewals_failed(&renewals))?;
        for (renewal, answer) in renewals.iter().zip(answers) {
            self.runs.renewed(&renewal.run, answer);
        }
        Ok(())
    }

    /// A session that was ended, on whatever node, ends its answers too.
    async fn stop_what_ended_sessions_started(&self) -> Result<(), StoreError> {
        let sessions = self.runs.sessions();
        if !sessions.is_empty() {
            self.runs.stop_sessions(&self.lease.revoked_sessions(&sessions).await?);
        }
        Ok(())
    }

    /// Closes runs whose process is gone, and ends their logs: to be called at start and every few seconds.
    pub async fn recover(&self, which: Which) -> Result<(), StoreError> {
        loop {
            let stranded = self.recovery.interrupt_runs(which, self.clock.now(), RECOVERED_AT_ONCE).await?;
            let closed = stranded.len();
            // All at once: while the log between nodes is away each takes as long as a command may.
            join_all(stranded.into_iter().map(|stranded| self.interrupted(stranded.run))).await;
            if closed < RECOVERED_AT_ONCE as usize {
                return Ok(());
            }
        }
    }

    /// Counts a run that was closed because its process is gone. The future ends its log.
    pub(super) fn interrupted(&self, run: RunId) -> BoxFuture<'static, ()> {
        tracing::warn!(%run, "a run was interrupted: its process is gone");
        count(RunStatus::Ended(RunOutcome::Interrupted).as_str());
        let log = self.log.clone();
        Box::pin(async move {
            let Some(log) = log else { return };
            if let Err(error) = close_log(log.as_ref(), &run, &[interrupted()]).await {
                tracing::warn!(%run, error = &error as &dyn std::error::Error, "an interrupted run's log was not ended");
            }
        })
    }

    /// Waits until no run of this node is going any more, for as long as `patience`.
    pub async fn drain(&self, patience: Duration) {
        let looks = patience.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            if self.runs.going().is_empty() {
                return;
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Stops every run of this node, also those that begin from now on, and waits for their ends, for as long as
    /// `patience`.
    pub async fn shut_down(&self, patience: Duration) {
        self.runs.shut_down();
        self.drain(patience).await;
    }
}

/// Events that do not come from a log.
fn frames(events: &[ThreadEvent]) -> Vec<u8> {
    closing_frames(events).1.concat()
}
