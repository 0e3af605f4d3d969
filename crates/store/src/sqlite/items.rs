//! A thread's items.

use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{ItemQuery, ItemTextPage};
use chatkitd_protocol::chatkit::{Order, ThreadItem};
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::query::{all, execute, first};
use super::threads::{self, KEY};
use crate::rows::user;
use crate::thread_rows::{ItemRow, WriteRow, item, item_texts};

/// Between ?2 and ?5; ?3 whether hidden ones count, ?6 the kinds as a JSON array, or NULL for all.
macro_rules! list {
    ($order:literal) => {
        concat!(
            "SELECT id, body FROM items WHERE thread = ?1 AND position > ?2 AND position < ?5
                 AND (?3 OR NOT hidden) AND (?6 IS NULL OR kind IN (SELECT value FROM json_each(?6)))
             ORDER BY position ",
            $order,
            " LIMIT ?4"
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
    let one_more = i64::from(query.page.limit) + 1;
    let kinds = query.kinds.map(kinds_text).transpose()?;
    let walk = query.page.walk();
    let (low, high, sql) = match walk.order {
        Order::Asc => (walk.from, walk.until, ASC),
        Order::Desc => (walk.until, walk.from, DESC),
    };
    let rows = database
        .read(|connection| {
            let owner = params![thread.as_str(), scope.site().as_str(), user(scope)];
            let Some((key,)) = first::<(i64,)>(connection, KEY, owner)? else { return Ok(None) };
            let place = |id, end| listed_position(connection, key, query, kinds.as_deref(), id, end);
            let (Some(low), Some(high)) = (place(low, i64::MIN)?, place(high, i64::MAX)?) else {
                return Ok(Some(Vec::new()));
            };
            Ok(Some(all(connection, sql, params![key, low, query.hidden, one_more, high, kinds])?))
        })
        .await?;
    Ok(rows.map(|rows| item_texts(rows, &query.page)))
}

fn kinds_text(kinds: &[&str]) -> Result<String, StoreError> {
    serde_json::to_string(kinds).map_err(|error| StoreError::Other(Box::new(error)))
}

/// The position of an item, or the list's end where none is named. `None`: it is not in the list.
fn listed_position(
    connection: &Connection,
    thread: i64,
    query: &ItemQuery,
    kinds: Option<&str>,
    id: Option<&str>,
    end: i64,
) -> QueryResult<Option<i64>> {
    let Some(id) = id else { return Ok(Some(end)) };
    let sql = "SELECT position FROM items WHERE thread = ?1 AND id = ?2 AND (?3 OR NOT hidden)
                   AND (?4 IS NULL OR kind IN (SELECT value FROM json_each(?4)))";
    let found: Option<(i64,)> = first(connection, sql, params![thread, id, query.hidden, kinds])?;
    Ok(found.map(|(position,)| position))
}

fn position(connection: &Connection, thread: i64, id: &str) -> QueryResult<Option<i64>> {
    let sql = "SELECT position FROM items WHERE thread = ?1 AND id = ?2";
    Ok(first::<(i64,)>(connection, sql, params![thread, id])?.map(|(position,)| position))
}

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    id: &str,
) -> Result<Option<ThreadItem>, StoreError> {
    let sql = "SELECT body FROM items
               WHERE thread = (SELECT key FROM threads
                               WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3))
                 AND id = ?4";
    let row: Option<(String,)> = database
        .read(|connection| {
            Ok(first(connection, sql, params![thread.as_str(), scope.site().as_str(), user(scope), id])?)
        })
        .await?;
    row.map(|(body,)| item(&body)).transpose()
}

pub(super) async fn replace(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
    item: &ThreadItem,
) -> Result<(), StoreError> {
    let (scope, id, row) = (scope.clone(), thread.as_str().to_owned(), ItemRow::try_from(item)?);
    let replace = move |connection: &Connection| {
        let key = threads::key(connection, &id, &scope)?;
        let sql = "UPDATE items SET hidden = ?3, body = ?4 WHERE thread = ?1 AND id = ?2";
        match execute(connection, sql, params![key, row.id, row.hidden, row.body])? {
            0 => Err(StoreError::NotFound.into()),
            _ => Ok(()),
        }
    };
    database.write(replace).await
}

/// Makes a run's writes, in their order.
pub(super) fn write(connection: &Connection, thread: i64, writes: &[WriteRow]) -> QueryResult<()> {
    for write in writes {
        match write {
            WriteRow::Put(item) => put(connection, thread, item)?,
            WriteRow::Remove(id) => {
                execute(connection, "DELETE FROM items WHERE thread = ?1 AND id = ?2", params![thread, id])?;
            }
            WriteRow::RemoveAfter(id) => {
                let position = position(connection, thread, id)?.ok_or(StoreError::NotFound)?;
                let sql = "DELETE FROM items WHERE thread = ?1 AND position > ?2";
                execute(connection, sql, params![thread, position])?;
            }
            WriteRow::Change(change) => threads::apply(connection, thread, change)?,
        }
    }
    Ok(())
}

/// Writes an item at the end, unless it is there already: it was finished after the checkpoint then.
pub(super) fn append_missing(connection: &Connection, thread: i64, item: &ItemRow) -> QueryResult<()> {
    match position(connection, thread, &item.id)? {
        Some(_) => Ok(()),
        None => put(connection, thread, item),
    }
}

/// Writes an item at its old place, or at the end.
fn put(connection: &Connection, thread: i64, item: &ItemRow) -> QueryResult<()> {
    let sql = "INSERT INTO items (thread, position, id, hidden, body)
               VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM items WHERE thread = ?1), ?2, ?3, ?4)
               ON CONFLICT (thread, id) DO UPDATE SET hidden = excluded.hidden, body = excluded.body";
    execute(connection, sql, params![thread, item.id, item.hidden, item.body])?;
    Ok(())
}
