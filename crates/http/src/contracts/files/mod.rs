//! Files that visitors send: signed addresses for what was announced, and uploads in one request (design 4.6).

mod body;
pub(super) mod direct;
mod disposition;
mod form;
pub(super) mod links;
mod refusal;

use std::sync::Arc;

use axum::extract::Request;
use chatkitd_core::attachments::AttachmentService;
use http::{Method, StatusCode};

use crate::app::App;
use crate::error::ApiError;

/// Whether a request brings a file: then it may take longer than others.
pub(crate) fn is_upload(request: &Request) -> bool {
    let path = request.uri().path();
    matches!(*request.method(), Method::POST | Method::PUT)
        && (path.starts_with("/chatkit/attachments") || path == "/v1/chatkit/files")
}

fn require_files(app: &App) -> Result<&Arc<AttachmentService>, ApiError> {
    app.files.as_ref().ok_or_else(no_files)
}

pub(super) fn no_files() -> ApiError {
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "not_configured",
        "This server keeps no files. Set CHATKITD_ATTACHMENTS, and CHATKITD_DATABASE_URL to a database.",
    )
}
