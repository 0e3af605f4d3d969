//! What every response gets: a request id, a line in the log, a place in the metrics, and the body of
//! an error, which names the request id.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tracing::Instrument;

use crate::app::App;
use crate::envelope::Envelope;
use crate::error::PendingBody;

/// Names a request in logs and errors: the caller's own `x-request-id` where it is sane, else one
/// minted here.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    fn of(headers: &HeaderMap, app: &App) -> Self {
        let sane = |id: &&str| {
            (8..=128).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let given = headers.get("x-request-id").and_then(|id| id.to_str().ok()).filter(sane);
        let minted = || chatkitd_core::id::mint("req_", app.clock.now(), app.rng.as_ref());
        Self(given.map_or_else(minted, str::to_owned))
    }
}

/// Answers with what `inner` answers, observed.
pub(crate) async fn around<F: Future<Output = Response>>(
    app: &App,
    request: Request,
    inner: impl FnOnce(Request) -> F,
) -> Response {
    let id = RequestId::of(request.headers(), app);
    let envelope = Envelope::of(request.uri().path());
    let is_openais = request.uri().path().starts_with("/v1/");
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    // At the level of errors, so that whatever is logged names its request.
    let traced = tracing::field::Empty;
    let span = tracing::error_span!("request", request_id = %id.0, method, route = %route, traced);
    let started = app.clock.monotonic();
    let response = inner(request).instrument(span.clone()).await;
    let elapsed = app.clock.monotonic().saturating_sub(started);
    let mut response = finish(response, envelope, &id);
    if is_openais {
        describe(response.headers_mut(), elapsed);
    }
    span.in_scope(|| record(method, route, response.status(), elapsed));
    response
}

fn finish(mut response: Response, envelope: Envelope, id: &RequestId) -> Response {
    if let Some(PendingBody(said)) = response.extensions_mut().remove() {
        let (parts, _) = response.into_parts();
        let mut complete = envelope.complete(parts.status, said, id);
        *complete.status_mut() = parts.status;
        // The error's own headers stay; the body brought its content type and length.
        complete
            .headers_mut()
            .extend(parts.headers.into_iter().filter_map(|(name, value)| Some((name?, value))));
        response = complete;
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        // What was passed through has OpenAI's own, which is what its support asks for.
        headers.entry("x-request-id").or_insert(value);
    }
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The headers that `OpenAI`'s API has on every answer (4.3 of the reference).
fn describe(headers: &mut HeaderMap, elapsed: Duration) {
    headers.entry("openai-version").or_insert(HeaderValue::from_static("2020-10-01"));
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    headers.entry("openai-processing-ms").or_insert(HeaderValue::from(millis));
}

/// The method as logs and metrics name it. Whoever calls may make methods up, and each would be a line of metrics for
/// ever; they share the name that OpenTelemetry's conventions have for them.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}

fn record(method: &'static str, route: String, status: StatusCode, elapsed: Duration) {
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.as_str().to_owned())];
    metrics::counter!("chatkitd_http_requests_total", &labels).increment(1);
    metrics::histogram!("chatkitd_http_request_seconds", &labels).record(elapsed);
    let (status, millis) = (status.as_u16(), elapsed.as_secs_f64() * 1000.0);
    match status {
        500 => tracing::error!(status, millis, "answered"),
        501.. => tracing::warn!(status, millis, "answered"),
        _ => tracing::info!(status, millis, "answered"),
    }
}
