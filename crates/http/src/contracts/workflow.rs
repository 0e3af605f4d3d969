//! `GET /api/chatkit/workflows/{id}`: what a front end may know of a workflow (design 4.1).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::caller::{Call, Caller};
use crate::error::{ApiError, ErrorBody};
use crate::path_id::PathId;

/// A workflow, for front ends.
#[derive(Serialize, ToSchema)]
pub(crate) struct Workflow {
    /// Its id.
    workflow_id: String,
    /// The same.
    id: String,
    /// A name for people; the id where the operator gave none.
    name: String,
    /// One or two sentences; empty where the operator gave none.
    description: String,
    /// Words such as `streaming`.
    capabilities: Vec<String>,
    /// The first line of an empty chat, or null.
    greeting: Option<String>,
    /// What a visitor may click instead of typing.
    prompts: Vec<String>,
}

/// Tells about a workflow that the site offers, or that the caller's session is for.
#[utoipa::path(
    get,
    path = "/api/chatkit/workflows/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "`wf_…`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The workflow", body = Workflow),
        (status = 401, description = "Not signed in, or the secret is no longer good", body = ErrorBody),
        (status = 403, description = "Origin, site or role refused", body = ErrorBody),
        (status = 404, description = "The site offers no such workflow", body = ErrorBody),
        (status = 503, description = "The store is not available", body = ErrorBody)
    )
)]
pub(crate) async fn look_up(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
) -> Result<Json<Workflow>, ApiError> {
    call.scope()?;
    let workflows = app.sessions.workflows();
    let known = match &call.caller {
        Caller::Service(_) => workflows.placement(&call.site.name, &id).is_some(),
        // A service key may have opened it for a workflow that stands on no list.
        Caller::Secret(presented) if presented.session.workflow == id => true,
        _ => call.site.workflows.contains(&id),
    };
    if !known {
        return Err(ApiError::not_found("This site offers no such workflow."));
    }
    let card = workflows.card(&id);
    Ok(Json(Workflow {
        workflow_id: id.clone(),
        name: card.name.unwrap_or_else(|| id.clone()),
        description: card.description.unwrap_or_default(),
        capabilities: card.capabilities,
        greeting: card.greeting,
        prompts: card.prompts,
        id,
    }))
}
