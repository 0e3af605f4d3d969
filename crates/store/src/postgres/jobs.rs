use std::time::Duration;

use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{CancelJob, LEASE_DOUBLINGS};
use jiff::Timestamp;

use super::{Connection, Database};
use crate::error::store_error;
use crate::rows::{JobRow, millis, records, whole_millis};

/// Notes that an upstream session is to be cancelled. A job that waits for a later time is brought
/// forward; one that somebody took keeps its lease.
pub(super) async fn add(
    database: &Database,
    connection: &mut Connection,
    scope: &Scope,
    upstream_session: &str,
    due_at: i64,
) -> Result<(), StoreError> {
    database
        .query(
            "INSERT INTO chatkitd.cancel_jobs AS job (site, upstream_session, due_at, attempts)
             VALUES ($1, $2, $3, 0)
             ON CONFLICT (site, upstream_session) DO UPDATE
                 SET due_at = least(job.due_at, excluded.due_at) WHERE job.attempts = 0",
        )
        .bind(scope.site().as_str())
        .bind(upstream_session)
        .bind(due_at)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn note(
    database: &Database,
    scope: &Scope,
    upstream_session: &str,
    due: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await.map_err(store_error)?;
    add(database, &mut connection, scope, upstream_session, millis(due)).await?;
    connection.commit().await.map_err(store_error)
}

/// Jobs for secrets that were just revoked: (upstream session, end). One that ended by itself needs none.
pub(super) async fn add_for_revoked(
    database: &Database,
    connection: &mut Connection,
    scope: &Scope,
    revoked: Vec<(Option<String>, i64)>,
    at: i64,
) -> Result<(), StoreError> {
    for (upstream_session, expires_at) in revoked {
        match upstream_session {
            Some(upstream) if expires_at > at => add(database, connection, scope, &upstream, at).await?,
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn take(
    database: &Database,
    now: Timestamp,
    lease: Duration,
    limit: u32,
) -> Result<Vec<CancelJob>, StoreError> {
    // SKIP LOCKED: what another node is taking at this moment is not waited for.
    let rows: Vec<JobRow> = database
        .query_as(
            "WITH due AS (
                 SELECT site, upstream_session FROM chatkitd.cancel_jobs
                 WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
             UPDATE chatkitd.cancel_jobs AS job SET due_at = $1 + ($2 << least(job.attempts, $4)::int),
                 attempts = job.attempts + 1
             FROM due WHERE job.site = due.site AND job.upstream_session = due.upstream_session
             RETURNING job.site, job.upstream_session, job.attempts",
        )
        .bind(millis(now))
        .bind(whole_millis(lease))
        .bind(i64::from(limit))
        .bind(i64::from(LEASE_DOUBLINGS))
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    records(rows)
}

pub(super) async fn finish(database: &Database, job: &CancelJob) -> Result<(), StoreError> {
    database
        .query("DELETE FROM chatkitd.cancel_jobs WHERE site = $1 AND upstream_session = $2")
        .bind(job.site.as_str())
        .bind(&job.upstream_session)
        .execute(database)
        .await
        .map_err(store_error)?;
    Ok(())
}
