use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool, SqlSafeStr, SqlStr};

use super::{CONNECTIONS, PATIENCE, RoleQueryError, only};
use crate::error::is_transient;

pub(super) struct Postgres {
    pool: PgPool,
    sql: SqlStr,
}

impl Postgres {
    pub(super) fn new(options: PgConnectOptions, sql: &str) -> Self {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        Self {
            pool: pool.connect_lazy_with(options.disable_statement_logging()),
            sql: AssertSqlSafe(as_text(sql)).into_sql_str(),
        }
    }

    pub(super) async fn role(&self, user: &str) -> Result<Option<String>, RoleQueryError> {
        only(self.roles(user).await.map_err(sort)?)
    }

    async fn roles(&self, user: &str) -> Result<Vec<Option<String>>, sqlx::Error> {
        let mut transaction = self.pool.begin_with("BEGIN READ ONLY").await?;
        sqlx::raw_sql("SET LOCAL statement_timeout = '3s'").execute(&mut *transaction).await?;
        // Not kept prepared: the address may be a pooler's.
        let query = sqlx::query_scalar(self.sql.clone()).bind(user).persistent(false);
        let roles = query.fetch_all(&mut *transaction).await?;
        transaction.rollback().await?;
        Ok(roles)
    }
}

fn sort(error: sqlx::Error) -> RoleQueryError {
    if is_transient(&error) {
        RoleQueryError::Unavailable(error.into())
    } else {
        RoleQueryError::Query(error.into())
    }
}

/// The first column as a text, whatever its type: sqlx would have to look up a column of an enum type,
/// which it cannot do while it does not keep the statement prepared. Two rows are one too many.
fn as_text(sql: &str) -> String {
    let sql = sql.trim().trim_end_matches(';');
    // The line break ends a comment at the end of the operator's query.
    format!("SELECT role::text FROM (\n{sql}\n) AS answer (role) LIMIT 2")
}
