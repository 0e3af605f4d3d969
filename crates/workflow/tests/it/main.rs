//! The model agent in the engine, with a model that says what a script says.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod choices;
mod conversation;
mod failures;
mod pictures;
mod speech;
mod titles;
mod world;
