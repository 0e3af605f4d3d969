//! Reading items, and what is done to them without a lease.

use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{ItemQuery, ItemTextPage};
use chatkitd_protocol::chatkit::{FeedbackKind, Order, ThreadItem};
use jiff::Timestamp;

use super::is_storable;
use crate::error::store_error;
use crate::postgres::Database;
use crate::rows::{millis, user};
use crate::thread_rows::{self, ItemRow, feedback_kind, feedback_word, item_texts};

/// The position of an item in the list; the list's end where none is named.
macro_rules! place {
    ($id:literal, $end:literal) => {
        concat!(
            "CASE WHEN ",
            $id,
            "::text IS NULL THEN ",
            $end,
            " ELSE (SELECT position FROM chatkitd.items WHERE thread_id = $1 AND id = ",
            $id,
            " AND ($5 OR NOT hidden) AND ($8::text[] IS NULL OR kind = ANY($8))) END"
        )
    };
}

/// A walk along the primary key: $1 thread, $2 site, $3 user, $4 the lower and $7 the upper item between which the
/// page lies (NULL: the list's end), $5 whether hidden items count, $6 limit, $8 kinds or NULL. The place of an
/// item that is not in the list is NULL, which is neither before nor after anything. A thread without items
/// gives one row of NULLs, no thread none.
macro_rules! list {
    ($order:literal) => {
        concat!(
            "SELECT page.position, page.id, page.body FROM chatkitd.threads LEFT JOIN LATERAL (
                 SELECT position, id, body FROM chatkitd.items
                 WHERE thread_id = threads.id AND ($5 OR NOT hidden)
                     AND ($8::text[] IS NULL OR kind = ANY($8))
                     AND position > ",
            place!("$4", "-9223372036854775808"),
            " AND position < ",
            place!("$7", "9223372036854775807"),
            " ORDER BY position ",
            $order,
            " LIMIT $6) AS page ON TRUE
             WHERE threads.id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)"
        )
    };
}

const ASC: &str = list!("ASC");
const DESC: &str = list!("DESC");

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    query: &ItemQuery,
) -> Result<Option<ItemTextPage>, StoreError> {
    let walk = query.page.walk();
    let (low, high, sql) = match walk.order {
        Order::Asc => (walk.from, walk.until, ASC),
        Order::Desc => (walk.until, walk.from, DESC),
    };
    // No item has such an id; the empty text is not one either, and stands in for it.
    let storable =
        |id: Option<&'_ str>| id.map(|id| if is_storable(id) { id.to_owned() } else { String::new() });
    let mut rows: Vec<(Option<i64>, Option<String>, Option<String>)> = database
        .query_as(sql)
        .bind(thread.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(storable(low))
        .bind(query.hidden)
        .bind(i64::from(query.page.limit) + 1)
        .bind(storable(high))
        .bind(query.kinds)
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    if rows.is_empty() {
        return Ok(None);
    }
    // They come in order; only, a join does not promise it.
    rows.sort_by_key(|(position, ..)| *position);
    if walk.order == Order::Desc {
        rows.reverse();
    }
    let texts = rows.into_iter().filter_map(|(_, id, body)| id.zip(body)).collect();
    Ok(Some(item_texts(texts, &query.page)))
}

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    id: &str,
) -> Result<Option<ThreadItem>, StoreError> {
    if !is_storable(id) {
        return Ok(None);
    }
    let row: Option<(String,)> = database
        .query_as(
            "SELECT body FROM chatkitd.items JOIN chatkitd.threads ON threads.id = thread_id
             WHERE thread_id = $1 AND items.id = $4 AND site = $2 AND ($3::text IS NULL OR user_id = $3)",
        )
        .bind(thread.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(id)
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    row.map(|(body,)| thread_rows::item(&body)).transpose()
}

pub(super) async fn replace(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    item: &ThreadItem,
) -> Result<(), StoreError> {
    let item = ItemRow::try_from(item)?;
    if !is_storable(&item.id) {
        return Err(StoreError::NotFound);
    }
    let replaced = database
        .query(
            "UPDATE chatkitd.items SET hidden = $5, body = $6 FROM chatkitd.threads
             WHERE thread_id = $1 AND items.id = $4
                 AND threads.id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)",
        )
        .bind(thread.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(item.id)
        .bind(item.hidden)
        .bind(item.body)
        .execute(database)
        .await
        .map_err(store_error)?;
    if replaced.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) async fn add_feedback(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    items: &[String],
    kind: FeedbackKind,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut ids: Vec<&str> = items.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.iter().all(|id| is_storable(id)) {
        return Err(StoreError::NotFound);
    }
    let mut transaction = database.begin().await.map_err(store_error)?;
    let locked: Option<(i32,)> = database
        .query_as(
            "SELECT 1 FROM chatkitd.threads
             WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3) FOR NO KEY UPDATE",
        )
        .bind(thread.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_optional(&mut transaction)
        .await
        .map_err(store_error)?;
    locked.ok_or(StoreError::NotFound)?;
    let marked = database
        .query(
            "UPDATE chatkitd.items SET feedback = $3, feedback_at = $4
             WHERE thread_id = $1 AND id = ANY($2)",
        )
        .bind(thread.as_str())
        .bind(&ids)
        .bind(feedback_word(kind))
        .bind(millis(at))
        .execute(&mut transaction)
        .await
        .map_err(store_error)?;
    if marked.rows_affected() < ids.len() as u64 {
        return Err(StoreError::NotFound);
    }
    transaction.commit().await.map_err(store_error)
}

pub(super) async fn feedback(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
) -> Result<Vec<(String, FeedbackKind)>, StoreError> {
    let rows: Vec<(String, String)> = database
        .query_as(
            "SELECT items.id, feedback FROM chatkitd.items JOIN chatkitd.threads ON threads.id = thread_id
             WHERE thread_id = $1 AND feedback IS NOT NULL
                 AND site = $2 AND ($3::text IS NULL OR user_id = $3)
             ORDER BY items.id",
        )
        .bind(thread.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    rows.into_iter().map(|(item, word)| Ok((item, feedback_kind(&word)?))).collect()
}
