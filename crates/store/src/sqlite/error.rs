//! SQLite's errors, in the domain's words.

use std::any::Any;

use chatkitd_core::ports::StoreError;
use rusqlite::ffi::{
    SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE, SQLITE_FULL,
    SQLITE_IOERR, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_READONLY,
};

/// What stops a query: SQLite, or a rule of the domain. `?` makes it of either.
#[derive(Debug)]
pub(crate) enum Error {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

pub(crate) type QueryResult<T> = Result<T, Error>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for StoreError {
    /// Sorts SQLite's error: can trying later help, is it a duplicate, or is it a defect?
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error,
            Error::Sqlite(error) if is_transient(&error) => Self::Unavailable(Box::new(error)),
            Error::Sqlite(error) if is_duplicate(&error) => Self::Conflict,
            Error::Sqlite(error) => Self::Other(Box::new(error)),
        }
    }
}

/// The result code (<https://www.sqlite.org/rescode.html>), of which the extended one tells more; 0 for
/// an error of the binding.
fn extended_code(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}

/// Extended codes have the primary one in their last byte.
fn primary_code(error: &rusqlite::Error) -> i32 {
    extended_code(error) & 0xff
}

/// Whether trying later can help.
pub(crate) fn is_transient(error: &rusqlite::Error) -> bool {
    matches!(
        primary_code(error),
        SQLITE_BUSY
            | SQLITE_LOCKED
            | SQLITE_NOMEM
            | SQLITE_READONLY
            | SQLITE_IOERR
            | SQLITE_FULL
            | SQLITE_CANTOPEN
    )
}

fn is_duplicate(error: &rusqlite::Error) -> bool {
    matches!(extended_code(error), SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE)
}

/// Whether somebody else holds the lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    primary_code(error) == SQLITE_BUSY
}

/// SQLite, or a defect in an operation, ended the transaction that the operation ran in.
#[derive(Debug, thiserror::Error)]
#[error("the transaction was ended by one of its writes")]
pub(super) struct TransactionEnded;

/// A defect in an operation: it panicked, and nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[error("a write panicked: {0}")]
pub(super) struct Panicked(String);

impl Panicked {
    pub(super) fn store_error(payload: &(dyn Any + Send)) -> StoreError {
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied());
        StoreError::Other(Box::new(Self(message.unwrap_or("without a message").to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> StoreError {
        Error::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)).into()
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for code in [5, 261, 13, 778, 14, 8] {
            assert!(matches!(failure(code), StoreError::Unavailable(_)), "{code}");
        }
        for code in [1, 11, 19, 787] {
            assert!(matches!(failure(code), StoreError::Other(_)), "{code}");
        }
        for code in [1555, 2067] {
            assert!(matches!(failure(code), StoreError::Conflict), "{code}");
        }
    }
}
