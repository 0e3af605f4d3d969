use chatkitd_core::id::SessionId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{AuditEntry, NewSecret, Session, SessionPage};
use jiff::Timestamp;
use sqlx::SqlitePool;

use super::creations::Creation;
use super::writer::Writer;
use super::{audit, jobs};
use crate::columns::session_columns;
use crate::error::store_error;
use crate::rows::{SessionRow, covers, millis, page, record, user};

pub(super) async fn create(
    writer: &Writer,
    scope: &Scope,
    session: &Session,
    secret: &NewSecret,
) -> Result<(), StoreError> {
    if !covers(scope, session) {
        return Err(StoreError::NotFound);
    }
    writer.create(Creation::new(session, secret)?).await
}

pub(super) async fn one(
    readers: &SqlitePool,
    scope: &Scope,
    id: &SessionId,
) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = sqlx::query_as(concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions WHERE id = $1 AND site = $2 AND ($3 IS NULL OR user_id = $3)"
    ))
    .bind(id.as_str())
    .bind(scope.site().as_str())
    .bind(user(scope))
    .fetch_optional(readers)
    .await
    .map_err(store_error)?;
    record(row)
}

pub(super) async fn reusable(
    readers: &SqlitePool,
    scope: &Scope,
    workflow: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let Some(user) = user(scope) else { return Ok(None) };
    let row: Option<SessionRow> = sqlx::query_as(concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions INDEXED BY sessions_by_user
         WHERE site = $1 AND user_id = $2 AND workflow = $3 AND revoked_at IS NULL AND expires_at > $4
         ORDER BY id DESC LIMIT 1"
    ))
    .bind(scope.site().as_str())
    .bind(user)
    .bind(workflow)
    .bind(millis(now))
    .fetch_optional(readers)
    .await
    .map_err(store_error)?;
    record(row)
}

/// Two queries rather than an `OR`, so that each is a walk along its own index.
const LIST_OF_SITE: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM sessions INDEXED BY sessions_by_site WHERE site = $1 AND id < $3 ORDER BY id DESC LIMIT $4"
);
const LIST_OF_USER: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM sessions INDEXED BY sessions_by_user
     WHERE site = $1 AND user_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
);
/// Sorts after every id.
const END: &str = "cksess_~";

pub(super) async fn list(
    readers: &SqlitePool,
    scope: &Scope,
    after: Option<&SessionId>,
    limit: u32,
) -> Result<SessionPage, StoreError> {
    let user = user(scope);
    let rows = sqlx::query_as(if user.is_some() { LIST_OF_USER } else { LIST_OF_SITE })
        .bind(scope.site().as_str())
        .bind(user)
        .bind(after.map_or(END, SessionId::as_str))
        .bind(i64::from(limit) + 1)
        .fetch_all(readers)
        .await
        .map_err(store_error)?;
    page(rows, limit)
}

/// What the scope may touch, owned by a queued write.
#[derive(Clone)]
pub(super) struct Reach {
    pub site: String,
    pub user: Option<String>,
}

impl From<&Scope> for Reach {
    fn from(scope: &Scope) -> Self {
        Self { site: scope.site().as_str().to_owned(), user: user(scope).map(str::to_owned) }
    }
}

pub(super) async fn revoke(
    writer: &Writer,
    scope: &Scope,
    id: &SessionId,
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let (reach, id, at, entry) = (Reach::from(scope), id.as_str().to_owned(), millis(at), entry.clone());
    writer
        .atomic(Box::new(move |connection| {
            Box::pin(async move {
                if !mark_revoked(connection, &reach, &id, at).await? {
                    return Ok(());
                }
                let upstream: Vec<(Option<String>, i64)> = sqlx::query_as(
                    "UPDATE secrets SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL
                     RETURNING upstream_session, expires_at",
                )
                .bind(&id)
                .bind(at)
                .fetch_all(&mut *connection)
                .await
                .map_err(store_error)?;
                jobs::add_for_revoked(connection, &reach.site, upstream, at).await?;
                audit::append(connection, &entry).await
            })
        }))
        .await
}

/// Whether the session was revoked just now; `false` when it was before.
async fn mark_revoked(
    connection: &mut sqlx::SqliteConnection,
    reach: &Reach,
    id: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let revoked: Option<bool> = sqlx::query_scalar(
        "SELECT revoked_at IS NOT NULL FROM sessions
         WHERE id = $1 AND site = $2 AND ($3 IS NULL OR user_id = $3)",
    )
    .bind(id)
    .bind(&reach.site)
    .bind(&reach.user)
    .fetch_optional(&mut *connection)
    .await
    .map_err(store_error)?;
    match revoked {
        None => Err(StoreError::NotFound),
        Some(true) => Ok(false),
        Some(false) => {
            let update = sqlx::query("UPDATE sessions SET revoked_at = $2 WHERE id = $1").bind(id).bind(at);
            update.execute(connection).await.map_err(store_error)?;
            Ok(true)
        }
    }
}
