use chatkitd_core::ports::StoreError;
use chatkitd_core::sessions::{MAX_SESSION_AGE, REFRESH_GRACE};
use chatkitd_core::threads::RUN_KEPT;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::query::execute;
use crate::rows::{SWEEP_BATCH, before, millis};

/// Each takes what ended before ?1, at most ?2 rows of it.
const SEALED: &str = "\
    UPDATE secrets SET sealed = NULL WHERE hash IN (
        SELECT hash FROM secrets WHERE sealed IS NOT NULL AND overlap_until <= ?1 LIMIT ?2)";
const SECRETS: &str = "\
    DELETE FROM secrets WHERE hash IN (SELECT hash FROM secrets WHERE expires_at <= ?1 LIMIT ?2)";
const EXPIRED_SESSIONS: &str = "\
    DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ?1 LIMIT ?2)";
const REVOKED_SESSIONS: &str = "\
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE revoked_at IS NOT NULL AND revoked_at < ?1 LIMIT ?2)";
const WINDOWS: &str = "\
    DELETE FROM limiter_windows WHERE key IN (
        SELECT key FROM limiter_windows WHERE resets_at <= ?1 LIMIT ?2)";

const KEYS: &str = "\
    DELETE FROM idempotency_keys WHERE run_id IN (
        SELECT run_id FROM idempotency_keys WHERE kept_until <= ?1 LIMIT ?2) AND kept_until <= ?1";
/// Ids begin with the time at which a run began, so the old ones come first.
const RUNS: &str = "\
    DELETE FROM runs WHERE id IN (
        SELECT id FROM runs
        WHERE id < printf('run_%012x', ?1) AND ended_at <= ?1
          AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE run_id = runs.id)
        ORDER BY id LIMIT ?2)";

pub(super) async fn everything(database: &Database, now: Timestamp) -> Result<(), StoreError> {
    batches(database, SEALED, millis(now)).await?;
    batches(database, SECRETS, before(now, REFRESH_GRACE)).await?;
    batches(database, EXPIRED_SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(database, REVOKED_SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(database, WINDOWS, millis(now)).await?;
    batches(database, KEYS, millis(now)).await?;
    batches(database, RUNS, before(now, RUN_KEPT)).await
}

/// Repeats `sql` until it finds less than a batch. Other writes get in between.
async fn batches(database: &Database, sql: &'static str, end: i64) -> Result<(), StoreError> {
    loop {
        let delete = move |connection: &Connection| Ok(execute(connection, sql, params![end, SWEEP_BATCH])?);
        if database.write(delete).await? < SWEEP_BATCH as usize {
            return Ok(());
        }
    }
}
