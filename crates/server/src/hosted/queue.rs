//! Bounded concurrency: so many requests under way, so many waiting, and whoever comes after that is sent
//! away at once rather than kept until the deadline.

use chatkitd_core::sessions::UpstreamError;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many requests may wait for each one that is under way.
const WAITING_PER_PLACE: usize = 4;

pub(super) struct Queue {
    under_way: Semaphore,
    waiting: Semaphore,
}

impl Queue {
    pub(super) fn new(concurrency: usize) -> Self {
        let places = concurrency.clamp(1, Semaphore::MAX_PERMITS / WAITING_PER_PLACE);
        Self { under_way: Semaphore::new(places), waiting: Semaphore::new(places * WAITING_PER_PLACE) }
    }

    pub(super) async fn enter(&self) -> Result<SemaphorePermit<'_>, UpstreamError> {
        if let Ok(place) = self.under_way.try_acquire() {
            return Ok(place);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| UpstreamError::Overloaded)?;
        // The semaphores are never closed.
        self.under_way.acquire().await.map_err(|_| UpstreamError::Overloaded)
    }
}
