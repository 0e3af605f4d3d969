//! Forgetting what is over.
//!
//! Sessions and secrets are walked along in the order in which they were made, from the oldest: what is
//! younger than the end that is looked for cannot have reached it. So a sweep reads little more than what
//! it deletes and those old ones that still live, and no write has to keep an index of ends.

use chatkitd_core::ports::StoreError;
use chatkitd_core::sessions::{AUDIT_KEPT, CANCEL_JOBS_KEPT, MAX_SESSION_AGE, REFRESH_GRACE};
use chatkitd_core::threads::{DELETED_THREADS_KEPT, ENDED_RUNS_KEPT};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::query::{Columns, FromColumns, all, execute};
use crate::rows::{SWEEP_BATCH, before, millis};

/// Each takes what ended before ?1, at most ?2 rows of it.
const SEALED: &str = "\
    UPDATE secrets SET sealed = NULL WHERE number IN (
        SELECT number FROM secrets WHERE sealed IS NOT NULL AND overlap_until <= ?1 LIMIT ?2)";
const WINDOWS: &str = "\
    DELETE FROM limiter_windows WHERE key IN (
        SELECT key FROM limiter_windows WHERE resets_at <= ?1 LIMIT ?2)";
const CANCEL_JOBS: &str = "\
    DELETE FROM cancel_jobs WHERE (site, upstream_session) IN (
        SELECT site, upstream_session FROM cancel_jobs WHERE due_at < ?1 LIMIT ?2)";

const KEYS: &str = "\
    UPDATE runs SET key_digest = NULL, body_digest = NULL, key_until = NULL WHERE id IN (
        SELECT id FROM runs WHERE key_until <= ?1 LIMIT ?2)";
/// Ids begin with the time at which a run began, so the old ones come first.
const RUNS: &str = "\
    DELETE FROM runs WHERE id IN (
        SELECT id FROM runs
        WHERE id < printf('run_%012x', ?1) AND ended_at < ?1 AND key_digest IS NULL
        ORDER BY id LIMIT ?2)";
const DELETED_THREADS: &str = "\
    DELETE FROM deleted_threads WHERE id IN (
        SELECT id FROM deleted_threads WHERE deleted_at < ?1 LIMIT ?2)";
/// Entries are looked at in the order in which they were written: no index of times over all sites is needed.
const AUDIT: &str = "\
    DELETE FROM audit_log WHERE id IN (
        SELECT id FROM (SELECT id, at FROM audit_log ORDER BY id LIMIT ?2) WHERE at < ?1)";

/// How a table is walked along: ?1 is the end that is looked for, rows are (number, made, over).
struct Walk {
    /// The next ?3 rows after number ?2.
    stretch: &'static str,
    /// Deletes what is over from number ?2 to ?3.
    delete: &'static str,
}

const SECRETS: Walk = Walk {
    stretch: "SELECT number, issued_at, expires_at <= ?1 FROM secrets
              WHERE number > ?2 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM secrets WHERE number BETWEEN ?2 AND ?3 AND expires_at <= ?1",
};
const SESSIONS: Walk = Walk {
    stretch: "SELECT number, created_at, expires_at < ?1 OR coalesce(revoked_at < ?1, FALSE) FROM sessions
              WHERE number > ?2 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM sessions WHERE number BETWEEN ?2 AND ?3 AND (expires_at < ?1 OR revoked_at < ?1)",
};

struct Step {
    number: i64,
    made_at: i64,
    is_over: bool,
}

impl FromColumns for Step {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self { number: columns.next()?, made_at: columns.next()?, is_over: columns.next()? })
    }
}

pub(super) async fn everything(database: &Database, now: Timestamp) -> Result<(), StoreError> {
    batches(database, SEALED, millis(now)).await?;
    walk(database, &SECRETS, before(now, REFRESH_GRACE)).await?;
    walk(database, &SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(database, WINDOWS, millis(now)).await?;
    batches(database, CANCEL_JOBS, before(now, CANCEL_JOBS_KEPT)).await?;
    batches(database, KEYS, millis(now)).await?;
    batches(database, RUNS, before(now, ENDED_RUNS_KEPT)).await?;
    batches(database, DELETED_THREADS, before(now, DELETED_THREADS_KEPT)).await?;
    batches(database, AUDIT, before(now, AUDIT_KEPT)).await
}

/// Repeats `sql` until it finds less than a batch. Other writes get in between.
async fn batches(database: &Database, sql: &'static str, end: i64) -> Result<(), StoreError> {
    loop {
        let forget = move |connection: &Connection| Ok(execute(connection, sql, params![end, SWEEP_BATCH])?);
        if database.write(forget).await? < SWEEP_BATCH as usize {
            return Ok(());
        }
    }
}

/// Deletes what was over at `end`, a stretch at a time.
async fn walk(database: &Database, walk: &'static Walk, end: i64) -> Result<(), StoreError> {
    let mut last = i64::MIN;
    loop {
        let after = last;
        let stretch: Vec<Step> = database
            .read(|connection| Ok(all(connection, walk.stretch, params![end, after, SWEEP_BATCH])?))
            .await?;
        // All of them: a clock that was wrong once must not end every walk.
        if stretch.iter().all(|step| step.made_at > end) {
            return Ok(());
        }
        last = stretch.last().map_or(i64::MAX, |step| step.number);
        if stretch.iter().any(|step| step.is_over) {
            let delete = move |connection: &Connection| {
                execute(connection, walk.delete, params![end, after, last])?;
                Ok(())
            };
            database.write(delete).await?;
        }
        tokio::task::yield_now().await;
    }
}
