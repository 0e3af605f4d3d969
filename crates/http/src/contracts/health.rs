//! Health, readiness and the API's own description.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, NotReady};
use crate::error::ApiError;

/// The document, which takes a while to be put together.
static DOCUMENT: LazyLock<Option<Bytes>> = LazyLock::new(|| {
    let written = serde_json::to_vec(&super::openapi());
    let written =
        written.inspect_err(|error| tracing::error!(%error, "the API's description cannot be written"));
    written.ok().map(Bytes::from)
});

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `unavailable`.
    status: &'static str,
    /// What is missing: `database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'static str>,
}

/// Says that the process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "The process answers", body = Health))
)]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok", missing: None })
}

/// Says whether the server can do its work: the database answers.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "Ready", body = Health),
        (status = 503, description = "Not ready", body = Health)
    )
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    match app.readiness.check().await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok", missing: None })),
        Err(NotReady(missing)) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "unavailable", missing: Some(missing) }))
        }
    }
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operations",
    responses((status = 200, description = "The OpenAPI description of this server", body = Object))
)]
pub(crate) async fn document() -> Result<Response, ApiError> {
    let document = DOCUMENT.clone().ok_or_else(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn the_document_is_put_together_once() {
        let body = async || to_bytes(document().await.into_response().into_body(), usize::MAX).await.unwrap();
        let (first, second) = (body().await, body().await);
        assert_eq!((first.as_ptr(), first.len()), (second.as_ptr(), second.len()));
    }
}
