//! A handler that panics answers like any other error.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::error::ApiError;

/// Answers for a handler that panicked.
pub(crate) async fn around(answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|cause| panicked(&*cause))
}

fn panicked(cause: &(dyn Any + Send)) -> Response {
    let text = cause.downcast_ref::<&str>().copied();
    let cause = text.or_else(|| cause.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
    tracing::error!(cause, "a handler panicked");
    metrics::counter!("chatkitd_http_panics_total").increment(1);
    ApiError::internal().into_response()
}
