//! The domain of chatkitd: sites, users, sessions and secrets, conversations and their runs, attachments, and the
//! ports they need.
//!
//! Nothing here knows of a runtime, an HTTP library or a database driver: adapters live in
//! `chatkitd-store`, `chatkitd-http` and the server binary, and reach the domain through [`ports`].
//! The crate also builds for `wasm32-unknown-unknown`.

pub mod attachments;
mod base64_text;
pub mod foreign_text;
pub mod id;
pub mod identity;
pub mod keys;
pub mod limits;
mod lock;
pub mod memory_limiter;
pub mod models;
pub mod ports;
pub mod seal;
pub mod secret_text;
pub mod server;
pub mod service_keys;
pub mod sessions;
pub mod site;
#[cfg(any(test, feature = "testing"))]
#[allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking; each case is named by a sentence"
)]
pub mod testing;
pub mod threads;
pub mod workflows;
