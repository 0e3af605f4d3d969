//! `/v1/*` that is not ChatKit's, forwarded to `OpenAI` with the operator's key, where that is switched on.
//!
//! A back end of the operator's can so point its `OpenAI` client here as a whole, and holds a key of this server
//! only. Bodies go through as they come, in both directions.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderName, StatusCode, header};

use super::rest::Operator;
use crate::app::App;
use crate::error::ApiError;
use crate::passthrough::PassthroughError;

/// Headers that speak of one connection only (RFC 9110, 7.6.1), beside those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What is between the caller and this server, and nobody else's business.
const OURS: [HeaderName; 16] = [
    header::AUTHORIZATION,
    header::HOST,
    header::COOKIE,
    header::SET_COOKIE,
    header::ORIGIN,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    // What a visitor's page says of itself here.
    HeaderName::from_static("chatkit-device-id"),
    HeaderName::from_static("chatkit-device-token"),
    HeaderName::from_static("chatkit-frame-instance-id"),
    // Whoever asks whether to go on is told so by this server.
    header::EXPECT,
    // These speak of the host that is asked.
    header::STRICT_TRANSPORT_SECURITY,
    header::ALT_SVC,
];

impl App {
    /// Whether a path is passed through: below `/v1`, and certainly not `/v1/chatkit`, however it is written.
    pub(crate) fn passes_through(&self, path: &str) -> bool {
        self.passthrough.is_some() && is_openais(path)
    }
}

fn is_openais(path: &str) -> bool {
    let Some(below) = path.strip_prefix("/v1/") else { return false };
    let is_plain = |segment: &str| {
        let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
        !matches!(decoded.as_str(), "" | "." | "..") && !segment.contains('\\')
    };
    let first = below.split('/').next().unwrap_or_default();
    below.split('/').all(is_plain) && !first.contains('%') && !first.eq_ignore_ascii_case("chatkit")
}

/// Forwards a request of a service key's.
pub(super) async fn forward(app: &Arc<App>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let operator = Operator::from_request_parts(&mut parts, app).await?;
    let passthrough = app.passthrough.as_ref().ok_or_else(ApiError::internal)?;
    clean(&mut parts.headers);
    parts.headers.append(header::VIA, app.via.header());
    let answer = passthrough.forward(operator.site(), Request::from_parts(parts, body)).await?;
    let (mut parts, body) = answer.into_parts();
    clean(&mut parts.headers);
    for name in parts.headers.keys().cloned().collect::<Vec<_>>() {
        // Which page may read it is said here.
        if name.as_str().starts_with("access-control-") {
            parts.headers.remove(name);
        }
    }
    Ok(Response::from_parts(parts, body))
}

fn clean(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP).chain(&OURS) {
        headers.remove(name);
    }
}

impl From<PassthroughError> for ApiError {
    fn from(error: PassthroughError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "a request was not passed through");
        match error {
            PassthroughError::NoKey => Self::configuration(
                "no_upstream_key",
                "This site has no OpenAI key to forward calls with. Set OPENAI_API_KEY, or openai_api_key of the site.",
            ),
            PassthroughError::Overloaded => Self::unavailable(
                "overloaded",
                "Too many requests are being passed through to OpenAI. Try again in a moment.",
            ),
            PassthroughError::Failed(_) => Self::new(
                StatusCode::BAD_GATEWAY,
                "upstream_failed",
                "OpenAI could not be reached. Try again in a moment.",
            ),
            PassthroughError::TimedOut => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "upstream_timeout",
                "OpenAI did not answer in time. Try again in a moment.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_openais;

    #[test]
    fn chatkit_is_never_passed_through_however_it_is_written() {
        for path in [
            "/v1/chatkit",
            "/v1/chatkit/nowhere",
            "/v1/ChatKit/threads",
            "/v1/%63hatkit/threads",
            "/v1/./chatkit/threads",
            "/v1/x/../chatkit/threads",
            "/v1/x/%2e%2E/chatkit/threads",
            "/v1//chatkit",
            "/v1/",
            "/v1",
            "/v10/models",
            "/models",
        ] {
            assert!(!is_openais(path), "{path}");
        }
        for path in ["/v1/models", "/v1/responses/resp_1/input_items", "/v1/files/a%2Fb/content"] {
            assert!(is_openais(path), "{path}");
        }
    }
}
