//! Creating and cancelling sessions.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use chatkitd_core::id::SessionId;
use chatkitd_core::sessions::{SessionError, UpstreamError};
use http::StatusCode;

use super::create::{CreateChatSession, MAX_BYTES};
use super::operator::Operator;
use super::session::ChatSession;
use crate::app::App;
use crate::body::read_json_of;
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;
use crate::path_id::PathId;

/// How much of an id that nothing has is quoted.
const SHOWN_CHARS: usize = 128;

/// Creates a session, always a new one, and a client secret that opens it.
///
/// What it is promised here is what this server enforces. Where the workflow runs at OpenAI, the secret and
/// the configuration are OpenAI's.
#[utoipa::path(
    post,
    path = "/v1/chatkit/sessions",
    tag = "rest",
    request_body(content = CreateChatSession, description = "At most 48 MiB"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "`chatkit.session`", body = ChatSession),
        (status = 400, description = "Malformed, and `param` names the field; or refused by OpenAI", body = OpenAiErrorBody),
        (status = 401, description = "No service key, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Not a service key, or one of another site", body = OpenAiErrorBody),
        (status = 404, description = "No such workflow", body = OpenAiErrorBody),
        (status = 408, description = "The body did not arrive in time", body = OpenAiErrorBody),
        (status = 413, description = "Body over 48 MiB", body = OpenAiErrorBody),
        (status = 415, description = "Not JSON", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured; the message names the variable", body = OpenAiErrorBody),
        (status = 502, description = "OpenAI failed", body = OpenAiErrorBody),
        (status = 503, description = "Store, limiter or upstream not available; see Retry-After", body = OpenAiErrorBody),
        (status = 504, description = "OpenAI did not answer in time", body = OpenAiErrorBody),
        (status = 508, description = "This server asks itself: the address of its upstream is its own", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    operator: Operator,
    request: Request,
) -> Result<Json<ChatSession>, ApiError> {
    let asked: CreateChatSession = read_json_of(request, MAX_BYTES).await?;
    let new = asked.into_session()?;
    let workflow = new.workflow.clone().unwrap_or_default();
    let issued = app.sessions.issue(&operator.site, &new).await.map_err(|error| match error {
        SessionError::NoWorkflow(_)
        | SessionError::WorkflowNotAllowed(_)
        | SessionError::NoUpstream
        | SessionError::Upstream(UpstreamError::Refused { status: 404 }) => no_workflow(&workflow),
        SessionError::Upstream(UpstreamError::Refused { status: 400 }) => refused_upstream(),
        error => error.into(),
    })?;
    let site = operator.site.name.to_string();
    metrics::counter!("chatkitd_sessions_issued_total", "site" => site).increment(1);
    Ok(Json(ChatSession::active(&issued, &operator.site)))
}

/// Ends a session, whoever made it: its client secrets stop working at once, and answers that they started are
/// stopped within a second, on every node. A session that has ended already stays so.
#[utoipa::path(
    post,
    path = "/v1/chatkit/sessions/{session_id}/cancel",
    tag = "rest",
    params(("session_id" = String, Path, description = "`cksess_…`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "`chatkit.session`, cancelled", body = ChatSession),
        (status = 401, description = "No service key, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Not a service key, or one of another site", body = OpenAiErrorBody),
        (status = 404, description = "No such session on the key's site", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody),
        (status = 508, description = "This server asks itself: the address of its upstream is its own", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    operator: Operator,
    PathId(id): PathId,
) -> Result<Json<ChatSession>, ApiError> {
    let missing = |error| match error {
        SessionError::NotFound => no_session(&id),
        error => error.into(),
    };
    let session_id = SessionId::parse(&id).ok_or_else(|| no_session(&id))?;
    let session = app.sessions.find(&operator.scope(), &session_id).await.map_err(missing)?;
    app.sessions.revoke(&operator.scope(), &session_id, operator.actor()).await.map_err(missing)?;
    Ok(Json(ChatSession::cancelled(&session, &operator.site)))
}

/// No SDK sends it again, as it would a 502: OpenAI would refuse it again.
fn refused_upstream() -> ApiError {
    let message = "OpenAI refused this session as it was asked for. Its reason is in this server's log.";
    ApiError::bad_request("upstream_refused", message)
}

fn no_workflow(id: &str) -> ApiError {
    let id: String = id.chars().take(SHOWN_CHARS).collect();
    ApiError::new(StatusCode::NOT_FOUND, "workflow_not_found", format!("Workflow with id '{id}' not found."))
}

fn no_session(id: &str) -> ApiError {
    let id: String = id.chars().take(SHOWN_CHARS).collect();
    let message = format!("Chatkit Session with id '{id}' not found.");
    ApiError::new(StatusCode::NOT_FOUND, "session_not_found", message)
}
