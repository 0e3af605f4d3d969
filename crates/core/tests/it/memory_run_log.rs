//! The log between nodes in memory does what the one in Redis must do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::ports::Clock;
use chatkitd_core::testing::MemoryRunLog;
use jiff::Timestamp;

/// Real waiting; nobody asks for the time.
struct Waiting;

#[async_trait]
impl Clock for Waiting {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

pub async fn make() -> Arc<MemoryRunLog> {
    Arc::new(MemoryRunLog::new(Arc::new(Waiting)))
}

chatkitd_core::run_log_conformance!(crate::memory_run_log::make);
