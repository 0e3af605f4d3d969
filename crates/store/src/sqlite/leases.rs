//! Keeps leases, and closes runs whose process is gone.

use std::time::Duration;

use chatkitd_core::ports::StoreError;
use chatkitd_core::threads::{Renewal, Renewed, StrandedRun, Which};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::{Error, QueryResult};
use super::query::{Columns, FromColumns, all, first};
use super::runs::{self, now};
use crate::rows::{millis, whole_millis};
use crate::thread_rows::{checkpoint_text, not_closed, stranded_run};

/// How many leases are renewed in one operation: others get in between.
const AT_ONCE: usize = 500;

/// A [`Renewal`], ready for the writing thread.
struct RenewalRow {
    run: String,
    checkpoint: Option<String>,
}

impl TryFrom<&Renewal> for RenewalRow {
    type Error = StoreError;

    fn try_from(renewal: &Renewal) -> Result<Self, StoreError> {
        let checkpoint = renewal.checkpoint.as_deref().map(checkpoint_text).transpose()?;
        Ok(Self { run: renewal.run.as_str().to_owned(), checkpoint })
    }
}

pub(super) async fn renew(
    database: &Database,
    runs: &[Renewal],
    lease: Duration,
) -> Result<Vec<Renewed>, StoreError> {
    let mut answers = Vec::with_capacity(runs.len());
    for batch in runs.chunks(AT_ONCE) {
        let rows = batch.iter().map(RenewalRow::try_from).collect::<Result<Vec<_>, _>>()?;
        let lease = whole_millis(lease);
        let renew = move |connection: &Connection| {
            rows.iter().map(|row| renew_one(connection, row, lease)).collect::<QueryResult<Vec<_>>>()
        };
        answers.extend(database.write(renew).await?);
    }
    Ok(answers)
}

fn renew_one(connection: &Connection, row: &RenewalRow, lease: i64) -> QueryResult<Renewed> {
    const RENEW: &str = concat!(
        "UPDATE threads SET leased_until = ",
        now!(),
        " + ?2, checkpoint = coalesce(?3, checkpoint)
         WHERE key = (SELECT thread FROM runs WHERE id = ?1) AND run_id = ?1
         RETURNING stop_requested"
    );
    Ok(match first::<(bool,)>(connection, RENEW, params![row.run, lease, row.checkpoint])? {
        None => Renewed::Lost,
        Some((true,)) => Renewed::StopRequested,
        Some((false,)) => Renewed::Held,
    })
}

struct StrandedRow {
    key: i64,
    thread: String,
    site: String,
    user: String,
    run: String,
}

impl FromColumns for StrandedRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: columns.next()?,
            thread: columns.next()?,
            site: columns.next()?,
            user: columns.next()?,
            run: columns.next()?,
        })
    }
}

impl StrandedRow {
    fn close(&self, connection: &Connection, now: i64) -> QueryResult<StrandedRun> {
        let stranded = stranded_run(&self.run, &self.site, self.user.clone(), &self.thread)?;
        runs::interrupt(connection, self.key, &self.run, now)?;
        Ok(stranded)
    }
}

pub(super) async fn interrupt(
    database: &Database,
    which: Which,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<StrandedRun>, StoreError> {
    const STRANDED: &str = concat!(
        "SELECT key, id, site, user_id, run_id FROM threads INDEXED BY threads_leased
         WHERE run_id IS NOT NULL AND (?1 OR leased_until <= ",
        now!(),
        ") ORDER BY key LIMIT ?2"
    );
    let now = millis(now);
    let interrupt = move |connection: &Connection| {
        let rows: Vec<StrandedRow> = all(connection, STRANDED, params![which == Which::All, limit])?;
        let mut closed = Vec::new();
        for row in rows {
            match row.close(connection, now) {
                Ok(stranded) => closed.push(stranded),
                // What it left cannot be read, which shows before anything is written.
                Err(Error::Store(error)) => not_closed(&row.run, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(closed)
    };
    database.write(interrupt).await
}
