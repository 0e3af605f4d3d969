//! Runs, and the leases that they hold on threads.

use chatkitd_core::id::{AttachmentId, RunId, ThreadId};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{
    Begun, Fence, ItemWrite, RunEnd, RunOutcome, RunRecord, RunStart, RunStatus, ThreadChange, ThreadRecord,
};
use futures_util::future::Either;
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::query::{Columns, FromColumns, execute, first};
use super::{attachments, items};
use crate::columns::{run_columns, thread_columns};
use crate::rows::{millis, record, user, whole_millis};
use crate::thread_rows::{IdempotencyRow, RunRow, ThreadRow, WriteRow, checkpoint_rows, run_id, write_rows};

/// Now, by the database's clock.
macro_rules! now {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}
pub(super) use now;

/// A [`RunStart`], ready for the writing thread.
struct Start {
    scope: Scope,
    run: RunId,
    thread: ThreadId,
    new_thread: Option<(ThreadRow, ThreadRecord)>,
    writes: Vec<WriteRow>,
    changes: Vec<ThreadChange>,
    attachments: Vec<AttachmentId>,
    message: Option<String>,
    idempotency: Option<IdempotencyRow>,
    now: i64,
    lease: i64,
}

pub(super) async fn begin(database: &Database, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError> {
    let new_thread = match &start.new_thread {
        Some(thread) if !scope.holds(&thread.site, &thread.user) => return Err(StoreError::NotFound),
        Some(thread) => Some((ThreadRow::try_from(thread)?, thread.clone())),
        None => None,
    };
    let start = Start {
        scope: scope.clone(),
        run: start.run.clone(),
        thread: start.thread.clone(),
        new_thread,
        writes: write_rows(&start.writes)?,
        changes: start.writes.iter().filter_map(ItemWrite::change).cloned().collect(),
        attachments: start.attachments.clone(),
        message: start.message().map(str::to_owned),
        idempotency: IdempotencyRow::new(scope, start),
        now: millis(start.now),
        lease: whole_millis(start.lease),
    };
    database.write(move |connection| start.run(connection)).await
}

impl Start {
    fn run(&self, connection: &Connection) -> QueryResult<Begun> {
        let target = match &self.new_thread {
            Some(new) => Either::Left(new),
            None => Either::Right(self.thread(connection)?),
        };
        if let Some(key) = &self.idempotency
            && let Some(begun) = key.look_up(connection, self.now)?
        {
            return Ok(begun);
        }
        let can_send = attachments::can_send(connection, &self.scope, &self.attachments)?;
        let (key, thread, interrupted) = match target {
            Either::Left(_) if !can_send => return Ok(Begun::AttachmentSent),
            Either::Left((row, thread)) => (self.insert_thread(connection, row)?, thread.clone(), None),
            Either::Right(row) => match self.take_lease(connection, row, can_send)? {
                Lease::Taken { key, thread, interrupted } => (key, *thread, interrupted),
                Lease::Refused(begun) => return Ok(begun),
            },
        };
        items::write(connection, key, &self.writes)?;
        attachments::send(connection, key, self.message.as_deref(), &self.attachments)?;
        self.insert_run(connection, key)?;
        Ok(Begun::Started { thread: Box::new(self.written(thread)), interrupted })
    }

    fn insert_run(&self, connection: &Connection, thread: i64) -> QueryResult<()> {
        if let Some(key) = &self.idempotency {
            key.take_over(connection)?;
        }
        let key = self.idempotency.as_ref();
        let sql = "INSERT INTO runs (id, thread, status, started_at, key_digest, body_digest, key_until)
                   VALUES (?1, ?2, 'running', ?3, ?4, ?5, ?6)";
        execute(
            connection,
            sql,
            params![
                self.run.as_str(),
                thread,
                self.now,
                key.map(|key| key.digest),
                key.map(|key| key.body),
                key.map(|key| key.until),
            ],
        )?;
        Ok(())
    }

    /// The thread as it is after the writes.
    fn written(&self, mut thread: ThreadRecord) -> ThreadRecord {
        self.changes.iter().for_each(|change| change.clone().apply(&mut thread));
        thread
    }

    fn insert_thread(&self, connection: &Connection, row: &ThreadRow) -> QueryResult<i64> {
        const INSERT: &str = concat!(
            "INSERT INTO threads (id, site, user_id, created_at, title, status, allowed_image_domains,
                 metadata, run_id, leased_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ",
            now!(),
            " + ?10)"
        );
        execute(
            connection,
            INSERT,
            params![
                row.id,
                row.site,
                row.user_id,
                row.created_at,
                row.title,
                row.status,
                row.allowed_image_domains,
                row.metadata,
                self.run.as_str(),
                self.lease,
            ],
        )?;
        Ok(connection.last_insert_rowid())
    }

    /// The thread to run on, with its lease.
    fn thread(&self, connection: &Connection) -> QueryResult<LeasedRow> {
        const THREAD: &str = concat!(
            "SELECT ",
            thread_columns!(),
            ", key, run_id, coalesce(leased_until > ",
            now!(),
            ", 0) FROM threads WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)"
        );
        let owner = params![self.thread.as_str(), self.scope.site().as_str(), user(&self.scope)];
        Ok(first(connection, THREAD, owner)?.ok_or(StoreError::NotFound)?)
    }

    fn take_lease(&self, connection: &Connection, row: LeasedRow, can_send: bool) -> QueryResult<Lease> {
        const TAKE: &str = concat!(
            "UPDATE threads SET run_id = ?2, leased_until = ",
            now!(),
            " + ?3, stop_requested = 0, checkpoint = NULL WHERE key = ?1"
        );
        let thread = ThreadRecord::try_from(row.thread)?;
        if !thread.status.is_active() {
            return Ok(Lease::Refused(Begun::NotActive(thread.status)));
        }
        let holder = row.run_id.map(|holder| run_id("threads.run_id", &holder)).transpose()?;
        if let Some(holder) = holder.clone().filter(|_| row.held) {
            return Ok(Lease::Refused(Begun::Busy(holder)));
        }
        if !can_send {
            return Ok(Lease::Refused(Begun::AttachmentSent));
        }
        if let Some(holder) = &holder {
            interrupt(connection, row.key, holder.as_str(), self.now)?;
        }
        execute(connection, TAKE, params![row.key, self.run.as_str(), self.lease])?;
        Ok(Lease::Taken { key: row.key, thread: Box::new(thread), interrupted: holder })
    }
}

enum Lease {
    Taken { key: i64, thread: Box<ThreadRecord>, interrupted: Option<RunId> },
    Refused(Begun),
}

/// A thread with its lease.
struct LeasedRow {
    thread: ThreadRow,
    key: i64,
    run_id: Option<String>,
    held: bool,
}

impl FromColumns for LeasedRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            thread: ThreadRow::from_columns(columns)?,
            key: columns.next()?,
            run_id: columns.next()?,
            held: columns.next()?,
        })
    }
}

/// Closes a run whose process is gone: what its last checkpoint kept is appended.
pub(super) fn interrupt(connection: &Connection, thread: i64, run: &str, now: i64) -> QueryResult<()> {
    let checkpoint: Option<(Option<String>,)> =
        first(connection, "SELECT checkpoint FROM threads WHERE key = ?1", [thread])?;
    if let Some((Some(checkpoint),)) = checkpoint {
        for item in checkpoint_rows(&checkpoint)? {
            items::append_missing(connection, thread, &item)?;
        }
    }
    close(connection, thread, run, RunStatus::Ended(RunOutcome::Interrupted), now)
}

/// Releases the lease and says how the run ended.
fn close(connection: &Connection, thread: i64, run: &str, status: RunStatus, now: i64) -> QueryResult<()> {
    let sql = "UPDATE threads SET run_id = NULL, leased_until = NULL, stop_requested = 0, checkpoint = NULL
               WHERE key = ?1";
    execute(connection, sql, [thread])?;
    let sql = "UPDATE runs SET status = ?2, ended_at = ?3 WHERE id = ?1";
    execute(connection, sql, params![run, status.as_str(), now])?;
    Ok(())
}

/// The key of the fence's thread; `Conflict` when the run does not hold the lease any more.
fn fenced(connection: &Connection, fence: &Fence) -> QueryResult<i64> {
    let sql = "SELECT key FROM threads
               WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3) AND run_id = ?4";
    let Fence { scope, thread, run } = fence;
    let owner = params![thread.as_str(), scope.site().as_str(), user(scope), run.as_str()];
    Ok(first::<(i64,)>(connection, sql, owner)?.ok_or(StoreError::Conflict)?.0)
}

pub(super) async fn write(
    database: &Database,
    fence: &Fence,
    writes: &[ItemWrite],
) -> Result<(), StoreError> {
    let (fence, writes) = (fence.clone(), write_rows(writes)?);
    let write = move |connection: &Connection| {
        let thread = fenced(connection, &fence)?;
        items::write(connection, thread, &writes)
    };
    database.write(write).await
}

pub(super) async fn end(database: &Database, fence: &Fence, end: &RunEnd) -> Result<(), StoreError> {
    let (fence, writes) = (fence.clone(), write_rows(&end.writes)?);
    let (status, now) = (RunStatus::Ended(end.outcome), millis(end.now));
    let end = move |connection: &Connection| {
        let thread = fenced(connection, &fence)?;
        items::write(connection, thread, &writes)?;
        close(connection, thread, fence.run.as_str(), status, now)
    };
    database.write(end).await
}

pub(super) async fn abandon(database: &Database, fence: &Fence) -> Result<(), StoreError> {
    let fence = fence.clone();
    let abandon = move |connection: &Connection| {
        let thread = fenced(connection, &fence)?;
        let sql = "UPDATE threads SET run_id = NULL, leased_until = NULL, stop_requested = 0 WHERE key = ?1";
        execute(connection, sql, [thread])?;
        execute(connection, "DELETE FROM runs WHERE id = ?1", [fence.run.as_str()])?;
        Ok(())
    };
    database.write(abandon).await
}

pub(super) async fn one(
    database: &Database,
    scope: &Scope,
    id: &RunId,
) -> Result<Option<RunRecord>, StoreError> {
    const ONE: &str = concat!(
        "SELECT ",
        run_columns!(),
        " FROM runs JOIN threads ON threads.key = runs.thread
         WHERE runs.id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)"
    );
    let row: Option<RunRow> = database
        .read(|connection| {
            Ok(first(connection, ONE, params![id.as_str(), scope.site().as_str(), user(scope)])?)
        })
        .await?;
    record(row)
}

pub(super) async fn live(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
) -> Result<Option<RunRecord>, StoreError> {
    const LIVE: &str = concat!(
        "SELECT ",
        run_columns!(),
        " FROM threads JOIN runs ON runs.id = threads.run_id
         WHERE threads.id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3) AND leased_until > ",
        now!()
    );
    let row: Option<RunRow> = database
        .read(|connection| {
            Ok(first(connection, LIVE, params![thread.as_str(), scope.site().as_str(), user(scope)])?)
        })
        .await?;
    record(row)
}

pub(super) async fn request_stop(database: &Database, scope: &Scope, id: &RunId) -> Result<(), StoreError> {
    let (scope, id) = (scope.clone(), id.as_str().to_owned());
    let request = move |connection: &Connection| {
        let sql = "SELECT key FROM threads JOIN runs ON runs.thread = threads.key
                   WHERE runs.id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)";
        let found: Option<(i64,)> = first(connection, sql, params![id, scope.site().as_str(), user(&scope)])?;
        let (thread,) = found.ok_or(StoreError::NotFound)?;
        let sql = "UPDATE threads SET stop_requested = 1 WHERE key = ?1 AND run_id = ?2";
        execute(connection, sql, params![thread, id])?;
        Ok(())
    };
    database.write(request).await
}
