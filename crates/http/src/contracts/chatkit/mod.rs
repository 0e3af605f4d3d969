//! The ChatKit protocol: one endpoint for its sixteen operations, under two addresses, and what runs need
//! beside it (design 4.6 and 4.8).

mod refusal;
mod reply;
mod request;
mod visitor;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use chatkitd_core::id::RunId;
use chatkitd_core::server::{ChatServer, ServerError};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::request::Asked;
use self::visitor::Door;
use crate::app::App;
use crate::caller::Call;
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;

/// `{}`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {}

/// Where to go on with a run's events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The number of the last event that the client has, as `Last-Event-ID` says it; the header wins. For
    /// clients that cannot set a header on their first request. Default: 0, all events.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
}

/// Performs an operation of the ChatKit protocol, for a page that points the widget here.
///
/// Who is asking: a client secret, else a user's token, else the device's token or cookie, else a new
/// anonymous user, where the site has such: the answer then sets the device's cookie and, for pages of
/// other sites, has the header `chatkit-device-token`.
#[utoipa::path(
    post,
    path = "/chatkit",
    tag = "chatkit",
    params(
        ("Accept-Language" = Option<String>, Header, description = "The visitor's languages; the agent is told the first"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters: the same request again is answered with the run that the first one started, for 24 hours"),
        ("x-chatkit-resume" = Option<String>, Header, description = "`1`: the answer goes on when the connection is lost"),
    ),
    request_body(content = Object, description = "`{type, params, metadata?}`: one of the protocol's operations, at most 1 MiB"),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "A document, or the run's events", content(
            (Object = "application/json"),
            (String = "text/event-stream")
        ), headers(
            ("x-chatkit-run-id" = Option<String>, description = "The run whose events these are, or that is going on the thread"),
            ("chatkit-device-token" = Option<String>, description = "Keeps a new anonymous visitor where cookies are blocked"),
        )),
        (status = 400, description = "Not a request of the protocol, or one that does not fit the thread", body = OpenAiErrorBody),
        (status = 401, description = "Not signed in, or a credential that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused; the thread is locked or closed", body = OpenAiErrorBody),
        (status = 404, description = "No such thread or item, or somebody else's", body = OpenAiErrorBody),
        (status = 408, description = "The body did not arrive in time", body = OpenAiErrorBody),
        (status = 409, description = "The thread is busy; or the workflow is hosted at OpenAI and needs its own widget", body = OpenAiErrorBody),
        (status = 413, description = "Body over 1 MiB", body = OpenAiErrorBody),
        (status = 415, description = "Not JSON", body = OpenAiErrorBody),
        (status = 422, description = "The Idempotency-Key came before with another body", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured (the message names the variable), or the agent failed", body = OpenAiErrorBody),
        (status = 501, description = "Attachments and transcription where there are none; anything without a database", body = OpenAiErrorBody),
        (status = 503, description = "Store or limiter not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Response, ApiError> {
    converse(&app, &call, request, Door::Page).await
}

/// The same for clients of `OpenAI`'s own address: only with a client secret or a user's token.
#[utoipa::path(
    post,
    path = "/v1/chatkit/conversation",
    tag = "chatkit",
    params(
        ("Accept-Language" = Option<String>, Header, description = "As on `/chatkit`"),
        ("Idempotency-Key" = Option<String>, Header, description = "As on `/chatkit`"),
        ("x-chatkit-resume" = Option<String>, Header, description = "As on `/chatkit`"),
    ),
    request_body(content = Object, description = "As on `/chatkit`"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A document, or the run's events", content(
            (Object = "application/json"),
            (String = "text/event-stream")
        ), headers(
            ("x-chatkit-run-id" = Option<String>, description = "The run whose events these are, or that is going on the thread")
        )),
        (status = 400, description = "Not a request of the protocol, or one that does not fit the thread", body = OpenAiErrorBody),
        (status = 401, description = "No client secret or token, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused; the thread is locked or closed", body = OpenAiErrorBody),
        (status = 404, description = "No such thread or item, or somebody else's", body = OpenAiErrorBody),
        (status = 408, description = "The body did not arrive in time", body = OpenAiErrorBody),
        (status = 409, description = "The thread is busy; or the workflow is hosted at OpenAI", body = OpenAiErrorBody),
        (status = 413, description = "Body over 1 MiB", body = OpenAiErrorBody),
        (status = 415, description = "Not JSON", body = OpenAiErrorBody),
        (status = 422, description = "The Idempotency-Key came before with another body", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured (the message names the variable), or the agent failed", body = OpenAiErrorBody),
        (status = 501, description = "Attachments and transcription where there are none; anything without a database", body = OpenAiErrorBody),
        (status = 503, description = "Store or limiter not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn conversation(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Response, ApiError> {
    converse(&app, &call, request, Door::Bearer).await
}

/// A new visitor is introduced on a refusal, too: who was counted as new is known from then on.
async fn converse(app: &App, call: &Call, request: Request, door: Door) -> Result<Response, ApiError> {
    let Asked { operation, wishes, locale } = Asked::read(request).await?;
    let recognised = visitor::recognise(app, call, door)?;
    let chat = require_chat(app)?;
    let visitor = recognised.admit(app, call, locale).await?;
    let mut response = match chat.handle(visitor.caller, operation, wishes).await {
        Ok(reply) => reply::respond(reply),
        Err(error) => ApiError::from(error).into_response(),
    };
    visitor.introduction.write(&mut response, call);
    Ok(response)
}

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
        ("Last-Event-ID" = Option<u64>, Header, description = "The number of the last event that the client has"),
        EventsQuery
    ),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The events after that number", content_type = "text/event-stream", body = String,
            headers(("x-chatkit-run-id" = String, description = "The run"))),
        (status = 400, description = "The number is none", body = OpenAiErrorBody),
        (status = 401, description = "Not signed in, or a credential that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 404, description = "No such run, or somebody else's", body = OpenAiErrorBody),
        (status = 410, description = "The run ended over five minutes ago", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The run is on another server, or the store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn page_events(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    events(&app, &call, &id, &headers, &query, Door::Page).await
}

/// The same for clients of `OpenAI`'s own address.
#[utoipa::path(
    get,
    path = "/v1/chatkit/runs/{id}/events",
    tag = "chatkit",
    params(
        ("id" = String, Path, description = "`run_…`, from `x-chatkit-run-id`"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The number of the last event that the client has"),
        EventsQuery
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The events after that number", content_type = "text/event-stream", body = String,
            headers(("x-chatkit-run-id" = String, description = "The run"))),
        (status = 400, description = "The number is none", body = OpenAiErrorBody),
        (status = 401, description = "No client secret or token, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 404, description = "No such run, or somebody else's", body = OpenAiErrorBody),
        (status = 410, description = "The run ended over five minutes ago", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The run is on another server, or the store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn conversation_events(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    events(&app, &call, &id, &headers, &query, Door::Bearer).await
}

async fn events(
    app: &App,
    call: &Call,
    id: &str,
    headers: &HeaderMap,
    query: &EventsQuery,
    door: Door,
) -> Result<Response, ApiError> {
    let scope = visitor::scope(call, door)?;
    let after = request::last_event_id(headers, query.after.as_deref())?;
    let watch = require_chat(app)?.watch(&scope, &run_id(id)?, after).await?;
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
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn page_cancel(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Done>), ApiError> {
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
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn conversation_cancel(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Done>), ApiError> {
    cancel(&app, &call, &id, Door::Bearer).await
}

async fn cancel(app: &App, call: &Call, id: &str, door: Door) -> Result<(StatusCode, Json<Done>), ApiError> {
    let scope = visitor::scope(call, door)?;
    require_chat(app)?.cancel(&scope, &run_id(id)?).await?;
    Ok((StatusCode::OK, Json(Done {})))
}

fn require_chat(app: &App) -> Result<&ChatServer, ApiError> {
    app.chat.as_deref().ok_or_else(|| {
        ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "needs_database",
            "This server keeps no conversations. Set CHATKITD_DATABASE_URL to keep them.",
        )
    })
}

/// What cannot be a run's id names no run.
fn run_id(text: &str) -> Result<RunId, ApiError> {
    RunId::parse(text).ok_or_else(|| ServerError::RunNotFound.into())
}
