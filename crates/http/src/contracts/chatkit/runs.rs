//! What runs need beside the request that started them: going on with their events, and stopping them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chatkitd_core::id::RunId;
use chatkitd_core::server::ServerError;
use serde::Serialize;
use utoipa::ToSchema;

use super::request::{After, EventsHeaders};
use super::visitor::{self, Door};
use super::{reply, require_chat};
use crate::app::App;
use crate::caller::Call;
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;
use crate::path_id::PathId;

/// `{}`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {}

/// Goes on with a run's events from where the client left off.
///
/// `id:` of each event is its number; a comment comes after 15 seconds of silence. Losing this connection
/// never stops the run.
#[utoipa::path(
    get,
    path = "/chatkit/runs/{id}/events",
    tag = "chatkit",
    params(
        ("id" = String, Path, description = "`run_…`, from `x-chatkit-run-id`"),
        EventsHeaders,
        ("after" = Option<u64>, Query, description = "The same, for clients that cannot set a header on their first request; the header wins")
    ),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The events after that number", content_type = "text/event-stream", body = String,
            headers(("x-chatkit-run-id" = String, description = "The run"))),
        (status = 204, description = "The run has ended, and the client has its last event",
            headers(("x-chatkit-run-id" = String, description = "The run"))),
        (status = 400, description = "The number is none", body = OpenAiErrorBody),
        (status = 401, description = "Not signed in, or a credential that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 404, description = "No such run, or somebody else's", body = OpenAiErrorBody),
        (status = 409, description = "The workflow is hosted at OpenAI and needs its own widget", body = OpenAiErrorBody),
        (status = 410, description = "The events are not kept any more: the run ended over five minutes ago; without Redis also where the server was started since, or where events of ended runs took over 64 MiB", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The run is on another server, or the store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn page_events(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
    after: After,
) -> Result<Response, ApiError> {
    events(&app, &call, &id, after, Door::Page).await
}

/// The same for clients of `OpenAI`'s own address.
#[utoipa::path(
    get,
    path = "/v1/chatkit/runs/{id}/events",
    tag = "chatkit",
    params(
        ("id" = String, Path, description = "`run_…`, from `x-chatkit-run-id`"),
        EventsHeaders,
        ("after" = Option<u64>, Query, description = "The same, for clients that cannot set a header on their first request; the header wins")
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The events after that number", content_type = "text/event-stream", body = String,
            headers(("x-chatkit-run-id" = String, description = "The run"))),
        (status = 204, description = "The run has ended, and the client has its last event",
            headers(("x-chatkit-run-id" = String, description = "The run"))),
        (status = 400, description = "The number is none", body = OpenAiErrorBody),
        (status = 401, description = "No client secret or token, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 404, description = "No such run, or somebody else's", body = OpenAiErrorBody),
        (status = 409, description = "The workflow is hosted at OpenAI and needs its own widget", body = OpenAiErrorBody),
        (status = 410, description = "The events are not kept any more: the run ended over five minutes ago; without Redis also where the server was started since, or where events of ended runs took over 64 MiB", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The run is on another server, or the store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn conversation_events(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
    after: After,
) -> Result<Response, ApiError> {
    events(&app, &call, &id, after, Door::Bearer).await
}

async fn events(
    app: &App,
    call: &Call,
    id: &str,
    After(after): After,
    door: Door,
) -> Result<Response, ApiError> {
    let (scope, reach) = visitor::known(app, call, door)?;
    let watch = require_chat(app)?.watch(&scope, reach, &run_id(id)?, after).await?;
    if watch.is_at_end() {
        return Ok(reply::nothing_more(&watch));
    }
    Ok(reply::stream(watch))
}

/// Stops a run, as the visitor's stop button does. One that has ended already stays as it is.
#[utoipa::path(
    post,
    path = "/chatkit/runs/{id}/cancel",
    tag = "chatkit",
    params(("id" = String, Path, description = "`run_…`, from `x-chatkit-run-id`")),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "It stops; its last events say how", body = Done),
        (status = 401, description = "Not signed in, or a credential that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 404, description = "No such run, or somebody else's", body = OpenAiErrorBody),
        (status = 409, description = "The workflow is hosted at OpenAI and needs its own widget", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn page_cancel(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
) -> Result<Json<Done>, ApiError> {
    cancel(&app, &call, &id, Door::Page).await
}

/// The same for clients of `OpenAI`'s own address.
#[utoipa::path(
    post,
    path = "/v1/chatkit/runs/{id}/cancel",
    tag = "chatkit",
    params(("id" = String, Path, description = "`run_…`, from `x-chatkit-run-id`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It stops; its last events say how", body = Done),
        (status = 401, description = "No client secret or token, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 404, description = "No such run, or somebody else's", body = OpenAiErrorBody),
        (status = 409, description = "The workflow is hosted at OpenAI and needs its own widget", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn conversation_cancel(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
) -> Result<Json<Done>, ApiError> {
    cancel(&app, &call, &id, Door::Bearer).await
}

async fn cancel(app: &App, call: &Call, id: &str, door: Door) -> Result<Json<Done>, ApiError> {
    let (scope, reach) = visitor::known(app, call, door)?;
    require_chat(app)?.cancel(&scope, reach, &run_id(id)?).await?;
    Ok(Json(Done {}))
}

/// What cannot be a run's id names no run.
fn run_id(text: &str) -> Result<RunId, ApiError> {
    RunId::parse(text).ok_or_else(|| ServerError::RunNotFound.into())
}
