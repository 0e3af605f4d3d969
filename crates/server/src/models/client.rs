//! The HTTP client that all model servers share.

use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::ports::{Clock, Rng};
use http::HeaderValue;
use http::header::ACCEPT_ENCODING;
use reqwest::Client;

/// How long model servers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until a connection stands. Default 5 s.
    pub connect: Duration,
    /// From the request to the first byte of the answer's body. Default 120 s: a model on this machine reads the whole
    /// conversation before it says a word.
    pub first_byte: Duration,
    /// Between two pieces of an answer. Default 60 s.
    pub idle: Duration,
    /// The same for the Responses API. Default 300 s: nothing comes while a tool makes a picture or searches, or the
    /// model thinks and does not say what.
    pub working: Duration,
    /// All waits before another try together. Default 10 s.
    pub retries: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            working: Duration::from_secs(300),
            retries: Duration::from_secs(10),
        }
    }
}

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "the client for model servers cannot be made; are CA certificates installed (Debian: ca-certificates)?"
)]
pub struct ClientError(#[source] reqwest::Error);

/// What requests to model servers are sent with. Cheap to clone; one is enough for a process, so that
/// connections are shared.
#[derive(Clone)]
pub struct ModelClient {
    pub(super) client: Client,
    pub(super) deadlines: Deadlines,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
}

impl ModelClient {
    /// A client with these deadlines. It follows no redirect: the key would go along.
    pub fn new(deadlines: Deadlines, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, ClientError> {
        let client = Client::builder()
            .connect_timeout(deadlines.connect)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy that compresses a stream holds words back until it has enough of them.
            .no_gzip()
            .default_headers([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))].into_iter().collect())
            .user_agent(concat!("chatkitd/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientError)?;
        Ok(Self { client, deadlines, clock, rng })
    }
}
