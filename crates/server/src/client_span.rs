//! The span of a request that goes out, in the words of OpenTelemetry's semantic conventions for HTTP.

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use reqwest::Url;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::masking::bare_url;

/// Logs leave these spans out: a line names the request that came in, not the one that went out for it.
pub(crate) const TARGET: &str = "chatkitd::client_span";

/// Begins the span of a POST. There is none where nothing is traced: in the background, and in the answers of a session that
/// was promised no traces.
pub(crate) fn post(url: &Url) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::info_span!(
        target: TARGET,
        "POST",
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = "POST",
        http.response.status_code = Empty,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        url.full = bare_url(url),
    )
}

/// Notes what the current request was answered with.
pub(crate) fn answered(status: reqwest::StatusCode) {
    Span::current().record("http.response.status_code", status.as_u16());
}

/// Notes that the request failed.
pub(crate) fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
}

/// With what the other side goes on with the trace (`traceparent`, W3C Trace Context). Nothing where there is no span.
pub(crate) fn headers(span: &Span) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !span.is_none() {
        TraceContextPropagator::new().inject_context(&span.context(), &mut HeaderInjector(&mut headers));
    }
    headers
}
