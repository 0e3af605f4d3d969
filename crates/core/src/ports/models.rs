//! Language models, and ears.

use async_trait::async_trait;
use bytes::Bytes;

use crate::models::{ModelError, ModelRequest, ModelStream};

/// A language model at some provider.
#[async_trait]
pub trait Model: Send + Sync {
    /// Asks. Returns once the provider has begun to answer; dropping the stream ends the request there.
    async fn answer(&self, request: ModelRequest) -> Result<ModelStream, ModelError>;
}

/// Writes down what was said (`input.transcribe`).
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// The words of a recording; `mime_type` without parameters, such as `audio/webm`.
    async fn transcribe(&self, audio: Bytes, mime_type: &str) -> Result<String, ModelError>;
}
