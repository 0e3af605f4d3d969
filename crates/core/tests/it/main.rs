//! The store and limiter suites on their in-memory implementations.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod attachments;
mod counters;
mod fuzz_targets;
mod issuing;
mod memory_run_log;
mod other_nodes;
mod races;
mod refreshing;
mod sessions;
mod world;

mod memory_store {
    use std::sync::Arc;

    use chatkitd_core::testing::MemoryStore;

    pub async fn make() -> Arc<MemoryStore> {
        Arc::default()
    }

    chatkitd_core::store_conformance!(crate::memory_store::make);
}

mod memory_limiter {
    use std::sync::Arc;

    use chatkitd_core::memory_limiter::MemoryLimiter;

    pub async fn make() -> Arc<MemoryLimiter> {
        Arc::default()
    }

    chatkitd_core::limiter_conformance!(crate::memory_limiter::make);
}
