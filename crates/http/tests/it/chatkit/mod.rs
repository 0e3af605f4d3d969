//! The ChatKit protocol over real HTTP: identity, statuses, streams, runs.

pub mod agent;
pub mod client;
mod continuing;
mod identity;
mod isolation;
mod refusals;
mod returning;
mod runs;
mod streams;
mod transcription;
