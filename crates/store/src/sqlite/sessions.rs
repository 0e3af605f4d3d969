use chatkitd_core::id::{SessionId, UserId};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{AuditEntry, NewSecret, Session, SessionPage};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::query::{all, execute, first};
use super::{audit, jobs, secrets};
use crate::columns::session_columns;
use crate::rows::{SessionRow, millis, page, record, user};

pub(super) async fn create(
    database: &Database,
    scope: &Scope,
    session: &Session,
    secret: &NewSecret,
) -> Result<(), StoreError> {
    if !scope.holds(&session.site, &session.user) {
        return Err(StoreError::NotFound);
    }
    let (row, secret) = (SessionRow::try_from(session)?, secret.clone());
    let create = move |connection: &Connection| {
        insert(connection, &row)?;
        secrets::insert(connection, &row.id, &secret)
    };
    database.write(create).await
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
    let (row, secret) = (SessionRow::try_from(session)?, secret.clone());
    let find_or_create = move |connection: &Connection| {
        let owner = params![row.site, row.user_id, row.workflow, row.created_at];
        let standing: Option<SessionRow> = first(connection, REUSABLE, owner)?;
        if standing.is_none() {
            insert(connection, &row)?;
            secrets::insert(connection, &row.id, &secret)?;
        }
        Ok(standing)
    };
    record(database.write(find_or_create).await?)
}

fn insert(connection: &Connection, row: &SessionRow) -> QueryResult<()> {
    execute(
        connection,
        "INSERT INTO sessions (id, site, user_id, workflow, state_variables, metadata, configuration,
             promise, created_at, expires_at, revoked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            row.id,
            row.site,
            row.user_id,
            row.workflow,
            row.state_variables,
            row.metadata,
            row.configuration,
            row.promise,
            row.created_at,
            row.expires_at,
            row.revoked_at,
        ],
    )?;
    Ok(())
}

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    id: &SessionId,
) -> Result<Option<Session>, StoreError> {
    const ONE: &str = concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)"
    );
    let row: Option<SessionRow> = database
        .read(|connection| {
            Ok(first(connection, ONE, params![id.as_str(), scope.site().as_str(), user(scope)])?)
        })
        .await?;
    record(row)
}

const REUSABLE: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM sessions INDEXED BY sessions_by_user
     WHERE site = ?1 AND user_id = ?2 AND workflow = ?3 AND promise IS NULL AND revoked_at IS NULL
         AND expires_at > ?4
     ORDER BY id DESC LIMIT 1"
);

pub(super) async fn reusable(
    database: &Database,
    scope: &Scope,
    workflow: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let Some(user) = user(scope) else { return Ok(None) };
    let row: Option<SessionRow> = database
        .read(|connection| {
            let site = scope.site().as_str();
            Ok(first(connection, REUSABLE, params![site, user, workflow, millis(now)])?)
        })
        .await?;
    record(row)
}

/// Two queries rather than an `OR`, so that each is a walk along its own index.
const LIST_OF_SITE: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM sessions INDEXED BY sessions_by_site WHERE site = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
);
const LIST_OF_USER: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM sessions INDEXED BY sessions_by_user
     WHERE site = ?1 AND id < ?2 AND user_id = ?4 ORDER BY id DESC LIMIT ?3"
);
/// Sorts after every id.
const END: &str = "cksess_~";

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    after: Option<&SessionId>,
    limit: u32,
) -> Result<SessionPage, StoreError> {
    let (site, after) = (scope.site().as_str(), after.map_or(END, SessionId::as_str));
    let one_more = i64::from(limit) + 1;
    let rows = database
        .read(|connection| {
            Ok(match user(scope) {
                Some(user) => all(connection, LIST_OF_USER, params![site, after, one_more, user])?,
                None => all(connection, LIST_OF_SITE, params![site, after, one_more])?,
            })
        })
        .await?;
    page(rows, limit)
}

/// Which of these sessions are revoked.
pub(super) async fn revoked(database: &Database, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
    let sql =
        "SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each(?1)) AND revoked_at IS NOT NULL";
    let list = serde_json::to_string(ids).map_err(|error| StoreError::Other(Box::new(error)))?;
    let found: Vec<(String,)> = database.read(|connection| Ok(all(connection, sql, [&list])?)).await?;
    Ok(found.iter().filter_map(|(id,)| SessionId::parse(id)).collect())
}

pub(super) async fn revoke(
    database: &Database,
    scope: &Scope,
    id: &SessionId,
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let (scope, id, at, entry) = (scope.clone(), id.as_str().to_owned(), millis(at), entry.clone());
    let revoke = move |connection: &Connection| {
        if !mark_revoked(connection, &scope, &id, at)? {
            return Ok(());
        }
        let upstream: Vec<(Option<String>, i64)> = all(
            connection,
            "UPDATE secrets SET revoked_at = ?2 WHERE session_id = ?1 AND revoked_at IS NULL
             RETURNING upstream_session, expires_at",
            params![id, at],
        )?;
        jobs::add_for_revoked(connection, scope.site().as_str(), upstream, at)?;
        audit::append(connection, &entry)
    };
    database.write(revoke).await
}

pub(super) async fn hand_over(
    database: &Database,
    scope: &Scope,
    id: &SessionId,
    heir: &UserId,
) -> Result<bool, StoreError> {
    let (scope, id, heir) = (scope.clone(), id.as_str().to_owned(), heir.as_str().to_owned());
    let hand_over = move |connection: &Connection| {
        let sql = "UPDATE sessions SET user_id = ?4
                   WHERE id = ?1 AND site = ?2 AND user_id = ?3 AND revoked_at IS NULL
                     AND NOT EXISTS (SELECT 1 FROM threads WHERE site = ?2 AND user_id = ?3)";
        Ok(execute(connection, sql, params![id, scope.site().as_str(), user(&scope), heir])? > 0)
    };
    database.write(hand_over).await
}

/// Whether the session was revoked just now; `false` when it was before.
fn mark_revoked(connection: &Connection, scope: &Scope, id: &str, at: i64) -> QueryResult<bool> {
    let sql = "SELECT revoked_at IS NOT NULL FROM sessions
               WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)";
    let (revoked,): (bool,) = first(connection, sql, params![id, scope.site().as_str(), user(scope)])?
        .ok_or(StoreError::NotFound)?;
    if !revoked {
        execute(connection, "UPDATE sessions SET revoked_at = ?2 WHERE id = ?1", params![id, at])?;
    }
    Ok(!revoked)
}
