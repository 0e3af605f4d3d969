use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Job, MemoryStore, Secret};
use crate::ports::{Maintenance, StoreError};
use crate::sessions::{
    AUDIT_KEPT, CANCEL_JOBS_KEPT, CancelJob, LEASE_DOUBLINGS, MAX_SESSION_AGE, REFRESH_GRACE, later,
};

#[async_trait]
impl Maintenance for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take_cancel_jobs(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<CancelJob>, StoreError> {
        let mut state = self.state();
        state.jobs.sort_by_key(|job| job.due);
        let due = state.jobs.iter_mut().filter(|job| job.due <= now).take(limit as usize);
        Ok(due
            .map(|job| {
                job.due = later(now, lease * 2_u32.pow(job.job.attempts.min(LEASE_DOUBLINGS)));
                job.job.attempts += 1;
                job.job.clone()
            })
            .collect())
    }

    async fn finish_cancel_job(&self, done: &CancelJob) -> Result<(), StoreError> {
        self.state()
            .jobs
            .retain(|Job { job, .. }| job.site != done.site || job.upstream_session != done.upstream_session);
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.conversations().sweep(now);
        let mut guard = self.state();
        let state = &mut *guard;
        for secret in state.secrets.values_mut() {
            if let Some(by) = secret.record.replaced_by.as_mut().filter(|by| by.overlap_until <= now) {
                by.sealed.clear();
            }
        }
        let before = |age| now.checked_sub(age).unwrap_or(Timestamp::MIN);
        let (secrets_end, sessions_end) = (before(REFRESH_GRACE), before(MAX_SESSION_AGE));
        state.sessions.retain(|_, session| {
            session.expires_at >= sessions_end && session.revoked_at.is_none_or(|at| at >= sessions_end)
        });
        state.secrets.retain(|_, Secret { record, .. }| {
            record.expires_at > secrets_end && state.sessions.contains_key(&record.session)
        });
        let jobs_end = before(CANCEL_JOBS_KEPT);
        state.jobs.retain(|job| job.due >= jobs_end);
        let audit_end = before(AUDIT_KEPT);
        state.audit.retain(|entry| entry.at >= audit_end);
        Ok(())
    }
}
