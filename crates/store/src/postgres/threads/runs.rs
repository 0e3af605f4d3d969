//! A run's writes and its end.

use std::collections::VecDeque;

use chatkitd_core::ports::StoreError;
use chatkitd_core::threads::{Fence, ItemWrite, RunEnd, RunStatus};
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{FromRow, Postgres};

use super::batch::{Batch, Together, batches, take_last};
use super::is_storable;
use super::rows::Columns;
use crate::error::store_error;
use crate::postgres::{Connection, Database};
use crate::rows::{millis, user};

/// What every statement that writes for a run begins with: $1 thread, $2 site, $3 user, $4 run, $5 to $8
/// [`Together`]'s items, $9 to $13 its change.
pub(super) type Statement<'q, R> = QueryAs<'q, Postgres, R, PgArguments>;

/// The new values of a thread's columns, beside those of its lease.
macro_rules! changed {
    () => {
        "last_position = last_position + cardinality($6::text[]),
         title = CASE WHEN $9::text[] IS NULL THEN title ELSE ($9::text[])[1] END,
         active = COALESCE($10, active),
         status = COALESCE($11, status),
         allowed_image_domains =
             CASE WHEN $12::text[] IS NULL THEN allowed_image_domains ELSE ($12::text[])[1] END,
         metadata = COALESCE($13, metadata)"
    };
}

/// Common table expressions that write items, once `thread` has the thread's row with the new `last_position`.
/// An item that is there keeps its place.
macro_rules! items {
    () => {
        "removed AS (
             DELETE FROM chatkitd.items USING thread
             WHERE items.thread_id = thread.id AND items.id = ANY($5::text[])),
         written AS (
             INSERT INTO chatkitd.items (thread_id, position, id, hidden, body)
             SELECT thread.id, thread.last_position - cardinality($6::text[]) + put.place,
                 put.id, put.hidden, put.body
             FROM thread, unnest($6::text[], $7::boolean[], $8::text[]) WITH ORDINALITY
                 AS put (id, hidden, body, place)
             ON CONFLICT (thread_id, id) DO UPDATE SET hidden = excluded.hidden, body = excluded.body)"
    };
}

/// The row that the fence holds on.
macro_rules! fenced {
    () => {
        "id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3) AND run_id = $4"
    };
}

pub(super) use {changed, items};

const WRITE: &str = concat!(
    "WITH thread AS (UPDATE chatkitd.threads SET ",
    changed!(),
    " WHERE ",
    fenced!(),
    " RETURNING id, last_position), ",
    items!(),
    " SELECT last_position FROM thread"
);

/// $14 how it ended, $15 when.
const END: &str = concat!(
    "WITH thread AS (UPDATE chatkitd.threads SET run_id = NULL, ",
    changed!(),
    " WHERE ",
    fenced!(),
    " RETURNING id, last_position),
     ended AS (
         UPDATE chatkitd.runs SET status = $14, ended_at = $15, checkpoint = NULL
         FROM thread WHERE runs.id = $4), ",
    items!(),
    " SELECT last_position FROM thread"
);

/// $5 the last item to stay.
const REMOVE_AFTER: &str = concat!(
    "WITH thread AS (UPDATE chatkitd.threads SET last_position = last_position WHERE ",
    fenced!(),
    " RETURNING id),
     kept AS (
         SELECT thread_id, position FROM chatkitd.items JOIN thread ON thread_id = thread.id
         WHERE items.id = $5),
     removed AS (
         DELETE FROM chatkitd.items USING kept
         WHERE items.thread_id = kept.thread_id AND items.position > kept.position)
     SELECT EXISTS (SELECT 1 FROM kept) FROM thread"
);

const ABANDON: &str = concat!(
    "WITH thread AS (UPDATE chatkitd.threads SET run_id = NULL WHERE ",
    fenced!(),
    " RETURNING id)
     DELETE FROM chatkitd.runs USING thread WHERE runs.id = $4"
);

/// Binds $1 to $4.
fn fenced<'q, R>(database: &Database, sql: &'static str, fence: &'q Fence) -> Statement<'q, R>
where
    R: for<'r> FromRow<'r, sqlx::postgres::PgRow>,
{
    database
        .query_as(sql)
        .bind(fence.thread.as_str())
        .bind(fence.scope.site().as_str())
        .bind(user(&fence.scope))
        .bind(fence.run.as_str())
}

/// Binds $5 to $8.
pub(super) fn with_items<'q, R>(statement: Statement<'q, R>, writes: &'q Together) -> Statement<'q, R> {
    let puts = &writes.puts;
    statement.bind(&writes.removes).bind(&puts.ids).bind(&puts.hidden).bind(&puts.bodies)
}

/// Binds $9 to $13.
pub(super) fn with_change<'q, R>(statement: Statement<'q, R>, columns: Columns) -> Statement<'q, R> {
    statement
        .bind(columns.title)
        .bind(columns.active)
        .bind(columns.status)
        .bind(columns.allowed_image_domains)
        .bind(columns.metadata)
}

pub(super) async fn write(
    database: &Database,
    fence: &Fence,
    writes: &[ItemWrite],
) -> Result<(), StoreError> {
    let mut batches = batches(writes)?;
    if batches.is_empty() {
        // The fence is asked all the same.
        batches.push_back(Batch::Together(Together::default()));
    }
    let one = batches.len() == 1;
    let connection = if one { database.connection().await } else { database.begin().await };
    let mut connection = connection.map_err(store_error)?;
    write_all(database, &mut connection, fence, &batches).await?;
    connection.commit().await.map_err(store_error)
}

pub(super) async fn write_all(
    database: &Database,
    connection: &mut Connection,
    fence: &Fence,
    batches: &VecDeque<Batch>,
) -> Result<(), StoreError> {
    for batch in batches {
        match batch {
            Batch::Together(writes) => {
                let statement = with_items(fenced(database, WRITE, fence), writes);
                let statement = with_change(statement, Columns::new(&writes.change)?);
                let held: Option<(i64,)> =
                    statement.fetch_optional(&mut *connection).await.map_err(store_error)?;
                held.ok_or(StoreError::Conflict)?;
            }
            Batch::RemoveAfter(item) => remove_after(database, connection, fence, item).await?,
        }
    }
    Ok(())
}

async fn remove_after(
    database: &Database,
    connection: &mut Connection,
    fence: &Fence,
    item: &str,
) -> Result<(), StoreError> {
    // What cannot be an id is not there.
    let item = if is_storable(item) { item } else { "" };
    let statement = fenced(database, REMOVE_AFTER, fence).bind(item);
    let held: Option<(bool,)> = statement.fetch_optional(connection).await.map_err(store_error)?;
    let (is_there,) = held.ok_or(StoreError::Conflict)?;
    if is_there { Ok(()) } else { Err(StoreError::NotFound) }
}

pub(super) async fn end(database: &Database, fence: &Fence, end: &RunEnd) -> Result<(), StoreError> {
    let mut before = batches(&end.writes)?;
    let last = take_last(&mut before);
    let connection = if before.is_empty() { database.connection().await } else { database.begin().await };
    let mut connection = connection.map_err(store_error)?;
    write_all(database, &mut connection, fence, &before).await?;
    release(database, &mut connection, fence, end, &last).await?;
    connection.commit().await.map_err(store_error)
}

async fn release(
    database: &Database,
    connection: &mut Connection,
    fence: &Fence,
    end: &RunEnd,
    last: &Together,
) -> Result<(), StoreError> {
    let statement = with_items(fenced(database, END, fence), last);
    let held: Option<(i64,)> = with_change(statement, Columns::new(&last.change)?)
        .bind(RunStatus::Ended(end.outcome).as_str())
        .bind(millis(end.now))
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    held.map(|_| ()).ok_or(StoreError::Conflict)
}

pub(super) async fn abandon(database: &Database, fence: &Fence) -> Result<(), StoreError> {
    let abandoned = database
        .query(ABANDON)
        .bind(fence.thread.as_str())
        .bind(fence.scope.site().as_str())
        .bind(user(&fence.scope))
        .bind(fence.run.as_str())
        .execute(database)
        .await
        .map_err(store_error)?;
    if abandoned.rows_affected() == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}
