//! One request to a model server, until it begins to answer or will not.

use std::time::Duration;

use bytes::Bytes;
use chatkitd_core::models::ModelError;
use chatkitd_workflow::providers::Fault;
use futures_util::stream::try_unfold;
use futures_util::{Stream, TryStreamExt as _};
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::Url;

use super::{Deadlines, ModelClient};
use crate::retry::{Backoff, asked_pause, is_worth_retrying};

/// The most of an error's body that is read. A reason is shorter.
const MAX_ERROR_BYTES: usize = 64 * 1024;

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
        Self { error: ModelError::Stalled { after }, is_passing: false, retry_after: None }
    }

    fn connection(error: reqwest::Error) -> Self {
        Self { error: broken(error), is_passing: true, retry_after: None }
    }
}

impl ModelClient {
    /// A request to `path` below `base`.
    pub(super) fn post(&self, base: &Url, path: &str, key: Option<&SecretString>) -> RequestBuilder {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        let request = self.client.post(url);
        match key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    /// Sends what `request` makes, up to three times, until there is an answer with a status of success.
    pub(super) async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, ModelError> {
        let mut backoff = Backoff::new(self.deadlines.retries, self.rng.as_ref());
        loop {
            let failure = match self.attempt(request()).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let wait = failure.is_passing.then(|| backoff.next(failure.retry_after)).flatten();
            match wait {
                Some(wait) => self.clock.sleep(wait).await,
                None => return Err(failure.error),
            }
        }
    }

    async fn attempt(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let after = self.deadlines.first_byte;
        let response = timeout(after, request.send())
            .await
            .map_err(|_| Failure::stalled(after))?
            .map_err(Failure::connection)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let is_passing = is_worth_retrying(status, response.headers());
        let retry_after = asked_pause(response.headers(), self.clock.now());
        let error = self.fault(response).await.with_status(status.as_u16(), retry_after);
        Err(Failure { error, is_passing, retry_after })
    }

    /// What the body of an answer says went wrong. One that cannot be read, or comes too slowly, says nothing.
    pub(super) async fn fault(&self, response: Response) -> Fault {
        let body = timeout(self.deadlines.idle, read(response, self.deadlines, MAX_ERROR_BYTES)).await;
        Fault::in_body(&body.unwrap_or(Ok(Vec::new())).unwrap_or_default())
    }
}

/// The whole body of an answer.
pub(super) async fn read(
    response: Response,
    deadlines: Deadlines,
    limit: usize,
) -> Result<Vec<u8>, ModelError> {
    let append = async |mut body: Vec<u8>, piece: Bytes| {
        if body.len() + piece.len() > limit {
            return Err(ModelError::TooLong { limit });
        }
        body.extend_from_slice(&piece);
        Ok(body)
    };
    pieces(response, deadlines).try_fold(Vec::new(), append).await
}

/// The body of an answer as it comes. Dropping it closes the connection, or resets the stream of an HTTP/2 one.
pub(super) fn pieces(
    response: Response,
    deadlines: Deadlines,
) -> impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static {
    try_unfold((response, deadlines.first_byte), move |(mut response, after)| async move {
        let piece = timeout(after, response.chunk())
            .await
            .map_err(|_| ModelError::Stalled { after })?
            .map_err(broken)?;
        Ok(piece.map(|piece| (piece, (response, deadlines.idle))))
    })
}

/// The address is in the settings already, and may have a password.
fn broken(error: reqwest::Error) -> ModelError {
    ModelError::Connection(Box::new(error.without_url()))
}
