//! Files that visitors send: signed addresses for what was announced, and uploads in one request.

mod body;
mod disposition;
mod form;

use axum::extract::Request;
use http::Method;

/// Whether a request brings a file: then it may take longer than others.
pub(crate) fn is_upload(request: &Request) -> bool {
    let path = request.uri().path();
    matches!(*request.method(), Method::POST | Method::PUT)
        && (path.starts_with("/chatkit/attachments") || path == "/v1/chatkit/files")
}
