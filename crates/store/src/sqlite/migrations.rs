//! The schema of a SQLite file and how a file is brought to it.
//!
//! `PRAGMA user_version` counts the applied migrations, as with the `rusqlite_migration` crate. That one
//! reads the count before it takes the write lock, so of two processes that start at once on a new file
//! one would fail; this takes the lock first.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::MigrateError;

/// In order. One that was released is never changed: a later change is one more.
const MIGRATIONS: [&str; 6] = [
    include_str!("../../migrations/sqlite/0001_sessions.sql"),
    include_str!("../../migrations/sqlite/0002_threads.sql"),
    include_str!("../../migrations/sqlite/0003_attachments.sql"),
    include_str!("../../migrations/sqlite/0004_promises.sql"),
    include_str!("../../migrations/sqlite/0005_attachments_by_user.sql"),
    include_str!("../../migrations/sqlite/0006_deleted_threads.sql"),
];

/// Brings the file up to date. Another process that starts at the same time waits for the write lock
/// and then finds nothing to do.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrateError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(MigrateError::connect)?;
    let missing = missing(&transaction)?;
    apply(&transaction, missing).map_err(MigrateError::Sqlite)?;
    transaction.commit().map_err(MigrateError::Sqlite)
}

/// What would bring the file up to date.
pub(super) fn missing(connection: &Connection) -> Result<&'static [&'static str], MigrateError> {
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(MigrateError::connect)?;
    let missing = usize::try_from(found).ok().and_then(|found| MIGRATIONS.get(found..));
    let missing = missing.ok_or(MigrateError::Newer { found, known: known() })?;
    if found == 0 && has_tables(connection).map_err(MigrateError::connect)? {
        return Err(MigrateError::Foreign);
    }
    Ok(missing)
}

fn apply(connection: &Connection, missing: &[&str]) -> rusqlite::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    for sql in missing {
        connection.execute_batch(sql)?;
    }
    connection.pragma_update(None, "user_version", known())
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
