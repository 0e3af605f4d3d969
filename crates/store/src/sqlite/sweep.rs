use chatkitd_core::ports::StoreError;
use chatkitd_core::sessions::{MAX_SESSION_AGE, REFRESH_GRACE};
use jiff::Timestamp;

use super::writer::Writer;
use crate::error::store_error;
use crate::rows::{SWEEP_BATCH, before, millis};

/// Each takes what ended before $1, at most $2 rows of it.
const SEALED: &str = "\
    UPDATE secrets SET sealed = NULL WHERE hash IN (
        SELECT hash FROM secrets WHERE sealed IS NOT NULL AND overlap_until <= $1 LIMIT $2)";
const SECRETS: &str = "\
    DELETE FROM secrets WHERE hash IN (SELECT hash FROM secrets WHERE expires_at <= $1 LIMIT $2)";
const EXPIRED_SESSIONS: &str = "\
    DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";
const REVOKED_SESSIONS: &str = "\
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE revoked_at IS NOT NULL AND revoked_at < $1 LIMIT $2)";
const WINDOWS: &str = "\
    DELETE FROM limiter_windows WHERE key IN (
        SELECT key FROM limiter_windows WHERE resets_at <= $1 LIMIT $2)";

pub(super) async fn everything(writer: &Writer, now: Timestamp) -> Result<(), StoreError> {
    batches(writer, SEALED, millis(now)).await?;
    batches(writer, SECRETS, before(now, REFRESH_GRACE)).await?;
    batches(writer, EXPIRED_SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(writer, REVOKED_SESSIONS, before(now, MAX_SESSION_AGE)).await?;
    batches(writer, WINDOWS, millis(now)).await
}

/// Repeats `sql` until it finds less than a batch. Other writes get in between.
async fn batches(writer: &Writer, sql: &'static str, end: i64) -> Result<(), StoreError> {
    loop {
        let delete = sqlx::query(sql).bind(end).bind(SWEEP_BATCH);
        let done = writer
            .statement(Box::new(move |connection| {
                Box::pin(async move { delete.execute(connection).await.map_err(store_error) })
            }))
            .await?;
        if done.rows_affected() < SWEEP_BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}
