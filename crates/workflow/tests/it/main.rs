//! The integration tests: one binary, a module per subject.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod agent;
mod answers;
mod fuzz_targets;
mod halves;
mod model_fixtures;
mod requests;
mod sse;
mod think_tags;
