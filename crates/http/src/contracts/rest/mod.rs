//! `OpenAI`'s ChatKit REST API, for the operator's own back ends and `OpenAI`'s official clients (design 4.7).
//!
//! Where the reference leaves something open, it is decided here: unknown fields and query parameters are
//! ignored; what is optional may be `null`; the beta header is neither needed nor looked at.

mod create;
mod item;
mod operator;
mod page;
mod session;
pub(super) mod sessions;
mod thread;
pub(super) mod threads;

pub(super) use operator::Operator;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode, Uri};
use std::sync::Arc;

use super::passthrough;
use crate::app::App;
use crate::envelope::Envelope;
use crate::error::ApiError;

/// What answers where there is no route: what is passed through to `OpenAI`, and an error for the rest.
pub(super) async fn unknown_path(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    if app.passes_through(request.uri().path()) {
        return passthrough::forward(&app, request).await;
    }
    Err(match Envelope::of(request.uri().path()) {
        Envelope::OpenAi => {
            ApiError::not_found(format!("Invalid URL ({} {})", request.method(), request.uri().path()))
        }
        Envelope::Session => ApiError::not_found("There is nothing at this address."),
    })
}

/// What answers where there is a route, for another method. The header `Allow` is set already.
pub(super) async fn unknown_method(method: Method, uri: Uri) -> ApiError {
    let message = match Envelope::of(uri.path()) {
        Envelope::OpenAi => format!("Invalid method for URL ({method} {})", uri.path()),
        Envelope::Session => {
            "This address does not take this method; the Allow header names those it takes.".to_owned()
        }
    };
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
