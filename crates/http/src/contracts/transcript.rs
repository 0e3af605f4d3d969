//! `POST /api/chatkit/transcript` (seed 002). Sending mails comes with the Transcripts issue; until then
//! the path says so, so that a front end that calls it fails with words.

use axum::response::IntoResponse;
use http::StatusCode;

use crate::error::{ApiError, ErrorBody};

/// Not there yet: mails a transcript.
#[utoipa::path(
    post,
    path = "/api/chatkit/transcript",
    tag = "sessions",
    responses((status = 501, description = "Not available in this version", body = ErrorBody))
)]
pub(crate) async fn send() -> impl IntoResponse {
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "transcripts_not_available",
        "This version of chatkitd does not mail transcripts yet. Keep the old endpoint for them until it does.",
    )
}
