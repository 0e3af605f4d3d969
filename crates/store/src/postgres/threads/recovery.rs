//! Closing runs that do not renew their leases any more.

use chatkitd_core::ports::StoreError;
use chatkitd_core::threads::{Begun, StrandedRun, Which};
use jiff::Timestamp;

use super::batch::Puts;
use super::clock;
use crate::error::store_error;
use crate::postgres::{Connection, Database};
use crate::rows::millis;
use crate::thread_rows::{checkpoint_rows, not_closed, run_id, stranded_run};

/// Closes the run that holds the lease of a thread which is locked, if the lease ran out; else says that
/// the thread is busy.
pub(super) async fn close_expired(
    database: &Database,
    connection: &mut Connection,
    thread: &str,
    run: &str,
    at: i64,
) -> Result<Option<Begun>, StoreError> {
    let lease = lock_lease(database, connection, run).await?;
    if lease.as_ref().is_some_and(|lease| !lease.is_over) {
        return Ok(Some(Begun::Busy(run_id("runs.id", run)?)));
    }
    // A lease without its run's row is one that nobody can renew.
    let checkpoint = lease.and_then(|lease| lease.checkpoint);
    close(database, connection, thread, run, checkpoint.as_deref(), at).await?;
    Ok(None)
}

#[derive(sqlx::FromRow)]
struct Lease {
    is_over: bool,
    checkpoint: Option<String>,
}

async fn lock_lease(
    database: &Database,
    connection: &mut Connection,
    run: &str,
) -> Result<Option<Lease>, StoreError> {
    database
        .query_as(concat!(
            "SELECT lease_until <= ",
            clock!(),
            " AS is_over, checkpoint FROM chatkitd.runs WHERE id = $1 FOR NO KEY UPDATE"
        ))
        .bind(run)
        .fetch_optional(connection)
        .await
        .map_err(store_error)
}

/// Appends what the run left and releases its lease. An item that is there already was finished after the
/// checkpoint.
async fn close(
    database: &Database,
    connection: &mut Connection,
    thread: &str,
    run: &str,
    checkpoint: Option<&str>,
    at: i64,
) -> Result<(), StoreError> {
    let mut left = Puts::default();
    if let Some(checkpoint) = checkpoint {
        checkpoint_rows(checkpoint)?.into_iter().for_each(|row| left.push(row));
    }
    database
        .query(
            "WITH thread AS (
                 UPDATE chatkitd.threads SET run_id = NULL, last_position = last_position + cardinality($4::text[])
                 WHERE id = $1 AND run_id = $2
                 RETURNING id, last_position),
             closed AS (
                 UPDATE chatkitd.runs SET status = 'interrupted', ended_at = $3, checkpoint = NULL
                 FROM thread WHERE runs.id = $2)
             INSERT INTO chatkitd.items (thread_id, position, id, hidden, body)
             SELECT thread.id, thread.last_position - cardinality($4::text[]) + part.place,
                 part.id, part.hidden, part.body
             FROM thread, unnest($4::text[], $5::boolean[], $6::text[]) WITH ORDINALITY
                 AS part (id, hidden, body, place)
             ON CONFLICT (thread_id, id) DO NOTHING",
        )
        .bind(thread)
        .bind(run)
        .bind(at)
        .bind(left.ids)
        .bind(left.hidden)
        .bind(left.bodies)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn interrupt(
    database: &Database,
    which: Which,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<StrandedRun>, StoreError> {
    let found: Vec<(String, String)> = database
        .query_as(concat!(
            "SELECT id, thread_id FROM chatkitd.runs WHERE status = 'running' AND ($1 OR lease_until <= ",
            clock!(),
            ") LIMIT $2"
        ))
        .bind(which == Which::All)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    let mut stranded = Vec::new();
    for (run, thread) in found {
        match interrupt_one(database, which, &run, &thread, now).await {
            Ok(closed) => stranded.extend(closed),
            Err(error @ StoreError::Unavailable(_)) if stranded.is_empty() => return Err(error),
            // The others are left for the next time.
            Err(StoreError::Unavailable(_)) => break,
            Err(error) => not_closed(&run, &error),
        }
    }
    Ok(stranded)
}

/// One transaction for each: none holds two threads, so that none waits for another in a circle. `None`
/// when the run was closed or renewed since it was found.
async fn interrupt_one(
    database: &Database,
    which: Which,
    run: &str,
    thread: &str,
    now: Timestamp,
) -> Result<Option<StrandedRun>, StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    let owner: Option<(String, String)> = database
        .query_as(
            "SELECT site, user_id FROM chatkitd.threads WHERE id = $1 AND run_id = $2 FOR NO KEY UPDATE",
        )
        .bind(thread)
        .bind(run)
        .fetch_optional(&mut transaction)
        .await
        .map_err(store_error)?;
    let Some((site, user)) = owner else { return Ok(None) };
    let lease = lock_lease(database, &mut transaction, run).await?;
    let Some(lease) = lease.filter(|lease| lease.is_over || which == Which::All) else { return Ok(None) };
    close(database, &mut transaction, thread, run, lease.checkpoint.as_deref(), millis(now)).await?;
    let stranded = stranded_run(run, &site, user, thread)?;
    transaction.commit().await.map_err(store_error)?;
    Ok(Some(stranded))
}
