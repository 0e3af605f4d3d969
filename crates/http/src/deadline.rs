//! Ends a request whose answer has not begun in time.
//!
//! It stands inside the layers that every answer passes, so that the refusal has a request id, a shape and
//! CORS headers like any other. The time runs until the answer begins: a streamed one is never cut by it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, select};
use http::{HeaderValue, StatusCode, header};

use crate::app::{App, UPLOAD_WITHIN};
use crate::contracts::files;
use crate::error::ApiError;

/// How long a request may take until its answer begins; `None` where something else bounds it.
fn of(app: &App, request: &Request) -> Option<Duration> {
    if app.passes_through(request.uri().path()) {
        // A model may think for minutes before its first word; what is passed through has a bound of its own.
        return None;
    }
    // Between its bytes an upload is held to a deadline of its own.
    Some(if files::is_upload(request) { UPLOAD_WITHIN } else { app.answer_within })
}

/// Belongs to a request: where only its body says what it is, its handler takes the time of an upload.
#[derive(Clone, Debug, Default)]
pub(crate) struct MoreTime(Arc<AtomicBool>);

impl MoreTime {
    /// It may take as long as an upload.
    pub(crate) fn take(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) async fn around<F: Future<Output = Response>>(
    app: &App,
    mut request: Request,
    inner: impl FnOnce(Request) -> F,
) -> Response {
    let Some(within) = of(app, &request) else { return inner(request).await };
    let more = MoreTime::default();
    request.extensions_mut().insert(more.clone());
    let answer = pin!(inner(request));
    let answer = match select(answer, app.clock.sleep(within)).await {
        Either::Left((response, _)) => return response,
        Either::Right((_, answer)) if more.is_taken() => answer,
        Either::Right(_) => return timed_out(),
    };
    match select(answer, app.clock.sleep(UPLOAD_WITHIN.saturating_sub(within))).await {
        Either::Left((response, _)) => response,
        Either::Right(_) => timed_out(),
    }
}

/// The rest of a body may still be on its way, so the connection is of no more use.
fn timed_out() -> Response {
    let message = "The request took too long. If its body was sent whole, try again.";
    let mut response = ApiError::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
