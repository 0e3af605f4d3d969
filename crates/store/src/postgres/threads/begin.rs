//! How a run begins: one statement, unless something stands in its way.

use std::collections::VecDeque;

use chatkitd_core::id::RunId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{Begun, Fence, RunStart, ThreadChange, ThreadRecord};

use super::batch::{Batch, Together, batches, take_first};
use super::clock;
use super::recovery::close_expired;
use super::rows::{Columns, EarlierRow, LeaseRow, NewRun};
use super::runs::{changed, items, with_change, with_items, write_all};
use crate::columns::thread_columns;
use crate::error::store_error;
use crate::postgres::{Connection, Database, attachments};
use crate::rows::{millis, user};
use crate::thread_rows::{ThreadRow, run_id};

/// The run's row, $14 to $18: when it begins, the length of its lease, its key, body and the key's end.
macro_rules! run {
    () => {
        concat!(
            "run AS (
                 INSERT INTO chatkitd.runs
                     (id, thread_id, status, started_at, lease_until, key_digest, body_digest, key_until)
                 SELECT $4, thread.id, 'running', $14, ",
            clock!(),
            " + $15, $16, $17, $18 FROM thread)"
        )
    };
}

/// A key that is known stands in the way.
macro_rules! key_is_free {
    () => {
        "NOT EXISTS (SELECT 1 FROM chatkitd.runs WHERE key_digest = $16)"
    };
}

/// On a thread that is there.
const BEGIN: &str = concat!(
    "WITH thread AS (
         UPDATE chatkitd.threads SET run_id = $4, ",
    changed!(),
    " WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)
             AND active AND run_id IS NULL AND ",
    key_is_free!(),
    " RETURNING ",
    thread_columns!(),
    ", last_position), ",
    run!(),
    ", ",
    items!(),
    " SELECT ",
    thread_columns!(),
    " FROM thread AS threads"
);

/// With a thread that begins at $19; $9 to $13 are all its columns.
const BEGIN_NEW: &str = concat!(
    "WITH thread AS (
         INSERT INTO chatkitd.threads (id, site, user_id, run_id, last_position, created_at, title, active, status,
             allowed_image_domains, metadata)
         SELECT $1, $2, $3, $4, cardinality($6::text[]), $19,
             ($9::text[])[1], $10, $11, ($12::text[])[1], $13 WHERE ",
    key_is_free!(),
    " RETURNING ",
    thread_columns!(),
    ", last_position), ",
    run!(),
    ", ",
    items!(),
    " SELECT ",
    thread_columns!(),
    " FROM thread AS threads"
);

/// How often a run that lost a race looks again at what stands in its way.
const TRIES: u32 = 3;

/// A run that begins, as rows.
struct Start<'a> {
    scope: &'a Scope,
    run: NewRun,
    new_thread: Option<&'a ThreadRecord>,
    first: Together,
    rest: VecDeque<Batch>,
    fence: Fence,
    attachments: Option<&'a RunStart>,
}

impl<'a> Start<'a> {
    fn new(scope: &'a Scope, start: &'a RunStart) -> Result<Self, StoreError> {
        let mut rest = batches(&start.writes)?;
        let mut first = take_first(&mut rest);
        let new_thread = start.new_thread.as_ref();
        if let Some(thread) = new_thread {
            let mut all = ThreadChange::to(thread);
            all.add(&first.change);
            first.change = all;
        }
        let fence = Fence { scope: scope.clone(), thread: start.thread.clone(), run: start.run.clone() };
        let attachments = Some(start).filter(|start| !start.attachments.is_empty());
        Ok(Self { scope, run: NewRun::new(scope, start), new_thread, first, rest, fence, attachments })
    }
}

pub(super) async fn begin(database: &Database, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError> {
    if start.new_thread.as_ref().is_some_and(|thread| !scope.holds(&thread.site, &thread.user)) {
        return Err(StoreError::NotFound);
    }
    let start = Start::new(scope, start)?;
    if start.rest.is_empty() && start.attachments.is_none() {
        let mut connection = database.connection().await.map_err(store_error)?;
        match take(database, &mut connection, &start).await {
            Ok(Some(thread)) => {
                connection.commit().await.map_err(store_error)?;
                return started(thread, None);
            }
            // Something stands in the way, or somebody was faster.
            Ok(None) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    for _ in 0..TRIES {
        match clear_and_take(database, &start).await {
            Ok(Some(begun)) => return Ok(begun),
            Ok(None) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

fn started(thread: ThreadRow, interrupted: Option<RunId>) -> Result<Begun, StoreError> {
    Ok(Begun::Started { thread: Box::new(ThreadRecord::try_from(thread)?), interrupted })
}

/// Takes the lease and makes the first writes. `None` when something stands in the way; `Conflict` when
/// the id of a new thread is taken, or somebody began with the same key meanwhile.
async fn take(
    database: &Database,
    connection: &mut Connection,
    start: &Start<'_>,
) -> Result<Option<ThreadRow>, StoreError> {
    let (sql, user) = match start.new_thread {
        Some(thread) => (BEGIN_NEW, Some(thread.user.as_str())),
        None => (BEGIN, user(start.scope)),
    };
    let site = start.scope.site().as_str();
    let run = &start.run;
    let statement = database.query_as(sql).bind(&run.thread).bind(site).bind(user).bind(&run.id);
    let key = run.key.as_ref();
    let statement = with_items(statement, &start.first);
    let statement = with_change(statement, Columns::new(&start.first.change)?)
        .bind(run.started_at)
        .bind(run.lease)
        .bind(key.map(|key| &key.digest[..]))
        .bind(key.map(|key| &key.body[..]))
        .bind(key.map(|key| key.until));
    let statement = match start.new_thread {
        Some(thread) => statement.bind(millis(thread.created_at)),
        None => statement,
    };
    statement.fetch_optional(connection).await.map_err(store_error)
}

/// Looks at what stands in the way, with the thread locked, clears away what may be, and takes the lease.
/// `None` when somebody began with the same key meanwhile.
async fn clear_and_take(database: &Database, start: &Start<'_>) -> Result<Option<Begun>, StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    let lease = match start.new_thread {
        Some(_) => None,
        None => Some(lock(database, &mut transaction, start).await?),
    };
    if let Some(earlier) = earlier(database, &mut transaction, &start.run).await? {
        return Ok(Some(earlier));
    }
    let mut interrupted = None;
    if let Some(lease) = lease {
        if let Some(refusal) = lease.refusal()? {
            return Ok(Some(refusal));
        }
        if let Some(holder) = lease.run_id {
            let thread = &start.run.thread;
            let at = start.run.started_at;
            if let Some(busy) = close_expired(database, &mut transaction, thread, &holder, at).await? {
                return Ok(Some(busy));
            }
            interrupted = Some(run_id("threads.run_id", &holder)?);
        }
    }
    let Some(mut thread) = take(database, &mut transaction, start).await? else { return Ok(None) };
    if !start.rest.is_empty() {
        write_all(database, &mut transaction, &start.fence, &start.rest).await?;
        thread = read(database, &mut transaction, &start.run.thread).await?;
    }
    if let Some(brings) = start.attachments
        && !attachments::send(database, &mut transaction, start.scope, brings).await?
    {
        return Ok(Some(Begun::AttachmentSent));
    }
    transaction.commit().await.map_err(store_error)?;
    started(thread, interrupted).map(Some)
}

async fn lock(
    database: &Database,
    connection: &mut Connection,
    start: &Start<'_>,
) -> Result<LeaseRow, StoreError> {
    let row: Option<LeaseRow> = database
        .query_as(
            "SELECT run_id, active, status FROM chatkitd.threads
             WHERE id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3) FOR NO KEY UPDATE",
        )
        .bind(&start.run.thread)
        .bind(start.scope.site().as_str())
        .bind(user(start.scope))
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    row.ok_or(StoreError::NotFound)
}

/// What the request's key says, if it is known. One whose time is over is taken from its run.
async fn earlier(
    database: &Database,
    connection: &mut Connection,
    run: &NewRun,
) -> Result<Option<Begun>, StoreError> {
    let Some(key) = &run.key else { return Ok(None) };
    let row: Option<EarlierRow> = database
        .query_as("SELECT id, body_digest, key_until FROM chatkitd.runs WHERE key_digest = $1")
        .bind(&key.digest[..])
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    let answer = row.answer(key, run.started_at)?;
    if answer.is_none() {
        database
            .query(
                "UPDATE chatkitd.runs SET key_digest = NULL, body_digest = NULL, key_until = NULL
                 WHERE id = $1 AND key_digest = $2",
            )
            .bind(&row.id)
            .bind(&key.digest[..])
            .execute(connection)
            .await
            .map_err(store_error)?;
    }
    Ok(answer)
}

async fn read(database: &Database, connection: &mut Connection, id: &str) -> Result<ThreadRow, StoreError> {
    database
        .query_as(concat!("SELECT ", thread_columns!(), " FROM chatkitd.threads WHERE id = $1"))
        .bind(id)
        .fetch_one(connection)
        .await
        .map_err(store_error)
}
