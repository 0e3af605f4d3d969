//! The server's integration tests: one binary, a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod hosted;
mod jwks;
mod openai_standin;
mod pull;
mod upstream_standin;
mod wait;
