use chatkitd_core::ports::StoreError;
use chatkitd_core::sessions::{AUDIT_KEPT, CANCEL_JOBS_KEPT, MAX_SESSION_AGE, REFRESH_GRACE};
use chatkitd_core::threads::{DELETED_THREADS_KEPT, ENDED_RUNS_KEPT};
use jiff::Timestamp;

use super::Database;
use crate::error::store_error;
use crate::rows::{SWEEP_BATCH, before, millis};

/// Each takes what ended before $1, at most $2 rows of it. SKIP LOCKED: a row that is in use stays until
/// the next sweep, so that a sweep never waits while it holds other rows.
const SEALED: &str = "\
    UPDATE chatkitd.secrets SET sealed = NULL WHERE hash IN (
        SELECT hash FROM chatkitd.secrets WHERE sealed IS NOT NULL AND overlap_until <= $1
        LIMIT $2 FOR UPDATE SKIP LOCKED)";
const SECRETS: &str = "\
    DELETE FROM chatkitd.secrets WHERE hash IN (
        SELECT hash FROM chatkitd.secrets WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const EXPIRED_SESSIONS: &str = "\
    DELETE FROM chatkitd.sessions WHERE id IN (
        SELECT id FROM chatkitd.sessions WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const REVOKED_SESSIONS: &str = "\
    DELETE FROM chatkitd.sessions WHERE id IN (
        SELECT id FROM chatkitd.sessions WHERE revoked_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const WINDOWS: &str = "\
    DELETE FROM chatkitd.limiter_windows WHERE key IN (
        SELECT key FROM chatkitd.limiter_windows WHERE resets_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const CANCEL_JOBS: &str = "\
    DELETE FROM chatkitd.cancel_jobs WHERE (site, upstream_session) IN (
        SELECT site, upstream_session FROM chatkitd.cancel_jobs WHERE due_at < $1
        LIMIT $2 FOR UPDATE SKIP LOCKED)";
/// The runs stay: those that go on, and those that ended not long ago.
const KEYS: &str = "\
    UPDATE chatkitd.runs SET key_digest = NULL, body_digest = NULL, key_until = NULL WHERE id IN (
        SELECT id FROM chatkitd.runs WHERE key_until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
/// Ids begin with the time at which a run began, so the old ones come first: no index of ends is needed.
const RUNS: &str = "\
    DELETE FROM chatkitd.runs WHERE id IN (
        SELECT id FROM chatkitd.runs
        WHERE id < 'run_' || lpad(to_hex($1), 12, '0') AND ended_at < $1 AND key_until IS NULL
        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)";
const DELETED_THREADS: &str = "\
    DELETE FROM chatkitd.deleted_threads WHERE id IN (
        SELECT id FROM chatkitd.deleted_threads WHERE deleted_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
/// Entries are looked at in the order in which they were written: no index of times over all sites is needed.
const AUDIT: &str = "\
    DELETE FROM chatkitd.audit_log WHERE id IN (
        SELECT id FROM chatkitd.audit_log
        WHERE at < $1 AND id IN (SELECT id FROM chatkitd.audit_log ORDER BY id LIMIT $2)
        FOR UPDATE SKIP LOCKED)";

pub(super) async fn everything(database: &Database, now: Timestamp) -> Result<(), StoreError> {
    batches(database, SEALED, millis(now)).await?;
    batches(database, SECRETS, before(now, REFRESH_GRACE)).await?;
    batches(database, EXPIRED_SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(database, REVOKED_SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(database, WINDOWS, millis(now)).await?;
    batches(database, CANCEL_JOBS, before(now, CANCEL_JOBS_KEPT)).await?;
    batches(database, KEYS, millis(now)).await?;
    batches(database, RUNS, before(now, ENDED_RUNS_KEPT)).await?;
    batches(database, DELETED_THREADS, before(now, DELETED_THREADS_KEPT)).await?;
    batches(database, AUDIT, before(now, AUDIT_KEPT)).await
}

/// Repeats `sql` until it finds less than a batch.
async fn batches(database: &Database, sql: &'static str, end: i64) -> Result<(), StoreError> {
    loop {
        let delete = database.query(sql).bind(end).bind(i64::from(SWEEP_BATCH));
        let done = delete.execute(database).await.map_err(store_error)?;
        if done.rows_affected() < u64::from(SWEEP_BATCH) {
            return Ok(());
        }
    }
}
