//! What the engine answers, as HTTP.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use chatkitd_core::server::{Reply, Watch};
use futures_util::{TryStreamExt, stream};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::error::run_header;

pub(super) fn respond(reply: Reply) -> Response {
    match reply {
        Reply::Json { body, live_run } => {
            let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let mut response = ([json], body).into_response();
            response.headers_mut().extend(live_run.as_ref().and_then(run_header));
            response
        }
        Reply::Stream(watch) => stream(watch),
        Reply::Event(frame) => (event_stream(), frame).into_response(),
    }
}

/// `no-transform` and `X-Accel-Buffering` keep proxies from collecting events.
fn event_stream() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ]
}

/// A run's events.
///
/// The body owns the watch: when the connection is lost the body is dropped, and the watch with it, which is
/// how a run learns of that.
pub(super) fn stream(watch: Watch) -> Response {
    let run = run_header(watch.run());
    let frames = stream::try_unfold(watch, async |mut watch| {
        Ok(watch.next().await?.map(|frames| (Bytes::from(frames), watch)))
    });
    // A body that fails is cut off without its proper end, so the client knows that there is more.
    let frames = frames.inspect_err(|error: &chatkitd_core::ports::RunLogError| {
        tracing::error!(error = error as &dyn std::error::Error, "a run's events could not be read on");
    });
    let mut response = (event_stream(), Body::from_stream(frames)).into_response();
    response.headers_mut().extend(run);
    response
}

/// To a client that has everything: an `EventSource` takes 204 as the word not to come again
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
pub(super) fn nothing_more(watch: &Watch) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().extend(run_header(watch.run()));
    response
}
