use chatkitd_core::ports::StoreError;
use chatkitd_core::sessions::CancelJob;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::writer::Writer;
use crate::error::store_error;
use crate::rows::{JobRow, millis, records};

/// Notes that an upstream session is to be cancelled. A job that waits for a later time is brought
/// forward; one that somebody took keeps its lease.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    site: &str,
    upstream_session: &str,
    due_at: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO cancel_jobs (site, upstream_session, due_at, attempts) VALUES ($1, $2, $3, 0)
         ON CONFLICT (site, upstream_session) DO UPDATE
             SET due_at = min(due_at, excluded.due_at) WHERE attempts = 0",
    )
    .bind(site)
    .bind(upstream_session)
    .bind(due_at)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Jobs for secrets that were just revoked: (upstream session, end). One that ended by itself needs none.
pub(super) async fn add_for_revoked(
    connection: &mut SqliteConnection,
    site: &str,
    revoked: Vec<(Option<String>, i64)>,
    at: i64,
) -> Result<(), StoreError> {
    for (upstream_session, expires_at) in revoked {
        match upstream_session {
            Some(upstream_session) if expires_at > at => add(connection, site, &upstream_session, at).await?,
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn take(
    writer: &Writer,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<CancelJob>, StoreError> {
    let take = sqlx::query_as(
        "UPDATE cancel_jobs SET due_at = $2, attempts = attempts + 1
         WHERE (site, upstream_session) IN (
             SELECT site, upstream_session FROM cancel_jobs WHERE due_at <= $1 ORDER BY due_at LIMIT $3)
         RETURNING site, upstream_session, attempts",
    )
    .bind(millis(now))
    .bind(millis(until))
    .bind(i64::from(limit));
    let rows: Vec<JobRow> = writer
        .statement(Box::new(move |connection| {
            Box::pin(async move { take.fetch_all(connection).await.map_err(store_error) })
        }))
        .await?;
    records(rows)
}

pub(super) async fn finish(writer: &Writer, job: &CancelJob) -> Result<(), StoreError> {
    let delete = sqlx::query("DELETE FROM cancel_jobs WHERE site = $1 AND upstream_session = $2")
        .bind(job.site.as_str().to_owned())
        .bind(job.upstream_session.clone());
    writer
        .statement(Box::new(move |connection| {
            Box::pin(async move {
                delete.execute(connection).await.map_err(store_error)?;
                Ok(())
            })
        }))
        .await
}
