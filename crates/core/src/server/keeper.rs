//! What runs need beside requests: leases, stops from other nodes, recovery, shutdown.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join, join_all};

use super::engine::{ChatServer, LEASE, LOOK_EVERY};
use super::live::LiveRuns;
use super::run::{count, interrupted};
use super::stop::StopReason;
use super::watch::close_log;
use crate::id::RunId;
use crate::ports::{Clock, RunLease, RunLog, RunRecovery, StoreError};
use crate::threads::{RunOutcome, RunStatus, Which};

/// How many runs one recovery closes at once.
const RECOVERED_AT_ONCE: u32 = 100;

/// Keeps the runs of a process. Background tasks hold it; no handler has the ports that it is made of.
pub struct RunKeeper {
    runs: Arc<LiveRuns>,
    lease: Arc<dyn RunLease>,
    recovery: Arc<dyn RunRecovery>,
    log: Option<Arc<dyn RunLog>>,
    clock: Arc<dyn Clock>,
}

impl ChatServer {
    /// Who keeps the runs of this engine, and of those that succeed it.
    pub fn keeper(&self, lease: Arc<dyn RunLease>, recovery: Arc<dyn RunRecovery>) -> RunKeeper {
        let (log, clock) = (self.log.clone(), self.clock.clone());
        RunKeeper { runs: Arc::clone(&self.runs), lease, recovery, log, clock }
    }
}

impl RunKeeper {
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
            join_all(stranded.into_iter().map(|stranded| cut_off(self.log.clone(), stranded.run))).await;
            if closed == 0 {
                return Ok(());
            }
        }
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

/// Counts a run that was closed because its process is gone. The future ends its log.
pub(super) fn cut_off(log: Option<Arc<dyn RunLog>>, run: RunId) -> BoxFuture<'static, ()> {
    tracing::warn!(%run, "a run was interrupted: its process is gone");
    count(RunStatus::Ended(RunOutcome::Interrupted).as_str());
    Box::pin(async move {
        let Some(log) = log else { return };
        if let Err(error) = close_log(log.as_ref(), &run, &[interrupted()]).await {
            tracing::warn!(%run, error = &error as &dyn std::error::Error, "an interrupted run's log was not ended");
        }
    })
}
