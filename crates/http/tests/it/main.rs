//! The contracts over real HTTP, on the store in memory.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod app;
mod bad_input;
mod callers;
mod chatkit;
mod cors;
mod devices;
mod element;
mod files;
mod fixtures;
mod limits;
mod netlify;
mod operations;
mod rest;
mod sessions;
mod sites;
mod stateless;
