//! Threads themselves.

use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::AuditEntry;
use chatkitd_core::threads::{ThreadChange, ThreadPage, ThreadQuery, ThreadRecord};
use chatkitd_protocol::chatkit::Order;

use super::is_storable;
use super::rows::Columns;
use crate::columns::thread_columns;
use crate::error::store_error;
use crate::postgres::{Database, audit};
use crate::rows::{millis, record, user};
use crate::thread_rows::{ThreadRow, thread_page};

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    id: &ThreadId,
) -> Result<Option<ThreadRecord>, StoreError> {
    let row: Option<ThreadRow> = database
        .query_as(concat!(
            "SELECT ",
            thread_columns!(),
            " FROM chatkitd.threads WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)"
        ))
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)
}

/// The place of a thread in a list, or where it stood if it was deleted a short while ago; the list's end where
/// none is named.
macro_rules! place {
    ($owner:literal, $id:literal, $end:literal) => {
        concat!(
            "(CASE WHEN ",
            $id,
            "::text IS NULL THEN ",
            $end,
            " ELSE COALESCE((SELECT created_at FROM chatkitd.threads WHERE id = ",
            $id,
            " AND ",
            $owner,
            "), (SELECT created_at FROM chatkitd.deleted_threads WHERE id = ",
            $id,
            " AND ",
            $owner,
            ")) END, COALESCE(",
            $id,
            ", ''))"
        )
    };
}

/// A walk along one index: $1 site, $2 the lower and $3 the upper thread between which the page lies (NULL: the
/// list's end), $4 limit, $5 and $6 a place below which nothing is listed, $7 user. The time of a thread that is
/// not in the list is NULL, which is neither before nor after anything.
macro_rules! list {
    ($owner:literal, $order:literal) => {
        concat!(
            "SELECT ",
            thread_columns!(),
            " FROM chatkitd.threads WHERE ",
            $owner,
            " AND (created_at, id) > ",
            place!($owner, "$2", "-9223372036854775808"),
            " AND (created_at, id) < ",
            place!($owner, "$3", "9223372036854775807"),
            " AND (created_at, id) > ($5, $6) ORDER BY created_at ",
            $order,
            ", id ",
            $order,
            " LIMIT $4"
        )
    };
}

const USER_ASC: &str = list!("site = $1 AND user_id = $7", "ASC");
const USER_DESC: &str = list!("site = $1 AND user_id = $7", "DESC");
const SITE_ASC: &str = list!("site = $1", "ASC");
const SITE_DESC: &str = list!("site = $1", "DESC");

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    query: &ThreadQuery,
) -> Result<ThreadPage, StoreError> {
    let walk = query.page.walk();
    if ![walk.from, walk.until].into_iter().flatten().all(is_storable) {
        return Ok(ThreadPage { threads: Vec::new(), has_more: false });
    }
    let (low, high) = match walk.order {
        Order::Asc => (walk.from, walk.until),
        Order::Desc => (walk.until, walk.from),
    };
    let user = user(scope);
    let sql = match (user, walk.order) {
        (Some(_), Order::Asc) => USER_ASC,
        (Some(_), Order::Desc) => USER_DESC,
        (None, Order::Asc) => SITE_ASC,
        (None, Order::Desc) => SITE_DESC,
    };
    let (floor_at, floor_id) = floor(database, scope, query.newest).await?;
    let one_more = i64::from(query.page.limit) + 1;
    let list = database.query_as(sql).bind(scope.site().as_str()).bind(low).bind(high).bind(one_more);
    let list = list.bind(floor_at).bind(floor_id);
    let list = match user {
        Some(user) => list.bind(user),
        None => list,
    };
    thread_page(list.fetch_all(database).await.map_err(store_error)?, &query.page)
}

macro_rules! floor {
    ($owner:literal) => {
        concat!(
            "SELECT created_at, id FROM chatkitd.threads WHERE ",
            $owner,
            " ORDER BY created_at DESC, id DESC OFFSET $2 LIMIT 1"
        )
    };
}

const USER_FLOOR: &str = floor!("site = $1 AND user_id = $3");
const SITE_FLOOR: &str = floor!("site = $1");

/// The place of the newest thread that is not among so many of the newest.
async fn floor(database: &Database, scope: &Scope, newest: Option<u32>) -> Result<(i64, String), StoreError> {
    let bottom = (i64::MIN, String::new());
    let Some(newest) = newest else { return Ok(bottom) };
    let user = user(scope);
    let found = database
        .query_as(if user.is_some() { USER_FLOOR } else { SITE_FLOOR })
        .bind(scope.site().as_str())
        .bind(i64::from(newest));
    let found = match user {
        Some(user) => found.bind(user),
        None => found,
    };
    let found: Option<(i64, String)> = found.fetch_optional(database).await.map_err(store_error)?;
    Ok(found.unwrap_or(bottom))
}

pub(super) async fn change(
    database: &Database,
    scope: &Scope,
    id: &ThreadId,
    change: &ThreadChange,
) -> Result<ThreadRecord, StoreError> {
    let change = Columns::new(change)?;
    let row: Option<ThreadRow> = database
        .query_as(concat!(
            "UPDATE chatkitd.threads SET
                 title = CASE WHEN $4::text[] IS NULL THEN title ELSE ($4::text[])[1] END,
                 active = COALESCE($5, active),
                 status = COALESCE($6, status),
                 allowed_image_domains = CASE WHEN $7::text[] IS NULL THEN allowed_image_domains
                     ELSE ($7::text[])[1] END,
                 metadata = COALESCE($8, metadata)
             WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)
             RETURNING ",
            thread_columns!()
        ))
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(change.title)
        .bind(change.active)
        .bind(change.status)
        .bind(change.allowed_image_domains)
        .bind(change.metadata)
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)?.ok_or(StoreError::NotFound)
}

/// Items and runs go by their foreign keys. Where the thread stood is kept for a while.
pub(super) async fn delete(
    database: &Database,
    scope: &Scope,
    id: &ThreadId,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    let deleted = database
        .query(
            "WITH deleted AS (
                 DELETE FROM chatkitd.threads
                 WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)
                 RETURNING id, site, user_id, created_at)
             INSERT INTO chatkitd.deleted_threads (id, site, user_id, created_at, deleted_at)
             SELECT id, site, user_id, created_at, $4 FROM deleted
             ON CONFLICT (id) DO UPDATE SET (site, user_id, created_at, deleted_at)
                 = (excluded.site, excluded.user_id, excluded.created_at, excluded.deleted_at)",
        )
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(millis(entry.at))
        .execute(&mut transaction)
        .await
        .map_err(store_error)?;
    if deleted.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    audit::append(database, &mut transaction, entry).await?;
    transaction.commit().await.map_err(store_error)
}
