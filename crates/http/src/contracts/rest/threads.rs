//! Listing, reading and deleting threads and their items.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::Scope;
use chatkitd_core::server::ServerError;
use chatkitd_core::threads::{ItemQuery, ThreadQuery};
use chatkitd_protocol::rest::{List, Thread, ThreadItem};
use serde::Serialize;
use utoipa::ToSchema;

use super::item::{self, item};
use super::operator::Operator;
use super::page::{AskedPage, AskedUser, PageParams, list};
use super::thread::thread;
use crate::app::App;
use crate::contracts::chatkit::require_chat;
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;
use crate::path_id::PathId;

/// A thread that is gone.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletedThread {
    /// `cthr_…`.
    id: String,
    /// Always `chatkit.thread.deleted`.
    object: &'static str,
    /// Always `true`.
    deleted: bool,
}

/// Lists the threads of the key's site, or of one of its users.
#[utoipa::path(
    get,
    path = "/v1/chatkit/threads",
    tag = "rest",
    params(
        PageParams,
        ("user" = Option<String>, Query, min_length = 1, max_length = 512, description = "Only this user's. Default: everybody's")
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A list of `chatkit.thread`: `{object, data, first_id, last_id, has_more}`", body = Object),
        (status = 400, description = "A parameter that cannot be; `param` names it", body = OpenAiErrorBody),
        (status = 401, description = "No service key, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Not a service key, or one of another site", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody),
        (status = 508, description = "This server asks itself: the address of its upstream is its own", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn list_threads(
    State(app): State<Arc<App>>,
    operator: Operator,
    AskedUser(user): AskedUser,
    AskedPage(page): AskedPage,
) -> Result<Json<List<Thread>>, ApiError> {
    let scope = match user {
        Some(user) => Scope::User(operator.site.name.clone(), user),
        None => operator.scope(),
    };
    let found = require_chat(&app)?.threads(&scope, &ThreadQuery::from(page)).await?;
    let ids = found.threads.iter().map(|thread| thread.id.to_string()).collect();
    Ok(Json(list(found.threads.iter().map(thread).collect(), ids, found.has_more)))
}

/// Reads one thread.
#[utoipa::path(
    get,
    path = "/v1/chatkit/threads/{thread_id}",
    tag = "rest",
    params(("thread_id" = String, Path, description = "`cthr_…`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "`chatkit.thread`", body = Object),
        (status = 401, description = "No service key, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Not a service key, or one of another site", body = OpenAiErrorBody),
        (status = 404, description = "No such thread on the key's site", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody),
        (status = 508, description = "This server asks itself: the address of its upstream is its own", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn retrieve(
    State(app): State<Arc<App>>,
    operator: Operator,
    PathId(id): PathId,
) -> Result<Json<Thread>, ApiError> {
    let found = require_chat(&app)?.thread(&operator.scope(), &thread_id(&id)?).await?;
    Ok(Json(thread(&found)))
}

/// Deletes a thread with its items and attachments. An answer that is being given on it is stopped first.
#[utoipa::path(
    delete,
    path = "/v1/chatkit/threads/{thread_id}",
    tag = "rest",
    params(("thread_id" = String, Path, description = "`cthr_…`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is gone", body = DeletedThread),
        (status = 401, description = "No service key, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Not a service key, or one of another site", body = OpenAiErrorBody),
        (status = 404, description = "No such thread on the key's site", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody),
        (status = 508, description = "This server asks itself: the address of its upstream is its own", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    operator: Operator,
    PathId(id): PathId,
) -> Result<Json<DeletedThread>, ApiError> {
    require_chat(&app)?.delete(&operator.scope(), &thread_id(&id)?, operator.actor()).await?;
    Ok(Json(DeletedThread { id, object: "chatkit.thread.deleted", deleted: true }))
}

/// Lists a thread's items. Kinds that REST has no type for are not in the list.
#[utoipa::path(
    get,
    path = "/v1/chatkit/threads/{thread_id}/items",
    tag = "rest",
    params(("thread_id" = String, Path, description = "`cthr_…`"), PageParams),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A list of `chatkit.thread_item`: `{object, data, first_id, last_id, has_more}`", body = Object),
        (status = 400, description = "A parameter that cannot be; `param` names it", body = OpenAiErrorBody),
        (status = 401, description = "No service key, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Not a service key, or one of another site", body = OpenAiErrorBody),
        (status = 404, description = "No such thread on the key's site", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 501, description = "There is no database to keep conversations in", body = OpenAiErrorBody),
        (status = 503, description = "The store is not available; see Retry-After", body = OpenAiErrorBody),
        (status = 508, description = "This server asks itself: the address of its upstream is its own", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn list_items(
    State(app): State<Arc<App>>,
    operator: Operator,
    PathId(id): PathId,
    AskedPage(page): AskedPage,
) -> Result<Json<List<ThreadItem>>, ApiError> {
    let query = ItemQuery { page, hidden: false, kinds: Some(item::KINDS) };
    let mut found = require_chat(&app)?.items(&operator.scope(), &thread_id(&id)?, &query).await?;
    operator.address(&app, &mut found.items);
    let ids = found.items.iter().map(|item| item.id().to_owned()).collect();
    Ok(Json(list(found.items.into_iter().filter_map(item).collect(), ids, found.has_more)))
}

/// What cannot be an id names no thread.
fn thread_id(text: &str) -> Result<ThreadId, ApiError> {
    ThreadId::parse(text).ok_or_else(|| ServerError::ThreadNotFound.into())
}
