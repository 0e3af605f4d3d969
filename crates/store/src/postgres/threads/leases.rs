//! Leases, and the runs that hold them.

use std::collections::HashMap;
use std::time::Duration;

use chatkitd_core::id::{RunId, ThreadId};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{Renewal, Renewed, RunRecord};

use super::clock;
use crate::columns::run_columns;
use crate::error::store_error;
use crate::postgres::Database;
use crate::rows::{record, user, whole_millis};
use crate::thread_rows::{RunRow, checkpoint_text};

pub(super) async fn run(
    database: &Database,
    scope: &Scope,
    id: &RunId,
) -> Result<Option<RunRecord>, StoreError> {
    let row: Option<RunRow> = database
        .query_as(concat!(
            "SELECT ",
            run_columns!(),
            " FROM chatkitd.runs JOIN chatkitd.threads ON threads.id = runs.thread_id
             WHERE runs.id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)"
        ))
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)
}

pub(super) async fn live_run(
    database: &Database,
    scope: &Scope,
    thread: &ThreadId,
) -> Result<Option<RunRecord>, StoreError> {
    let row: Option<RunRow> = database
        .query_as(concat!(
            "SELECT ",
            run_columns!(),
            " FROM chatkitd.threads JOIN chatkitd.runs ON runs.id = threads.run_id
             WHERE threads.id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3) AND lease_until > ",
            clock!()
        ))
        .bind(thread.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)
}

pub(super) async fn request_stop(database: &Database, scope: &Scope, id: &RunId) -> Result<(), StoreError> {
    let asked = database
        .query(
            "UPDATE chatkitd.runs SET stop_requested = TRUE FROM chatkitd.threads
             WHERE runs.id = $1 AND threads.id = runs.thread_id
                 AND site = $2 AND ($3::text IS NULL OR user_id = $3)",
        )
        .bind(id.as_str())
        .bind(scope.site().as_str())
        .bind(user(scope))
        .execute(database)
        .await
        .map_err(store_error)?;
    if asked.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// How many leases one statement renews: their checkpoints travel with it.
const BATCH: usize = 500;

/// $1 runs, $2 their checkpoints (NULL: as it is), $3 the length of the lease. The rows are locked in one
/// order, so that two such statements cannot wait for each other.
const RENEW: &str = concat!(
    "WITH held AS (
         SELECT runs.id, given.checkpoint
         FROM chatkitd.runs JOIN unnest($1::text[], $2::text[]) AS given (id, checkpoint)
             ON runs.id = given.id
         WHERE status = 'running' ORDER BY runs.id FOR NO KEY UPDATE OF runs)
     UPDATE chatkitd.runs SET lease_until = ",
    clock!(),
    " + $3, checkpoint = COALESCE(held.checkpoint, runs.checkpoint)
     FROM held WHERE runs.id = held.id
     RETURNING runs.id, stop_requested"
);

pub(super) async fn renew(
    database: &Database,
    renewals: &[Renewal],
    lease: Duration,
) -> Result<Vec<Renewed>, StoreError> {
    let mut answers = Vec::with_capacity(renewals.len());
    for batch in renewals.chunks(BATCH) {
        let ids: Vec<&str> = batch.iter().map(|renewal| renewal.run.as_str()).collect();
        let checkpoints: Vec<Option<String>> = batch
            .iter()
            .map(|renewal| renewal.checkpoint.as_deref().map(checkpoint_text).transpose())
            .collect::<Result<_, _>>()?;
        let held: Vec<(String, bool)> = database
            .query_as(RENEW)
            .bind(&ids)
            .bind(&checkpoints)
            .bind(whole_millis(lease))
            .fetch_all(database)
            .await
            .map_err(store_error)?;
        let held: HashMap<String, bool> = held.into_iter().collect();
        answers.extend(ids.iter().map(|id| renewed(held.get(*id))));
    }
    Ok(answers)
}

/// Whether a stop was asked for, of a run that is held.
fn renewed(stop_requested: Option<&bool>) -> Renewed {
    match stop_requested {
        Some(false) => Renewed::Held,
        Some(true) => Renewed::StopRequested,
        None => Renewed::Lost,
    }
}
