use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::StoreError;
use jiff::Timestamp;

use super::writer::Writer;
use crate::error::store_error;
use crate::rows::{WindowRow, millis, window_end};

/// One statement, in which the row decides.
const COUNT: &str = "\
    INSERT INTO limiter_windows (key, count, resets_at) VALUES ($1, 1, $2)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN resets_at <= $3 THEN 1 ELSE count + 1 END,
        resets_at = CASE WHEN resets_at <= $3 THEN excluded.resets_at ELSE resets_at END
    RETURNING count, resets_at";

pub(super) async fn take(
    writer: &Writer,
    key: &str,
    quota: Quota,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let count = sqlx::query_as(COUNT).bind(key.to_owned()).bind(window_end(now, quota)).bind(millis(now));
    let window: WindowRow = writer
        .statement(Box::new(move |connection| {
            Box::pin(async move { count.fetch_one(connection).await.map_err(store_error) })
        }))
        .await?;
    window.decision(quota)
}
