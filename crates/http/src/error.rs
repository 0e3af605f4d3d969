//! The errors of all contracts, on their way to the shape that [`crate::envelope`] gives them.

use axum::response::{IntoResponse, Response};
use chatkitd_core::id::{RunId, SiteName};
use chatkitd_core::identity::{RoleRefusal, TokenRefusal};
use chatkitd_core::limits::Decision;
use chatkitd_core::ports::{LimiterError, StoreError};
use chatkitd_core::sessions::{SessionError, UpstreamError};
use chatkitd_core::site::SiteSetting;
use http::{HeaderName, HeaderValue, StatusCode, header};

pub(crate) use crate::envelope::ErrorBody;
use crate::envelope::Said;
use crate::limits;
use crate::sign_in::SignInError;

/// An error on its way to a caller.
///
/// It becomes a response without a body; [`crate::observe`] fills that in, since only the outermost layer
/// knows the request's id and the shape that its path speaks.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The parameter that is wrong, as a dotted path.
    pub(crate) param: Option<String>,
    pub(crate) extra: Extra,
}

/// What some errors carry besides their sentence.
#[derive(Debug, Default)]
pub(crate) enum Extra {
    #[default]
    Nothing,
    /// Seconds after which trying again makes sense.
    RetryAfter(u64),
    /// The limit that was hit, and the seconds until it opens again.
    Limit(Decision, u64),
    /// The caller's origin may not read this answer, so no CORS headers go with it.
    ForeignOrigin,
    /// The run that stands in the way: whoever is told of it can watch or stop it.
    Run(RunId),
}

/// Marks a response about whose CORS headers nothing is left to be decided.
#[derive(Clone, Copy)]
pub(crate) enum SettledCors {
    /// It goes out without any: the caller's origin may not read it.
    Foreign,
    /// It has its own, and is the same for every page.
    OpenToAll,
}

/// The parts of an error that wait for the request's shape and id.
#[derive(Clone)]
pub(crate) struct PendingBody(pub(crate) Said);

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, extra: Extra::Nothing }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// Names the parameter that is wrong.
    pub(crate) fn about(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(crate) fn body_too_large(max_bytes: usize) -> Self {
        let message = format!("The body is larger than {} KiB.", max_bytes / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    }

    pub(crate) fn foreign_origin(site: &SiteName) -> Self {
        let message = format!(
            "This page's origin may not use this chat. Add it to {} (scheme, host and port) if it should.",
            SiteSetting::Origins.of(site)
        );
        Self { extra: Extra::ForeignOrigin, ..Self::forbidden("origin_not_allowed", message) }
    }

    pub(crate) fn rate_limited(decision: Decision, retry_after: u64) -> Self {
        let message = format!("Too many requests. Try again in {retry_after} seconds.");
        Self {
            extra: Extra::Limit(decision, retry_after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
        }
    }

    pub(crate) fn configuration(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message)
    }

    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        Self { extra: Extra::RetryAfter(1), ..error }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        match &self.extra {
            Extra::Nothing | Extra::ForeignOrigin => {}
            Extra::RetryAfter(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Extra::Limit(decision, seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                limits::write_headers(headers, decision);
            }
            Extra::Run(run) => {
                headers.extend(run_header(run));
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self.extra, Extra::ForeignOrigin) {
            response.extensions_mut().insert(SettledCors::Foreign);
        }
        let said = Said { code: self.code, message: self.message, param: self.param };
        response.extensions_mut().insert(PendingBody(said));
        response
    }
}

/// `x-chatkit-run-id` (design 4.8). An id is always a header's value; the `Option` only says so.
pub(crate) fn run_header(run: &RunId) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_static("x-chatkit-run-id"), HeaderValue::from_str(run.as_str()).ok()?))
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NoWorkflow(site) => no_workflow(&site),
            SessionError::WorkflowNotAllowed(site) => workflow_not_allowed(&site),
            SessionError::NoUpstream => Self::configuration(
                "openai_key_not_configured",
                "The workflow is not one of this server's, and no OpenAI key is set. Set OPENAI_API_KEY, \
                 or use a workflow that runs here, such as wf_demo.",
            ),
            SessionError::NeedsDatabase => Self::configuration(
                "database_not_configured",
                "A workflow that runs here needs a database. Set CHATKITD_DATABASE_URL.",
            ),
            SessionError::NotFound => Self::not_found("There is no such session."),
            SessionError::SessionRevoked => Self::new(
                StatusCode::CONFLICT,
                "session_revoked",
                "This session was ended. Create a new one.",
            ),
            SessionError::SessionTooOld => {
                Self::unauthorized("session_too_old", "This session is over 30 days old. Create a new one.")
            }
            SessionError::SecretUnknown => Self::unauthorized(
                "secret_unknown",
                "This client secret is not valid here. Create a new session.",
            ),
            SessionError::SecretExpired => {
                Self::unauthorized("secret_expired", "This client secret has expired. Create a new session.")
            }
            SessionError::SecretRevoked => {
                Self::unauthorized("secret_revoked", "This client secret was revoked. Create a new session.")
            }
            SessionError::RefreshBusy => Self::unavailable(
                "refresh_busy",
                "Another request is refreshing this client secret. Try again in a moment.",
            ),
            SessionError::Aborted => {
                Self::unavailable("aborted", "The server could not finish this. Try again in a moment.")
            }
            SessionError::Upstream(error) => error.into(),
            SessionError::Store(error) => error.into(),
        }
    }
}

fn no_workflow(site: &SiteName) -> ApiError {
    let message = format!(
        "No workflow is configured. Set {} to a workflow's id (wf_…), or to wf_demo.",
        SiteSetting::Workflows.of(site)
    );
    ApiError::configuration("workflow_not_configured", message)
}

fn workflow_not_allowed(site: &SiteName) -> ApiError {
    let message = format!(
        "This site does not offer that workflow. Add it to {} if it should.",
        SiteSetting::Workflows.of(site)
    );
    ApiError::forbidden("workflow_not_allowed", message)
}

fn no_verifier(site: &SiteName) -> ApiError {
    let message = format!(
        "This site verifies no tokens. The operator can set {}, or the page can call without a token.",
        SiteSetting::Verifiers.of(site)
    );
    ApiError::unauthorized("sign_in_not_configured", message)
}

impl From<UpstreamError> for ApiError {
    fn from(error: UpstreamError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "the upstream granted no session");
        let bad_gateway = |code, message: &str| Self::new(StatusCode::BAD_GATEWAY, code, message);
        match error {
            UpstreamError::Unauthorized => bad_gateway(
                "upstream_unauthorized",
                "OpenAI refused this server's key. The operator should check OPENAI_API_KEY.",
            ),
            UpstreamError::Refused { .. } | UpstreamError::UserReserved => bad_gateway(
                "upstream_refused",
                "OpenAI refused to open a session. The operator finds the reason in the server's log.",
            ),
            UpstreamError::RateLimited { retry_after } => Self {
                extra: Extra::RetryAfter(retry_after.map_or(1, |wait| wait.as_secs().max(1))),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "upstream_rate_limited",
                    "OpenAI asks for fewer requests. Try again in a moment.",
                )
            },
            UpstreamError::Failed(_) => {
                bad_gateway("upstream_failed", "OpenAI could not open a session. Try again in a moment.")
            }
            UpstreamError::TimedOut => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "upstream_timeout",
                "OpenAI did not answer in time. Try again in a moment.",
            ),
            UpstreamError::Overloaded => {
                Self::unavailable("overloaded", "Too many sessions are being opened. Try again in a moment.")
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("There is no such thing here."),
            StoreError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Somebody else changed this at the same time. Try again.",
            ),
            StoreError::Unavailable(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store is unavailable");
                Self::unavailable(
                    "store_unavailable",
                    "The server's database is not available. Try again in a moment.",
                )
            }
            StoreError::Other(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                Self::internal()
            }
        }
    }
}

impl ApiError {
    /// A defect of ours: the sentence says nothing but where to look.
    pub(crate) fn internal() -> Self {
        let message = "Something went wrong on the server. The request id names it in the server's log.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }
}

impl From<LimiterError> for ApiError {
    fn from(error: LimiterError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the limiter is unavailable");
        Self::unavailable(
            "limiter_unavailable",
            "The server cannot count requests right now. Try again in a moment.",
        )
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotConfigured(site) => no_verifier(&site),
            SignInError::Token(TokenRefusal::KeysUnavailable(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an issuer's keys are unavailable");
                Self::unavailable(
                    "sign_in_unavailable",
                    "Sign-in is not available right now. Try again in a moment.",
                )
            }
            SignInError::Token(refusal) => {
                Self::unauthorized("invalid_token", format!("You are not signed in: {refusal}."))
            }
            SignInError::Role(RoleRefusal::NotFound) => {
                Self::forbidden("role_not_found", "User role not found")
            }
            SignInError::Role(RoleRefusal::NotAllowed) => {
                Self::forbidden("role_not_allowed", "Your role may not use this chat.")
            }
            SignInError::Role(RoleRefusal::Unavailable(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "roles cannot be looked up");
                Self::unavailable(
                    "roles_unavailable",
                    "Your role cannot be looked up right now. Try again in a moment.",
                )
            }
        }
    }
}
