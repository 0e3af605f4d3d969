//! The two shapes in which an error is told, and which of them a path speaks.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::observe::RequestId;

/// What every error of the session contracts looks like (design 4.5).
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// One sentence for people.
    pub(crate) error: String,
    /// The same sentence, for clients that read `message`.
    pub(crate) message: String,
    /// A stable word for programs.
    pub(crate) code: &'static str,
    /// Names this request in the server's log.
    pub(crate) request_id: String,
}

/// What every error of `/chatkit` and `/v1` looks like: `OpenAI`'s `ErrorResponse`. The request's id is in
/// the header `x-request-id`, where `OpenAI`'s clients look for it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenAiErrorBody {
    error: OpenAiError,
}

/// `OpenAI`'s `Error`: all four keys are always there.
#[derive(Serialize, ToSchema)]
struct OpenAiError {
    /// One sentence for people.
    message: String,
    /// The kind: `invalid_request_error`, `rate_limit_error`, `server_error` or
    /// `service_unavailable_error`.
    r#type: &'static str,
    /// The parameter that is wrong, as a dotted path, where there is one.
    param: Option<String>,
    /// A stable word for programs.
    code: &'static str,
}

/// The shape of a path's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// [`ErrorBody`].
    Session,
    /// [`OpenAiErrorBody`].
    OpenAi,
}

/// What an error says, whatever the shape.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
}

impl Envelope {
    /// By the path, without the site's prefix, and not by the handler: paths and methods that nothing
    /// answers, and requests that time out, are told in the shape that their caller reads, too.
    pub(crate) fn of(path: &str) -> Self {
        let below =
            |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if below("/chatkit") || below("/v1") { Self::OpenAi } else { Self::Session }
    }

    /// The body of an error, with its content type.
    pub(crate) fn complete(self, status: StatusCode, said: Said, id: &RequestId) -> Response {
        let Said { code, message, param } = said;
        match self {
            Self::Session => {
                let error = message.clone();
                Json(ErrorBody { error, message, code, request_id: id.0.clone() }).into_response()
            }
            Self::OpenAi => {
                let error = OpenAiError { message, r#type: kind(status), param, code };
                Json(OpenAiErrorBody { error }).into_response()
            }
        }
    }
}

/// `OpenAI`'s word for a kind of error, as its API documents it for each status.
fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        StatusCode::SERVICE_UNAVAILABLE => "service_unavailable_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openais_shape_is_spoken_below_its_paths_and_nowhere_else() {
        for path in ["/chatkit", "/chatkit/", "/chatkit/runs/x/events", "/v1", "/v1/", "/v1/nowhere"] {
            assert_eq!(Envelope::of(path), Envelope::OpenAi, "{path}");
        }
        for path in
            ["/", "/chatkit.js", "/chatkitty", "/v1beta", "/v10/x", "/api/chatkit/session", "/api/v1/x"]
        {
            assert_eq!(Envelope::of(path), Envelope::Session, "{path}");
        }
    }
}
