//! The port behind which requests to `OpenAI` go out.

use async_trait::async_trait;
use axum::extract::Request;
use axum::response::Response;
use chatkitd_core::id::SiteName;

/// Forwards requests to `OpenAI` with the operator's key.
#[async_trait]
pub trait Passthrough: Send + Sync {
    /// Sends the request of a site to the same path (`/v1/…`) and query there. Its headers are fit to be sent as they are,
    /// but for the key. Both bodies are streamed; dropping the answer's body ends the request there.
    async fn forward(&self, site: &SiteName, request: Request) -> Result<Response, PassthroughError>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PassthroughError {
    /// The site has no key of `OpenAI`'s.
    #[error("there is no key for this site")]
    NoKey,
    /// Too many requests are under way; this one was not sent.
    #[error("too many requests are being passed through")]
    Overloaded,
    /// No connection, or it was lost before the answer began.
    #[error("the upstream failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer did not begin in time.
    #[error("the upstream did not answer in time")]
    TimedOut,
}
