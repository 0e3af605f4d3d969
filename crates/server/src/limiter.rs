//! What happens when the shared limiter cannot be asked: `CHATKITD_LIMITER_ON_FAILURE`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Limiter, LimiterError};
use jiff::Timestamp;

use crate::settings::FailurePolicy;

/// A broken limiter is logged this often, and counted every time.
const LOG_EVERY_MS: i64 = 10_000;

/// A limiter that others share, with a rule for when it is away.
pub struct SharedLimiter {
    inner: Arc<dyn Limiter>,
    policy: FailurePolicy,
    logged_at: AtomicI64,
}

impl SharedLimiter {
    /// Asks `inner`; where that fails, `policy` decides.
    pub fn new(inner: Arc<dyn Limiter>, policy: FailurePolicy) -> Self {
        Self { inner, policy, logged_at: AtomicI64::new(i64::MIN) }
    }

    fn note(&self, error: &LimiterError, now: Timestamp) {
        metrics::counter!("chatkitd_limiter_failures_total").increment(1);
        let now = now.as_millisecond();
        let last = self.logged_at.load(Ordering::Relaxed);
        if now.saturating_sub(last) >= LOG_EVERY_MS {
            self.logged_at.store(now, Ordering::Relaxed);
            let error = error as &dyn std::error::Error;
            tracing::error!(error, policy = ?self.policy, "the shared limiter cannot be asked");
        }
    }
}

#[async_trait]
impl Limiter for SharedLimiter {
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError> {
        match self.inner.take(key, quota, now).await {
            Ok(decision) => Ok(decision),
            Err(error) => {
                self.note(&error, now);
                match self.policy {
                    FailurePolicy::Closed => Err(error),
                    FailurePolicy::Open => {
                        let resets_at = now.checked_add(quota.window).unwrap_or(now);
                        Ok(Decision::of_count(quota, 0, resets_at))
                    }
                }
            }
        }
    }
}
