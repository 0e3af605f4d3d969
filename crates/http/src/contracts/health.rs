//! Health, readiness and the API's own description.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

use crate::app::{App, NotReady};

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `unavailable`.
    status: &'static str,
    /// What is missing: `database` or `keys`.
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

/// Says whether the server can do its work: the database answers and there are keys.
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
pub(crate) async fn document() -> Json<OpenApi> {
    Json(super::openapi())
}
