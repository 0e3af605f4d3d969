//! The ChatKit protocol: one endpoint for its sixteen operations and what runs need beside it, each under two
//! addresses (design 4.6 and 4.8).

pub(super) mod conversation;
mod refusal;
mod reply;
mod request;
pub(super) mod runs;
pub(super) mod visitor;

use std::collections::BTreeMap;
use std::sync::Arc;

use chatkitd_core::server::ChatServer;
use http::StatusCode;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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

/// The protocol's requests, as `make generate` writes them from the types of `chatkitd_protocol`.
const REQUEST_SCHEMAS: &str = include_str!("request.schemas.json");

/// Describes the requests in the `OpenAPI` document.
pub(super) struct Requests;

impl utoipa::Modify for Requests {
    fn modify(&self, document: &mut OpenApi) {
        document.components.get_or_insert_default().schemas.extend(request_schemas());
    }
}

/// A file that cannot be read is found by the test below.
fn request_schemas() -> BTreeMap<String, RefOr<Schema>> {
    serde_json::from_str(REQUEST_SCHEMAS).unwrap_or_default()
}

/// Any of the requests, for the `OpenAPI` document only: a body that is described by a type is one that has to be sent.
pub(super) struct ChatKitRequest;

impl ToSchema for ChatKitRequest {}

impl PartialSchema for ChatKitRequest {
    fn schema() -> RefOr<Schema> {
        let described = request_schemas().remove("ChatKitRequest");
        described.unwrap_or_else(|| Schema::default().into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_document_describes_the_requests_as_the_protocol_does() {
        let written: Value = serde_json::from_str(REQUEST_SCHEMAS).unwrap();
        let document = serde_json::to_value(crate::openapi()).unwrap();
        for (name, schema) in written.as_object().unwrap() {
            assert_eq!(&document["components"]["schemas"][name], schema, "{name}");
        }
        for path in ["/chatkit", "/v1/chatkit/conversation"] {
            let body = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"];
            assert_eq!(body["schema"]["$ref"], "#/components/schemas/ChatKitRequest");
        }
        assert!(written["ChatKitRequest"].is_object());
    }
}
