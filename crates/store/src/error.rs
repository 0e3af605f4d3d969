//! Errors of the databases, in the domain's words.

use std::sync::Arc;

use chatkitd_core::ports::{LimiterError, StoreError};
use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteError;

/// Why a database could not be opened and brought to this binary's schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be reached or opened.
    #[error("the database cannot be opened: check that it runs, its address and who may connect")]
    Connect(#[source] sqlx::Error),
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
         name the database's direct address for migrations, or apply the file of `chatkitd init supabase`"
    )]
    NeedsDirectConnection,
    /// A migration failed, or an applied one differs from this binary's.
    #[error("the database cannot be migrated")]
    Failed(#[source] sqlx::migrate::MigrateError),
}

/// Where Supabase's pooler listens in transaction mode.
pub(crate) const POOLER_PORT: u16 = 6543;

impl From<sqlx::migrate::MigrateError> for MigrateError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Failed(error)
    }
}

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
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            if database.try_downcast_ref::<SqliteError>().is_some() {
                is_transient_in_sqlite(&code)
            } else {
                is_transient_in_postgres(&code)
            }
        }
        _ => false,
    }
}

/// Whether SQLite says BUSY (5, and its extended codes).
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// NOMEM, BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN (<https://www.sqlite.org/rescode.html>);
/// extended codes have the primary one in their last byte.
fn is_transient_in_sqlite(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14))
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
}

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
        for code in ["5", "261", "13", "778", "14", "8"] {
            assert!(is_transient_in_sqlite(code), "{code}");
        }
        for code in ["1", "11", "19", "2067", "", "x"] {
            assert!(!is_transient_in_sqlite(code), "{code}");
        }
        for code in ["08006", "53300", "53100", "57P01", "57P03", "25006", "40P01"] {
            assert!(is_transient_in_postgres(code), "{code}");
        }
        for code in ["23505", "42P01", "22021", "28P01", ""] {
            assert!(!is_transient_in_postgres(code), "{code}");
        }
    }
}
