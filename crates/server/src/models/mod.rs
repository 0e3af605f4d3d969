//! Language models and transcription over HTTP: the adapters of [`chatkitd_core::ports::Model`] and
//! [`chatkitd_core::ports::Transcriber`].
//!
//! What is sent and what it means is in `chatkitd_workflow::providers`; here is the connection: deadlines,
//! bounds, retries, and what a refusal says.

mod client;
mod exchange;
mod model;
mod transcriber;

pub use client::{ClientError, Deadlines, ModelClient};
pub use model::{HttpModel, ModelServer};
pub use transcriber::{HttpTranscriber, TranscriptionServer};
