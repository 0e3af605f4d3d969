use chatkitd_core::id::{SessionId, UserId};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{AuditEntry, NewSecret, Session, SessionPage};
use jiff::Timestamp;
use sqlx::PgExecutor;

use super::{Connection, Database, audit, jobs, wait_for_turn};
use crate::columns::session_columns;
use crate::error::store_error;
use crate::rows::{SessionRow, millis, page, record, upstream_session, user};

/// The hot path: one statement, so one round trip and no explicit transaction.
const CREATE: &str = "\
    WITH session AS (
        INSERT INTO chatkitd.sessions
            (id, site, user_id, workflow, state_variables, metadata, configuration, created_at, expires_at,
             revoked_at, promise)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $15))
    INSERT INTO chatkitd.secrets (hash, session_id, upstream_session, issued_at, expires_at)
    VALUES ($11, $1, $12, $13, $14)";

pub(super) async fn create(
    database: &Database,
    scope: &Scope,
    session: &Session,
    secret: &NewSecret,
) -> Result<(), StoreError> {
    if !scope.holds(&session.site, &session.user) {
        return Err(StoreError::NotFound);
    }
    insert(database, database, session, secret).await
}

async fn insert(
    database: &Database,
    executor: impl PgExecutor<'_>,
    session: &Session,
    secret: &NewSecret,
) -> Result<(), StoreError> {
    let row = SessionRow::try_from(session)?;
    database
        .query(CREATE)
        .bind(row.id)
        .bind(row.site)
        .bind(row.user_id)
        .bind(row.workflow)
        .bind(row.state_variables)
        .bind(row.metadata)
        .bind(row.configuration)
        .bind(row.created_at)
        .bind(row.expires_at)
        .bind(row.revoked_at)
        .bind(&secret.hash.as_bytes()[..])
        .bind(upstream_session(&secret.kind))
        .bind(millis(secret.issued_at))
        .bind(millis(secret.expires_at))
        .bind(row.promise)
        .execute(executor)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn find_or_create(
    database: &Database,
    scope: &Scope,
    session: &Session,
    secret: &NewSecret,
) -> Result<Option<Session>, StoreError> {
    if !scope.holds(&session.site, &session.user) {
        return Err(StoreError::NotFound);
    }
    let owner = Scope::User(session.site.clone(), session.user.clone());
    let mut transaction = database.begin().await.map_err(store_error)?;
    let turn = format!("{}\n{}\n{}", session.site, session.user, session.workflow);
    wait_for_turn(database, &mut transaction, &turn).await?;
    let (workflow, now) = (&session.workflow, session.created_at);
    let standing = find_reusable(database, &mut transaction, &owner, workflow, now).await?;
    if standing.is_none() {
        insert(database, &mut transaction, session, secret).await?;
        transaction.commit().await.map_err(store_error)?;
    }
    Ok(standing)
}

/// Which of these sessions are revoked.
pub(super) async fn revoked(database: &Database, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
    let ids: Vec<&str> = ids.iter().map(SessionId::as_str).collect();
    let found: Vec<(String,)> = database
        .query_as("SELECT id FROM chatkitd.sessions WHERE id = ANY($1) AND revoked_at IS NOT NULL")
        .bind(ids)
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    Ok(found.iter().filter_map(|(id,)| SessionId::parse(id)).collect())
}

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    id: &SessionId,
) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = database
        .query_as(concat!(
            "SELECT ",
            session_columns!(),
            " FROM chatkitd.sessions WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)"
        ))
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)
}

pub(super) async fn reusable(
    database: &Database,
    scope: &Scope,
    workflow: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    find_reusable(database, database, scope, workflow, now).await
}

async fn find_reusable(
    database: &Database,
    executor: impl PgExecutor<'_>,
    scope: &Scope,
    workflow: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let Some(user) = user(scope) else { return Ok(None) };
    let row: Option<SessionRow> = database
        .query_as(concat!(
            "SELECT ",
            session_columns!(),
            " FROM chatkitd.sessions
             WHERE site = $1 AND user_id = $2 AND workflow = $3 AND promise IS NULL AND revoked_at IS NULL
                 AND expires_at > $4
             ORDER BY id DESC LIMIT 1"
        ))
        .bind(scope.site().as_str())
        .bind(user)
        .bind(workflow)
        .bind(millis(now))
        .fetch_optional(executor)
        .await
        .map_err(store_error)?;
    record(row)
}

/// Two queries rather than an `OR`, so that each is a walk along its own index.
const LIST_OF_SITE: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM chatkitd.sessions WHERE site = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
);
const LIST_OF_USER: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM chatkitd.sessions WHERE site = $1 AND id < $2 AND user_id = $4 ORDER BY id DESC LIMIT $3"
);
/// Sorts after every id.
const END: &str = "cksess_~";

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    after: Option<&SessionId>,
    limit: u32,
) -> Result<SessionPage, StoreError> {
    let user = user(scope);
    let list = database
        .query_as(if user.is_some() { LIST_OF_USER } else { LIST_OF_SITE })
        .bind(scope.site().as_str())
        .bind(after.map_or(END, SessionId::as_str))
        .bind(i64::from(limit) + 1);
    let list = match user {
        Some(user) => list.bind(user),
        None => list,
    };
    page(list.fetch_all(database).await.map_err(store_error)?, limit)
}

pub(super) async fn revoke(
    database: &Database,
    scope: &Scope,
    id: &SessionId,
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    if lock(database, &mut transaction, scope, id.as_str()).await? {
        return Ok(());
    }
    database
        .query("UPDATE chatkitd.sessions SET revoked_at = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(millis(at))
        .execute(&mut transaction)
        .await
        .map_err(store_error)?;
    let upstream = database
        .query_as(
            "UPDATE chatkitd.secrets SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL
             RETURNING upstream_session, expires_at",
        )
        .bind(id.as_str())
        .bind(millis(at))
        .fetch_all(&mut transaction)
        .await
        .map_err(store_error)?;
    jobs::add_for_revoked(database, &mut transaction, scope, upstream, millis(at)).await?;
    audit::append(database, &mut transaction, entry).await?;
    transaction.commit().await.map_err(store_error)
}

pub(super) async fn hand_over(
    database: &Database,
    scope: &Scope,
    id: &SessionId,
    heir: &UserId,
) -> Result<bool, StoreError> {
    let done = database
        .query(
            "UPDATE chatkitd.sessions SET user_id = $4
             WHERE id = $1 AND site = $2 AND user_id = $3 AND revoked_at IS NULL
               AND NOT EXISTS (SELECT FROM chatkitd.threads WHERE site = $2 AND user_id = $3)",
        )
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(heir.as_str())
        .execute(database)
        .await
        .map_err(store_error)?;
    Ok(done.rows_affected() > 0)
}

/// Locks a session until the transaction ends and says whether it is revoked. `NotFound` outside the
/// scope.
pub(super) async fn lock(
    database: &Database,
    connection: &mut Connection,
    scope: &Scope,
    id: &str,
) -> Result<bool, StoreError> {
    let revoked: Option<(bool,)> = database
        .query_as(
            "SELECT revoked_at IS NOT NULL FROM chatkitd.sessions
             WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)
             FOR NO KEY UPDATE",
        )
        .bind(id)
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    revoked.map(|(revoked,)| revoked).ok_or(StoreError::NotFound)
}
