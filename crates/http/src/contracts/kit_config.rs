//! `GET /chatkit-config.json`: what the React and Astro kits start with (`web/README.md`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::caller::Call;
use crate::error::{ApiError, ErrorBody};

/// What a page may know before it has a session. The server is where this file lies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KitConfig {
    /// What answers: the site's first workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_id: Option<String>,
    /// The first line of an empty chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    greeting: Option<String>,
    /// What a visitor may click instead of typing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prompts: Vec<KitPrompt>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct KitPrompt {
    /// What stands on it.
    label: String,
    /// What it says.
    prompt: String,
}

/// Tells the kits what the site's first workflow is, and how its chat begins.
#[utoipa::path(
    get,
    path = "/chatkit-config.json",
    tag = "sessions",
    responses(
        (status = 200, description = "The configuration", body = KitConfig),
        (status = 403, description = "The site does not list the page's origin", body = ErrorBody)
    )
)]
pub(crate) async fn show(State(app): State<Arc<App>>, call: Call) -> Result<Response, ApiError> {
    let workflow_id = call.site.workflows.first().cloned();
    let card = workflow_id.as_ref().map(|id| app.sessions.workflows().card(id)).unwrap_or_default();
    let prompts = card.prompts.into_iter().map(|prompt| KitPrompt { label: prompt.clone(), prompt });
    let config = KitConfig { workflow_id, greeting: card.greeting, prompts: prompts.collect() };
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], Json(config)).into_response())
}
