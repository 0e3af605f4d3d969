//! What runs beside the requests: cancelling upstream sessions that nobody needs, and forgetting.

use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::ports::{Clock, Maintenance, StoreError};
use chatkitd_core::sessions::{CancelJob, Canceller};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::reload::Current;

const CANCEL_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Longer than a batch may take (its cancels run at once, 10 s each at the most), so that no second node takes
/// the same jobs meanwhile; and how long a job that failed once waits. Each further time it waits twice as long.
const LEASE: Duration = Duration::from_secs(30);
const BATCH: u32 = 16;
/// After that an upstream session is left to run out: it lives ten minutes, as long as these take.
const MAX_ATTEMPTS: u32 = 5;

pub(crate) struct Jobs {
    pub(crate) maintenance: Arc<dyn Maintenance>,
    /// Has the hosted upstream that is in force.
    pub(crate) current: Arc<Current>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Jobs {
    /// Runs until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let sweeps = self.every(SWEEP_EVERY, &shutdown, || self.sweep());
        let cancels = self.every(CANCEL_EVERY, &shutdown, || self.cancel_due());
        tokio::join!(sweeps, cancels);
    }

    async fn every<F: Future<Output = ()>>(
        &self,
        period: Duration,
        shutdown: &CancellationToken,
        work: impl Fn() -> F,
    ) {
        let until_shutdown = async {
            loop {
                work().await;
                self.clock.sleep(period).await;
            }
        };
        shutdown.run_until_cancelled(until_shutdown).await;
    }

    async fn sweep(&self) {
        if let Err(error) = self.maintenance.sweep(self.clock.now()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old sessions were not swept; the next try is in a minute"
            );
        }
    }

    async fn cancel_due(&self) {
        if let Err(error) = self.cancel_all().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cancel jobs were not read");
        }
    }

    /// Batch after batch, until nothing is due; each at the upstream that is in force by then.
    async fn cancel_all(&self) -> Result<(), StoreError> {
        while let Some(canceller) = self.current.canceller() {
            let due = self.maintenance.take_cancel_jobs(self.clock.now(), LEASE, BATCH).await?;
            join_all(due.iter().map(|job| self.cancel(canceller.as_ref(), job))).await;
            if due.len() < BATCH as usize {
                break;
            }
        }
        Ok(())
    }

    async fn cancel(&self, canceller: &dyn Canceller, job: &CancelJob) {
        if let Err(error) = canceller.cancel(&job.site, &job.upstream_session).await {
            let error = &error as &dyn std::error::Error;
            if job.attempts < MAX_ATTEMPTS {
                tracing::info!(
                    error,
                    attempts = job.attempts,
                    "an upstream session was not cancelled; it is tried again"
                );
                return;
            }
            tracing::warn!(error, "an upstream session was not cancelled; it is left to run out");
        }
        if let Err(error) = self.maintenance.finish_cancel_job(job).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a cancel job was not removed; it is done again"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use axum::Router;
    use chatkitd_core::id::{SiteName, UserId};
    use chatkitd_core::ports::{Scope, Store as _};
    use chatkitd_core::sessions::UpstreamError;
    use chatkitd_core::testing::{ManualClock, MemoryStore};

    use super::*;
    use crate::reload::Serving;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Canceller for Counting {
        async fn cancel(&self, _: &SiteName, _: &str) -> Result<(), UpstreamError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    #[tokio::test]
    async fn all_that_is_due_is_cancelled_at_once_however_much_that_is() {
        let clock = Arc::new(ManualClock::at_second(1_767_225_600));
        let (store, canceller) = (Arc::new(MemoryStore::default()), Arc::new(Counting::default()));
        let ann = Scope::User(SiteName::default_site(), UserId::recorded("ann"));
        for number in 0..40 {
            let upstream = format!("cksess_{number}");
            store.cancel_upstream_session(&ann, &upstream, clock.now()).await.unwrap();
        }
        let current = Current::new(Serving { routes: Router::new(), canceller: Some(canceller.clone()) });
        let jobs = Jobs { maintenance: store, current, clock };
        jobs.cancel_due().await;
        assert_eq!(canceller.0.load(Ordering::SeqCst), 40);
    }
}
