//! Reads the upstream's answers: bounded, told apart by status, and logged without anything secret.

use std::time::Duration;

use chatkitd_core::foreign_text::for_operators;
use chatkitd_core::sessions::UpstreamError;
use jiff::Timestamp;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::client_span;
use crate::retry::asked_pause;

/// The largest answer that is read. A session has about one kilobyte.
const MAX_BYTES: usize = 1024 * 1024;

/// Why one try did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection: nothing was sent.
    NotSent(reqwest::Error),
    /// Cut or broken while the answer was on its way: nobody knows whether it happened.
    Cut(Box<dyn std::error::Error + Send + Sync>),
    /// An answer that refuses.
    Status { status: StatusCode, retry_after: Option<Duration> },
    /// A chatkitd's, for which the user is one of its own devices.
    UserReserved,
}

impl Failure {
    pub(super) fn from_send(error: reqwest::Error) -> Self {
        // The address of the upstream is no secret, but it is in the settings already.
        let error = error.without_url();
        if error.is_connect() { Self::NotSent(error) } else { Self::Cut(Box::new(error)) }
    }

    /// Whether the request certainly had no effect, so that it may be sent again.
    pub(super) fn never_happened(&self) -> bool {
        match self {
            Self::NotSent(_) => true,
            Self::Cut(_) | Self::UserReserved => false,
            Self::Status { status, retry_after } => {
                matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
                    && retry_after.is_some()
            }
        }
    }

    /// Whether the next try may go better.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Cut(_) => true,
            Self::UserReserved => false,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::NotSent(_) | Self::Cut(_) | Self::UserReserved => None,
        }
    }
}

impl From<Failure> for UpstreamError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(error) if error.is_timeout() => Self::TimedOut,
            Failure::NotSent(error) => Self::Failed(Some(Box::new(error))),
            Failure::Cut(error) => Self::Failed(Some(error)),
            Failure::UserReserved => Self::UserReserved,
            Failure::Status { status, retry_after } => match status.as_u16() {
                401 | 403 => Self::Unauthorized,
                429 => Self::RateLimited { retry_after },
                400..500 => Self::Refused { status: status.as_u16() },
                _ => Self::Failed(None),
            },
        }
    }
}

/// The body of an answer that succeeded.
pub(super) async fn read_success(response: Response, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let status = response.status();
    client_span::answered(status);
    let retry_after = asked_pause(response.headers(), now);
    let request_id =
        response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(for_operators);
    let body = read_bounded(response).await;
    if status.is_success() {
        return body.map_err(Failure::Cut);
    }
    let Refusal { code, kind, message } = describe(body.as_deref().unwrap_or_default());
    if status == StatusCode::BAD_REQUEST && code == "reserved_user" {
        return Err(Failure::UserReserved);
    }
    tracing::warn!(
        status = status.as_u16(),
        request_id,
        code,
        r#type = kind,
        reason = message,
        "OpenAI refused a request"
    );
    if status == StatusCode::NOT_FOUND && message.starts_with("Workflow with id") {
        tracing::warn!(
            "the workflow is not in the project that OPENAI_API_KEY belongs to: check CHATKIT_WORKFLOW_ID, and that \
             the key was made in the workflow's own project"
        );
    }
    Err(Failure::Status { status, retry_after })
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err("the answer is larger than a session can be".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What `OpenAI`'s error envelope says, with whatever looks like a key taken out.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    code: String,
    kind: String,
    message: String,
}

fn describe(body: &[u8]) -> Refusal {
    let error = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let text = |field: &str| for_operators(error["error"][field].as_str().unwrap_or_default());
    Refusal { code: text("code"), kind: text("type"), message: text("message") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_type_and_message_are_read_from_the_envelope() {
        let body = br#"{"error":{"code":"invalid_api_key","type":"invalid_request_error","message":"No."}}"#;
        let Refusal { code, kind, message } = describe(body);
        assert_eq!(
            (code.as_str(), kind.as_str(), message.as_str()),
            ("invalid_api_key", "invalid_request_error", "No.")
        );
    }

    #[test]
    fn a_body_that_is_no_envelope_is_not_quoted() {
        assert_eq!(describe(b"<html>secret</html>").message, "");
    }
}
