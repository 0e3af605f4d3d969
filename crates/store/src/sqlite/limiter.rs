use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::StoreError;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::query::first;
use crate::rows::{WindowRow, millis, window_end};

/// One statement, in which the row decides.
const COUNT: &str = "\
    INSERT INTO limiter_windows (key, count, resets_at) VALUES (?1, 1, ?2)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN resets_at <= ?3 THEN 1 ELSE count + 1 END,
        resets_at = CASE WHEN resets_at <= ?3 THEN excluded.resets_at ELSE resets_at END
    RETURNING count, resets_at";

pub(super) async fn take(
    database: &Database,
    key: &str,
    quota: Quota,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let key = key.to_owned();
    let count = move |connection: &Connection| -> QueryResult<WindowRow> {
        let window = first(connection, COUNT, params![key, window_end(now, quota), millis(now)])?;
        Ok(window.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
    };
    database.write(count).await?.decision(quota)
}
