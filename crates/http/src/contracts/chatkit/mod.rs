//! The ChatKit protocol: one endpoint for its sixteen operations and what runs need beside it, each under two
//! addresses (design 4.6 and 4.8).

pub(super) mod conversation;
mod refusal;
mod reply;
mod request;
pub(super) mod runs;
pub(super) mod visitor;

use std::sync::Arc;

use chatkitd_core::server::ChatServer;
use http::StatusCode;

use crate::app::App;
use crate::error::ApiError;

pub(super) fn require_chat(app: &App) -> Result<&Arc<ChatServer>, ApiError> {
    app.chat.as_ref().ok_or_else(|| {
        ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "needs_database",
            "This server keeps no conversations. Set CHATKITD_DATABASE_URL to keep them.",
        )
    })
}
