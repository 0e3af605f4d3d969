//! chatkitd: the ChatKit backend that you own.
//!
//! The server is a library, [`Server`]: settings and, where a program brings them, agents of its own. The
//! binary is a dozen lines around [`commands`].

mod admin;
mod agents;
mod answerers;
mod app;
mod attachment_jobs;
pub mod blobs;
mod client_span;
pub mod clock;
pub mod commands;
pub mod connections;
mod element;
mod error_words;
mod files;
pub mod hosted;
mod jobs;
mod json_log;
pub mod jwks;
pub mod limiter;
mod masking;
pub mod models;
mod page_facts;
mod passthrough;
pub mod previews;
mod public_address;
pub mod pull;
pub mod redis_limiter;
pub mod redis_run_log;
mod reload;
mod retry;
pub mod rng;
mod runs;
pub mod secret_file;
pub mod serve;
mod serving_lock;
pub mod settings;
mod spawner;
mod stores;
pub mod telemetry;
mod text_log;
mod traces;

pub use serve::Server;
