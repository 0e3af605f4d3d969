//! The server's integration tests: one binary, a module per subject.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod binary;
mod cli;
mod connections;
mod databases;
mod dev;
mod e2e_binary;
mod e2e_cluster;
mod e2e_faults;
mod e2e_roles;
mod e2e_sessions;
mod hosted;
mod jwks;
mod nginx;
mod openai_standin;
mod openapi;
mod oracle;
mod pull;
mod redis_limiter;
mod server;
mod telemetry;
mod upstream_standin;
mod wait;
