use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::StoreError;
use jiff::Timestamp;

use super::Database;
use crate::error::store_error;
use crate::rows::{WindowRow, millis, window_end};

/// One statement, in which the row decides.
const COUNT: &str = "\
    INSERT INTO chatkitd.limiter_windows AS open (key, count, resets_at) VALUES ($1, 1, $2)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN open.resets_at <= $3 THEN 1 ELSE open.count + 1 END,
        resets_at = CASE WHEN open.resets_at <= $3 THEN excluded.resets_at ELSE open.resets_at END
    RETURNING count, resets_at";

pub(super) async fn take(
    database: &Database,
    key: &str,
    quota: Quota,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let window: WindowRow = database
        .query_as(COUNT)
        .bind(key)
        .bind(window_end(now, quota))
        .bind(millis(now))
        .fetch_one(database)
        .await
        .map_err(store_error)?;
    window.decision(quota)
}
