//! The schema in PostgreSQL and how a database is brought to it.

use std::fmt::Write;
use std::ops::Deref;
use std::pin::Pin;

use sqlx::migrate::{AppliedMigration, Migrate, Migrator};
use sqlx::{Acquire, PgConnection, Row};

use crate::error::MigrateError;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Everything in PostgreSQL lives in a schema of its own; queries name it, since a pooler may not pass
/// a search path on.
const SCHEMA: &str = "chatkitd";
const TABLE: &str = "chatkitd._sqlx_migrations";

/// Whether a PostgreSQL database has this binary's schema.
pub(super) async fn is_current(connection: &mut PgConnection) -> Result<bool, MigrateError> {
    // As simple queries: a transaction pooler may give the parts of any other to several connections.
    let known = sqlx::raw_sql("SELECT to_regclass('chatkitd._sqlx_migrations') IS NOT NULL");
    let known = known.fetch_one(&mut *connection).await.and_then(|row| row.try_get(0));
    if !known.map_err(MigrateError::connect)? {
        return Ok(false);
    }
    let rows = sqlx::raw_sql("SELECT version, checksum FROM chatkitd._sqlx_migrations WHERE success");
    let applied = read_applied(rows.fetch_all(connection).await.map_err(MigrateError::connect)?)?;
    refuse_newer(&applied)?;
    Ok(MIGRATIONS.iter().all(|migration| {
        applied.iter().any(|row| row.version == migration.version && row.checksum == migration.checksum)
    }))
}

fn read_applied(rows: Vec<sqlx::postgres::PgRow>) -> Result<Vec<AppliedMigration>, MigrateError> {
    let read = |row: sqlx::postgres::PgRow| {
        let checksum: Vec<u8> = row.try_get("checksum")?;
        Ok(AppliedMigration { version: row.try_get("version")?, checksum: checksum.into() })
    };
    rows.into_iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(MigrateError::connect)
}

/// Brings a PostgreSQL database up to date, under an advisory lock: of several nodes that start at
/// once, one migrates and the others wait. The lock belongs to the connection, so this must be a direct
/// one, and it must be closed afterwards whatever happened.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    migrator.create_schema(SCHEMA);
    migrator.dangerous_set_table_name(TABLE);
    run(&migrator, connection).await.map_err(MigrateError::Failed)
}

/// Boxed, so that the compiler sees that the future is `Send`: `Acquire`'s lifetime hides it from whoever
/// spawns a task that opens a store.
fn run<'a, A>(
    migrator: &'a Migrator,
    connection: A,
) -> Pin<Box<dyn Future<Output = Result<(), sqlx::migrate::MigrateError>> + Send + 'a>>
where
    A: Acquire<'a> + Send + 'a,
    <A::Connection as Deref>::Target: Migrate,
{
    Box::pin(migrator.run(connection))
}

fn refuse_newer(applied: &[AppliedMigration]) -> Result<(), MigrateError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match applied.iter().map(|migration| migration.version).max() {
        Some(found) if found > known => Err(MigrateError::Newer { found, known }),
        _ => Ok(()),
    }
}

/// The SQL of `supabase/migrations/<time>_create_chatkit_sessions.sql`: this binary's PostgreSQL schema
/// with the record that it was applied, so that chatkitd finds nothing left to do.
pub fn supabase_migration() -> String {
    let mut sql = String::from(
        "-- The schema of chatkitd, made by `chatkitd init supabase`. Apply it with `npx supabase db push`.\n\
         -- Nothing in it can be read with the anonymous key.\n\
         CREATE SCHEMA IF NOT EXISTS chatkitd;\n\n\
         -- What chatkitd reads to see which parts of its schema are there.\n\
         CREATE TABLE IF NOT EXISTS chatkitd._sqlx_migrations (\n    \
             version BIGINT PRIMARY KEY,\n    \
             description TEXT NOT NULL,\n    \
             installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),\n    \
             success BOOLEAN NOT NULL,\n    \
             checksum BYTEA NOT NULL,\n    \
             execution_time BIGINT NOT NULL\n\
         );\n",
    );
    for migration in MIGRATIONS.iter() {
        // Descriptions are our own file names; still, a quote must not end the text.
        let description = migration.description.replace('\'', "''");
        sql.push('\n');
        sql.push_str(migration.sql.as_str().trim_end());
        sql.push_str("\n\nINSERT INTO chatkitd._sqlx_migrations");
        sql.push_str(" (version, description, success, checksum, execution_time)\n");
        let checksum = migration.checksum.iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let version = migration.version;
        let row = format!("VALUES ({version}, '{description}', TRUE, '\\x{checksum}', 0);\n");
        sql.push_str(&row);
    }
    sql
}
