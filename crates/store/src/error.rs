//! Errors of the databases, in the domain's words.

use std::sync::Arc;

use chatkitd_core::ports::{LimiterError, StoreError};
use sqlx::error::ErrorKind;

/// Why a database could not be opened and brought to this binary's schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be reached or opened.
    #[error(
        "the database cannot be opened: check that it runs (a file: that its folder is there), its address \
         and who may connect"
    )]
    Connect(#[source] DatabaseError),
    /// The address cannot be read.
    #[error("the database's URL cannot be read: it looks like postgres://user:password@host:5432/name")]
    Url(#[source] sqlx::Error),
    /// Another, newer chatkitd was here before.
    #[error(
        "the database has schema {found}, this chatkitd knows schemas up to {known}: \
         start a newer chatkitd, or restore the backup from before the upgrade"
    )]
    Newer {
        /// The newest schema in the database.
        found: i64,
        /// The newest schema of this binary.
        known: i64,
    },
    /// The schema is not up to date and the connection, a transaction pooler, cannot hold the lock
    /// that a migration needs.
    #[error(
        "the database has to be migrated, which a connection pooler (port {POOLER_PORT}) cannot do: \
         run `chatkitd migrate` once with CHATKITD_DATABASE_URL set to the database's direct address"
    )]
    NeedsDirectConnection,
    /// The SQLite file has tables, but none of chatkitd's schemas.
    #[error(
        "the SQLite file was made by another program, or by a chatkitd that was never released: \
         name another file, or move this one away"
    )]
    Foreign,
    /// A migration failed, or an applied one differs from this binary's.
    #[error("the database cannot be migrated")]
    Failed(#[source] sqlx::migrate::MigrateError),
    /// A migration of SQLite failed.
    #[error("the SQLite file cannot be migrated")]
    Sqlite(#[source] rusqlite::Error),
}

/// What a database, or the way to it, answered.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// PostgreSQL's.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// SQLite's.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The thread that SQLite runs on was not started, or ended.
    #[error("the thread for the database is not there")]
    Thread(#[from] std::io::Error),
}

impl MigrateError {
    pub(crate) fn connect(error: impl Into<DatabaseError>) -> Self {
        Self::Connect(error.into())
    }
}

/// Where Supabase's pooler listens in transaction mode.
pub(crate) const POOLER_PORT: u16 = 6543;

/// Sorts a database's error: can trying later help, is it a duplicate, or is it a defect?
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    if is_transient(&error) {
        return StoreError::Unavailable(Box::new(error));
    }
    match &error {
        sqlx::Error::Database(database) if database.kind() == ErrorKind::UniqueViolation => {
            StoreError::Conflict
        }
        _ => StoreError::Other(Box::new(error)),
    }
}

pub(crate) fn limiter_error(error: StoreError) -> LimiterError {
    LimiterError(Box::new(error))
}

pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => is_transient_in_postgres(&database.code().unwrap_or_default()),
        _ => false,
    }
}

/// Connection lost, rolled back for a deadlock, out of resources (disk, connections), stopped by the
/// operator, or a standby that is read-only
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn is_transient_in_postgres(code: &str) -> bool {
    code == "25006" || ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
}

/// A row that cannot be what chatkitd wrote.
#[derive(Debug, thiserror::Error)]
#[error("the database holds a damaged value in {column}")]
pub(crate) struct Damaged {
    pub column: &'static str,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Damaged {
    pub(crate) fn bare(column: &'static str) -> StoreError {
        StoreError::Other(Box::new(Self { column, source: None }))
    }

    pub(crate) fn because<E>(column: &'static str, source: E) -> StoreError
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        StoreError::Other(Box::new(Self { column, source: Some(source.into()) }))
    }

    /// JSON that does not fit. Says where it stops fitting, and not what stands there: that may be somebody's words.
    pub(crate) fn json(column: &'static str, error: &serde_json::Error) -> StoreError {
        Self::because(column, BadJson { line: error.line(), column: error.column() })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("its JSON is not as expected at line {line}, column {column}")]
struct BadJson {
    line: usize,
    column: usize,
}

/// The database answers and can be read, and that is all.
#[derive(Debug, thiserror::Error)]
#[error("the database takes no writes: it is a standby, or default_transaction_read_only is on")]
pub(crate) struct ReadOnly;

/// The transaction that this write shared with others was not committed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("nothing of this batch was written")]
pub(crate) struct BatchFailed(#[source] pub Arc<StoreError>);

/// The task that writes has ended: the store was closed.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(crate) struct Closed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for code in ["08006", "53300", "53100", "57P01", "57P03", "25006", "40P01"] {
            assert!(is_transient_in_postgres(code), "{code}");
        }
        for code in ["23505", "42P01", "22021", "28P01", ""] {
            assert!(!is_transient_in_postgres(code), "{code}");
        }
    }
}
