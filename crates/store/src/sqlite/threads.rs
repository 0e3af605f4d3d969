//! Threads and feedback.

use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::AuditEntry;
use chatkitd_core::threads::{ThreadChange, ThreadPage, ThreadQuery, ThreadRecord};
use chatkitd_protocol::chatkit::{FeedbackKind, Order};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::audit;
use super::database::Database;
use super::error::QueryResult;
use super::query::{all, execute, first};
use crate::columns::thread_columns;
use crate::rows::{millis, record, user};
use crate::thread_rows::{ChangeRow, ThreadRow, feedback_kind, feedback_word, thread_page};

/// A thread in the scope: ?1 its id, ?2 the site, ?3 the user or NULL.
pub(super) const KEY: &str =
    "SELECT key FROM threads WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)";

const ONE: &str = concat!(
    "SELECT ",
    thread_columns!(),
    " FROM threads WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)"
);

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    id: &ThreadId,
) -> Result<Option<ThreadRecord>, StoreError> {
    let row: Option<ThreadRow> = database
        .read(|connection| {
            Ok(first(connection, ONE, params![id.as_str(), scope.site().as_str(), user(scope)])?)
        })
        .await?;
    record(row)
}

/// A list's statement: of a user or of a site, onwards or backwards. Each is a walk along one index, between
/// (?2, ?3) and (?6, ?7); ?5 the user, or NULL.
macro_rules! list {
    ($index:literal, $owner:literal, $order:literal) => {
        concat!(
            "SELECT ",
            thread_columns!(),
            " FROM threads INDEXED BY ",
            $index,
            " WHERE ",
            $owner,
            " AND (created_at, id) > (?2, ?3) AND (created_at, id) < (?6, ?7) ORDER BY created_at ",
            $order,
            ", id ",
            $order,
            " LIMIT ?4"
        )
    };
}
const USER_ASC: &str = list!("threads_by_user", "site = ?1 AND user_id = ?5", "ASC");
const USER_DESC: &str = list!("threads_by_user", "site = ?1 AND user_id = ?5", "DESC");
const SITE_ASC: &str = list!("threads_by_site", "site = ?1 AND ?5 IS NULL", "ASC");
const SITE_DESC: &str = list!("threads_by_site", "site = ?1 AND ?5 IS NULL", "DESC");

/// The newest thread that is not among so many of the newest.
macro_rules! floor {
    ($index:literal, $owner:literal) => {
        concat!(
            "SELECT created_at, id FROM threads INDEXED BY ",
            $index,
            " WHERE ",
            $owner,
            " ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?2"
        )
    };
}
const USER_FLOOR: &str = floor!("threads_by_user", "site = ?1 AND user_id = ?3");
const SITE_FLOOR: &str = floor!("threads_by_site", "site = ?1 AND ?3 IS NULL");

/// A place in a list of threads: when one began, and its id.
type Place = (i64, String);

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    query: &ThreadQuery,
) -> Result<ThreadPage, StoreError> {
    let (site, page) = (scope.site().as_str(), &query.page);
    let one_more = i64::from(page.limit) + 1;
    let rows = database
        .read(|connection| {
            let Some((low, high)) = bounds(connection, scope, query)? else { return Ok(Vec::new()) };
            let user = user(scope);
            let sql = match (user, page.walk().order) {
                (Some(_), Order::Asc) => USER_ASC,
                (Some(_), Order::Desc) => USER_DESC,
                (None, Order::Asc) => SITE_ASC,
                (None, Order::Desc) => SITE_DESC,
            };
            Ok(all(connection, sql, params![site, low.0, low.1, one_more, user, high.0, high.1])?)
        })
        .await?;
    thread_page(rows, page)
}

/// The places between which the page lies, themselves left out. `None`: a thread that the client names is not
/// there.
fn bounds(
    connection: &Connection,
    scope: &Scope,
    query: &ThreadQuery,
) -> QueryResult<Option<(Place, Place)>> {
    let walk = query.page.walk();
    let (low, high) = match walk.order {
        Order::Asc => (walk.from, walk.until),
        Order::Desc => (walk.until, walk.from),
    };
    let low = place(connection, scope, low, i64::MIN)?;
    let high = place(connection, scope, high, i64::MAX)?;
    let (Some(low), Some(high)) = (low, high) else { return Ok(None) };
    let floor = match query.newest {
        Some(newest) => first(
            connection,
            if user(scope).is_some() { USER_FLOOR } else { SITE_FLOOR },
            params![scope.site().as_str(), newest, user(scope)],
        )?,
        None => None,
    };
    Ok(Some((floor.map_or(low.clone(), |floor: Place| floor.max(low)), high)))
}

/// A thread's place in its lists: of one that is there, and of one that was deleted.
macro_rules! place {
    ($table:literal) => {
        concat!(
            "SELECT created_at, id FROM ",
            $table,
            " WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)"
        )
    };
}

/// The place of a thread, or the list's end where none is named. `None`: it is not in the list, and was not
/// deleted from it a short while ago.
fn place(connection: &Connection, scope: &Scope, id: Option<&str>, end: i64) -> QueryResult<Option<Place>> {
    let Some(id) = id else { return Ok(Some((end, String::new()))) };
    let owner = params![id, scope.site().as_str(), user(scope)];
    Ok(match first(connection, place!("threads"), owner)? {
        Some(place) => Some(place),
        None => first(connection, place!("deleted_threads"), owner)?,
    })
}

pub(super) async fn change(
    database: &Database,
    scope: &Scope,
    id: &ThreadId,
    change: &ThreadChange,
) -> Result<ThreadRecord, StoreError> {
    let (scope, id, change) = (scope.clone(), id.as_str().to_owned(), ChangeRow::try_from(change)?);
    let write = move |connection: &Connection| {
        let key = key(connection, &id, &scope)?;
        apply(connection, key, &change)?;
        Ok(first::<ThreadRow>(connection, ONE, params![id, scope.site().as_str(), user(&scope)])?)
    };
    record(database.write(write).await?)?.ok_or(StoreError::NotFound)
}

/// The thread's key; `NotFound` outside the scope.
pub(super) fn key(connection: &Connection, id: &str, scope: &Scope) -> QueryResult<i64> {
    let found: Option<(i64,)> = first(connection, KEY, params![id, scope.site().as_str(), user(scope)])?;
    Ok(found.ok_or(StoreError::NotFound)?.0)
}

/// Changes the columns that the change names.
pub(super) fn apply(connection: &Connection, key: i64, change: &ChangeRow) -> QueryResult<()> {
    let sql = "UPDATE threads SET
                   title = iif(?2, ?3, title),
                   status = coalesce(?4, status),
                   allowed_image_domains = iif(?5, ?6, allowed_image_domains),
                   metadata = coalesce(?7, metadata)
               WHERE key = ?1";
    let (title, domains) = (&change.title, &change.allowed_image_domains);
    execute(
        connection,
        sql,
        params![
            key,
            title.is_some(),
            title.as_ref().and_then(Option::as_ref),
            change.status,
            domains.is_some(),
            domains.as_ref().and_then(Option::as_ref),
            change.metadata,
        ],
    )?;
    Ok(())
}

pub(super) async fn delete(
    database: &Database,
    scope: &Scope,
    id: &ThreadId,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let (scope, id, entry) = (scope.clone(), id.as_str().to_owned(), entry.clone());
    let delete = move |connection: &Connection| {
        let key = key(connection, &id, &scope)?;
        let remember = "INSERT OR REPLACE INTO deleted_threads (id, site, user_id, created_at, deleted_at)
                        SELECT id, site, user_id, created_at, ?2 FROM threads WHERE key = ?1";
        execute(connection, remember, params![key, millis(entry.at)])?;
        execute(connection, "DELETE FROM threads WHERE key = ?1", [key])?;
        audit::append(connection, &entry)
    };
    database.write(delete).await
}

pub(super) async fn add_feedback(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    items: &[String],
    kind: FeedbackKind,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (scope, id, items) = (scope.clone(), thread.as_str().to_owned(), items.to_vec());
    let (kind, at) = (feedback_word(kind), millis(at));
    let add = move |connection: &Connection| {
        let key = key(connection, &id, &scope)?;
        let sql = "UPDATE items SET feedback = ?3, feedback_at = ?4 WHERE thread = ?1 AND id = ?2";
        for item in &items {
            if execute(connection, sql, params![key, item, kind, at])? == 0 {
                return Err(StoreError::NotFound.into());
            }
        }
        Ok(())
    };
    database.write(add).await
}

pub(super) async fn feedback(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
) -> Result<Vec<(String, FeedbackKind)>, StoreError> {
    let sql = "SELECT id, feedback FROM items INDEXED BY items_with_feedback
               WHERE thread = (SELECT key FROM threads
                               WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3))
                 AND feedback IS NOT NULL
               ORDER BY id";
    let rows: Vec<(String, String)> = database
        .read(|connection| {
            Ok(all(connection, sql, params![thread.as_str(), scope.site().as_str(), user(scope)])?)
        })
        .await?;
    rows.into_iter().map(|(item, kind)| Ok((item, feedback_kind(&kind)?))).collect()
}
