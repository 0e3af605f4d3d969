//! One request to a model server, until it begins to answer or will not.

use std::time::Duration;

use bytes::Bytes;
use chatkitd_core::foreign_text::for_operators;
use chatkitd_core::models::ModelError;
use chatkitd_workflow::providers::Fault;
use futures_util::stream::try_unfold;
use futures_util::{Stream, TryStreamExt as _};
use http::header::CONTENT_ENCODING;
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tracing::Instrument as _;
use url::Url;

use super::{Deadlines, ModelClient};
use crate::client_span;
use crate::retry::{Backoff, asked_pause, is_worth_retrying};

/// The most of an error's body that is read. A reason is shorter.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// A shorter key is a word (`ollama`) that a server without keys was given.
const MIN_KEY: usize = 12;

/// One try that did not succeed.
struct Failure {
    error: ModelError,
    /// Whether the next try may go better.
    is_passing: bool,
    retry_after: Option<Duration>,
}

impl Failure {
    /// Nothing came for minutes: the next try may not take as long again.
    fn stalled(after: Duration) -> Self {
        Self::lasting(ModelError::Stalled { after })
    }

    fn lasting(error: ModelError) -> Self {
        Self { error, is_passing: false, retry_after: None }
    }

    fn connection(error: reqwest::Error) -> Self {
        Self { error: ModelError::Connection(without_address(error)), is_passing: true, retry_after: None }
    }
}

impl ModelClient {
    /// What lies at `path` below `base`.
    pub(super) fn endpoint<'a>(
        &'a self,
        base: &Url,
        path: &str,
        key: Option<&'a SecretString>,
    ) -> Endpoint<'a> {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        Endpoint { client: self, url, key: key.map(ExposeSecret::expose_secret) }
    }
}

/// An answer whose body is still to be read.
pub(super) struct Begun {
    pub(super) response: Response,
    /// How long it took until here: the first byte of the body has the rest of its time.
    waited: Duration,
}

/// An address of a model server, and what opens it.
pub(super) struct Endpoint<'a> {
    client: &'a ModelClient,
    url: Url,
    key: Option<&'a str>,
}

impl Endpoint<'_> {
    /// Posts what `fill` puts into a request, up to three times, until there is an answer with a status of success.
    pub(super) async fn post(
        &self,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Begun, ModelError> {
        let began = self.client.clock.monotonic();
        let answered = self.attempts(fill).await;
        let took = self.client.clock.monotonic().saturating_sub(began);
        count(answered.as_ref().err(), took);
        answered
    }

    async fn attempts(&self, fill: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Begun, ModelError> {
        let ModelClient { deadlines, clock, rng, .. } = self.client;
        let mut backoff = Backoff::new(deadlines.retries, rng.as_ref());
        loop {
            let span = client_span::post(&self.url);
            let failure = match self.attempt(fill(self.request())).instrument(span.clone()).await {
                Ok(begun) => return Ok(begun),
                Err(failure) => failure,
            };
            client_span::failed(&span);
            let wait = failure.is_passing.then(|| backoff.next(failure.retry_after)).flatten();
            match wait {
                Some(wait) => clock.sleep(wait).await,
                None => return Err(failure.error),
            }
        }
    }

    fn request(&self) -> RequestBuilder {
        let request = self.client.client.post(self.url.clone());
        match self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn attempt(&self, request: RequestBuilder) -> Result<Begun, Failure> {
        let (after, clock) = (self.client.deadlines.first_byte, &self.client.clock);
        let began = clock.monotonic();
        let response = timeout(after, request.send())
            .await
            .map_err(|_| Failure::stalled(after))?
            .map_err(Failure::connection)?;
        let begun = Begun { response, waited: clock.monotonic().saturating_sub(began) };
        let (status, headers) = (begun.response.status(), begun.response.headers());
        client_span::answered(status);
        if status.is_success() {
            return match packing(&begun.response) {
                Some(packing) => Err(Failure::lasting(ModelError::Malformed(format!("it is {packing}")))),
                None => Ok(begun),
            };
        }
        let may_pass = is_worth_retrying(status, headers);
        let retry_after = asked_pause(headers, clock.now());
        let fault = self.fault(begun).await;
        let is_passing = may_pass && !fault.is_about_quota();
        let error = fault.with_status(status.as_u16(), retry_after);
        Err(Failure { error, is_passing, retry_after })
    }

    /// What the body of an answer says went wrong. One that cannot be read, or comes too slowly, says nothing.
    pub(super) async fn fault(&self, begun: Begun) -> Fault {
        if let Some(packing) = packing(&begun.response) {
            return Fault { message: format!("its reason is {packing}"), ..Fault::default() };
        }
        let deadlines = self.client.deadlines;
        let body = timeout(deadlines.idle, read(begun, deadlines, MAX_ERROR_BYTES)).await;
        let body = body.unwrap_or(Ok(Vec::new())).unwrap_or_default();
        // Some servers quote the key that they refuse.
        match self.key {
            Some(key) if key.len() >= MIN_KEY => {
                Fault::in_body(String::from_utf8_lossy(&body).replace(key, "[masked]").as_bytes())
            }
            _ => Fault::in_body(&body),
        }
    }
}

/// How an answer is packed, where it is: nothing here unpacks it.
fn packing(response: &Response) -> Option<String> {
    let encoding = response.headers().get(CONTENT_ENCODING)?.to_str().unwrap_or("something else");
    let is_packed = !encoding.eq_ignore_ascii_case("identity");
    is_packed.then(|| format!("packed as {}, which nobody asked for", for_operators(encoding)))
}

/// Retries are part of the time, the answer's body is not.
fn count(error: Option<&ModelError>, took: Duration) {
    let outcome = match error {
        None => "ok",
        Some(ModelError::Unauthorized { .. }) => "unauthorized",
        Some(ModelError::NotFound { .. }) => "not_found",
        Some(ModelError::Refused { .. }) => "refused",
        Some(ModelError::RateLimited { .. }) => "rate_limited",
        Some(ModelError::Stalled { .. }) => "stalled",
        Some(ModelError::Connection(_)) => "connection",
        Some(
            ModelError::Failed { .. }
            | ModelError::Broken(_)
            | ModelError::CutOff
            | ModelError::Malformed(_)
            | ModelError::TooLong { .. },
        ) => "failed",
    };
    metrics::counter!("chatkitd_model_requests_total", "outcome" => outcome).increment(1);
    metrics::histogram!("chatkitd_model_request_seconds", "outcome" => outcome).record(took);
}

/// The whole body of an answer.
pub(super) async fn read(begun: Begun, deadlines: Deadlines, limit: usize) -> Result<Vec<u8>, ModelError> {
    let append = async |mut body: Vec<u8>, piece: Bytes| {
        if body.len() + piece.len() > limit {
            return Err(ModelError::TooLong { limit });
        }
        body.extend_from_slice(&piece);
        Ok(body)
    };
    pieces(begun, deadlines.first_byte, deadlines.idle).try_fold(Vec::new(), append).await
}

/// The body of an answer as it comes: how long the `first` piece may take since the request, and how long those after
/// it. Dropping it closes the connection, or resets the stream of an HTTP/2 one.
pub(super) fn pieces(
    begun: Begun,
    first: Duration,
    idle: Duration,
) -> impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static {
    try_unfold((begun, first), move |(Begun { mut response, waited }, after)| async move {
        let piece = timeout(after.saturating_sub(waited), response.chunk())
            .await
            .map_err(|_| ModelError::Stalled { after })?
            .map_err(|error| ModelError::Broken(without_address(error)))?;
        Ok(piece.map(|piece| (piece, (Begun { response, waited: Duration::ZERO }, idle))))
    })
}

/// The address is in the settings already, and may have a password.
fn without_address(error: reqwest::Error) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error.without_url())
}
