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
mod blobs;
mod chat;
mod cli;
mod config_check;
mod connections;
mod curl_example;
mod databases;
mod dev;
mod e2e_binary;
mod e2e_cluster;
mod e2e_crash;
mod e2e_faults;
mod e2e_models;
mod e2e_reload;
mod e2e_roles;
mod e2e_run_cluster;
mod e2e_run_faults;
mod e2e_runs;
mod e2e_sessions;
mod files;
mod forwarded;
mod hosted;
mod images;
mod jwks;
mod local_model;
mod model_standin;
mod models;
mod moto;
mod nginx;
mod noting_clock;
mod openai_standin;
mod openapi;
mod oracle;
mod previews;
mod pull;
mod redis_limiter;
mod redis_run_log;
mod rest;
mod s3_downloads;
mod server;
mod telemetry;
mod test_agents;
mod tls;
mod upstream_standin;
mod wait;
