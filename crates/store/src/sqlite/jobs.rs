use std::time::Duration;

use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{CancelJob, LEASE_DOUBLINGS};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::query::{all, execute};
use crate::rows::{JobRow, millis, records, whole_millis};

/// Notes that an upstream session is to be cancelled. A job that waits for a later time is brought
/// forward; one that somebody took keeps its lease.
pub(super) fn add(
    connection: &Connection,
    site: &str,
    upstream_session: &str,
    due_at: i64,
) -> QueryResult<()> {
    execute(
        connection,
        "INSERT INTO cancel_jobs (site, upstream_session, due_at, attempts) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (site, upstream_session) DO UPDATE
             SET due_at = min(due_at, excluded.due_at) WHERE attempts = 0",
        params![site, upstream_session, due_at],
    )?;
    Ok(())
}

pub(super) async fn note(
    database: &Database,
    scope: &Scope,
    upstream_session: &str,
    due: Timestamp,
) -> Result<(), StoreError> {
    let (site, upstream_session) = (scope.site().as_str().to_owned(), upstream_session.to_owned());
    let note = move |connection: &Connection| add(connection, &site, &upstream_session, millis(due));
    database.write(note).await
}

/// Jobs for secrets that were just revoked: (upstream session, end). One that ended by itself needs none.
pub(super) fn add_for_revoked(
    connection: &Connection,
    site: &str,
    revoked: Vec<(Option<String>, i64)>,
    at: i64,
) -> QueryResult<()> {
    for (upstream_session, expires_at) in revoked {
        match upstream_session {
            Some(upstream_session) if expires_at > at => add(connection, site, &upstream_session, at)?,
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
    let take = move |connection: &Connection| -> QueryResult<Vec<JobRow>> {
        let sql = "
            UPDATE cancel_jobs SET due_at = ?1 + (?2 << min(attempts, ?4)), attempts = attempts + 1
            WHERE (site, upstream_session) IN (
                SELECT site, upstream_session FROM cancel_jobs WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3)
            RETURNING site, upstream_session, attempts";
        Ok(all(connection, sql, params![millis(now), whole_millis(lease), limit, LEASE_DOUBLINGS])?)
    };
    records(database.write(take).await?)
}

pub(super) async fn finish(database: &Database, job: &CancelJob) -> Result<(), StoreError> {
    let job = job.clone();
    let delete = move |connection: &Connection| {
        let sql = "DELETE FROM cancel_jobs WHERE site = ?1 AND upstream_session = ?2";
        execute(connection, sql, params![job.site.as_str(), job.upstream_session])?;
        Ok(())
    };
    database.write(delete).await
}
