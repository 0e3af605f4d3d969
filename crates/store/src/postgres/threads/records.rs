//! Threads themselves.

use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{PageQuery, ThreadChange, ThreadPage, ThreadRecord};
use chatkitd_protocol::chatkit::Order;

use super::is_storable;
use super::rows::Columns;
use crate::columns::thread_columns;
use crate::error::store_error;
use crate::postgres::Database;
use crate::rows::{record, user};
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
        .fetch_optional(&database.pool)
        .await
        .map_err(store_error)?;
    record(row)
}

/// A walk along one index from the cursor's place: $1 site, $2 cursor, $3 limit, $4 user. The time of a
/// cursor that is not in the list is NULL, which is neither before nor after anything.
macro_rules! list {
    ($owner:literal, $than:literal, $first:literal, $order:literal) => {
        concat!(
            "SELECT ",
            thread_columns!(),
            " FROM chatkitd.threads WHERE ",
            $owner,
            " AND (created_at, id) ",
            $than,
            " (CASE WHEN $2::text IS NULL THEN ",
            $first,
            " ELSE (SELECT created_at FROM chatkitd.threads WHERE id = $2 AND ",
            $owner,
            ") END, COALESCE($2, '')) ORDER BY created_at ",
            $order,
            ", id ",
            $order,
            " LIMIT $3"
        )
    };
}

const FIRST_OF_USER: &str = list!("site = $1 AND user_id = $4", ">", "-9223372036854775808", "ASC");
const LAST_OF_USER: &str = list!("site = $1 AND user_id = $4", "<", "9223372036854775807", "DESC");
const FIRST_OF_SITE: &str = list!("site = $1", ">", "-9223372036854775808", "ASC");
const LAST_OF_SITE: &str = list!("site = $1", "<", "9223372036854775807", "DESC");

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    page: &PageQuery,
) -> Result<ThreadPage, StoreError> {
    let after = page.after.as_deref();
    if !after.is_none_or(is_storable) {
        return Ok(ThreadPage { threads: Vec::new(), has_more: false });
    }
    let user = user(scope);
    let sql = match (user, page.order) {
        (Some(_), Order::Asc) => FIRST_OF_USER,
        (Some(_), Order::Desc) => LAST_OF_USER,
        (None, Order::Asc) => FIRST_OF_SITE,
        (None, Order::Desc) => LAST_OF_SITE,
    };
    let list = database.query_as(sql).bind(scope.site().as_str()).bind(after).bind(i64::from(page.limit) + 1);
    let list = match user {
        Some(user) => list.bind(user),
        None => list,
    };
    thread_page(list.fetch_all(&database.pool).await.map_err(store_error)?, page.limit)
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
        .fetch_optional(&database.pool)
        .await
        .map_err(store_error)?;
    record(row)?.ok_or(StoreError::NotFound)
}

/// Items and runs go by their foreign keys.
pub(super) async fn delete(database: &Database, scope: &Scope, id: &ThreadId) -> Result<(), StoreError> {
    let deleted = database
        .query(
            "DELETE FROM chatkitd.threads
             WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)",
        )
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .execute(&database.pool)
        .await
        .map_err(store_error)?;
    if deleted.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}
