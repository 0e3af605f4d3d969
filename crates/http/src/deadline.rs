//! Ends a request whose answer has not begun in time.
//!
//! It stands inside the layers that every answer passes, so that the refusal has a request id, a shape and
//! CORS headers like any other. The time runs until the answer begins: a streamed one is never cut by it.

use std::pin::pin;

use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, select};
use http::{HeaderValue, StatusCode, header};

use crate::app::App;
use crate::error::ApiError;

pub(crate) async fn around(app: &App, answer: impl Future<Output = Response>) -> Response {
    let answer = pin!(answer);
    match select(answer, app.clock.sleep(app.answer_within)).await {
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
