//! Roles from the app's own database (seed 004).

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool, Row, SqlSafeStr, SqlStr, SqlitePool};

use crate::error::is_transient;

/// Why a role could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum RoleQueryError {
    /// Neither PostgreSQL nor SQLite.
    #[error("the address of the roles' database begins with neither postgres:// nor sqlite:")]
    UnknownDatabase,
    /// The address cannot be read.
    #[error("the address of the roles' database cannot be read")]
    Url(#[source] sqlx::Error),
    /// The database cannot be reached, or did not answer in time: trying later can help.
    #[error("the roles' database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The query is wrong for this database, or returns something that is not a text.
    #[error(
        "the roles query failed: it takes the user's id as $1 (a text; write $1::uuid if the column is \
         one) and selects the role, a text, as its first column"
    )]
    Query(#[source] sqlx::Error),
}

/// An operator's query for a user's role, such as
/// `SELECT role FROM users WHERE clerk_user_id = $1`. It is run read-only.
pub struct RoleQuery {
    database: Database,
    sql: SqlStr,
}

enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// How long to wait for a connection, and for the answer.
const PATIENCE: Duration = Duration::from_secs(3);
const CONNECTIONS: u32 = 5;

impl RoleQuery {
    /// Prepares the look-up; connects with the first one. `url` is `postgres://…` or `sqlite:…`; `sql` is
    /// the operator's and trusted as such.
    pub fn new(url: &str, sql: &str) -> Result<Self, RoleQueryError> {
        let mut sql = sql.to_owned();
        let database = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(RoleQueryError::Url)?;
            sql = as_text(&sql);
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            Database::Postgres(pool.connect_lazy_with(options.disable_statement_logging()))
        } else if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url).map_err(RoleQueryError::Url)?;
            let options = options.read_only(true).busy_timeout(PATIENCE).disable_statement_logging();
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            Database::Sqlite(pool.connect_lazy_with(options))
        } else {
            return Err(RoleQueryError::UnknownDatabase);
        };
        Ok(Self { database, sql: AssertSqlSafe(sql).into_sql_str() })
    }

    /// The user's role. `None` when there is no row or the role is NULL.
    pub async fn role(&self, user: &str) -> Result<Option<String>, RoleQueryError> {
        let role = match &self.database {
            Database::Postgres(pool) => postgres_role(pool, self.sql.clone(), user).await,
            Database::Sqlite(pool) => sqlite_role(pool, self.sql.clone(), user).await,
        };
        role.map_err(|error| {
            if is_transient(&error) {
                RoleQueryError::Unavailable(error)
            } else {
                RoleQueryError::Query(error)
            }
        })
    }
}

async fn postgres_role(pool: &PgPool, sql: SqlStr, user: &str) -> Result<Option<String>, sqlx::Error> {
    let mut transaction = pool.begin_with("BEGIN READ ONLY").await?;
    sqlx::raw_sql("SET LOCAL statement_timeout = '3s'").execute(&mut *transaction).await?;
    // Not kept prepared: the address may be a pooler's.
    let row = sqlx::query(sql).bind(user).persistent(false).fetch_optional(&mut *transaction).await?;
    transaction.rollback().await?;
    row.map_or(Ok(None), |row| row.try_get(0))
}

/// The first column as a text, whatever its type: sqlx would have to look up a column of an enum type,
/// which it cannot do while it does not keep the statement prepared.
fn as_text(sql: &str) -> String {
    let sql = sql.trim().trim_end_matches(';');
    // The line break ends a comment at the end of the operator's query.
    format!("SELECT role::text FROM (\n{sql}\n) AS answer (role)")
}

async fn sqlite_role(pool: &SqlitePool, sql: SqlStr, user: &str) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query(sql).bind(user).fetch_optional(pool).await?;
    row.map_or(Ok(None), |row| row.try_get(0))
}
