//! The contracts over real HTTP, on the store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod app;
mod bad_input;
mod callers;
mod cors;
mod devices;
mod fixtures;
mod limits;
mod netlify;
mod operations;
mod sessions;
mod sites;
mod stateless;
