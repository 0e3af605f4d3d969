use sqlx::postgres::{PgConnectOptions, PgDatabaseError};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlSafeStr, SqlStr};

use super::{CONNECTIONS, PATIENCE, RoleQueryError, only};
use crate::error::is_transient;
use crate::postgres::Database;

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const INVALID_TEXT_REPRESENTATION: &str = "22P02";
const NUMERIC_VALUE_OUT_OF_RANGE: &str = "22003";

pub(super) struct Postgres {
    database: Database,
    sql: SqlStr,
}

impl Postgres {
    pub(super) fn new(options: PgConnectOptions, sql: &str) -> Self {
        Self {
            database: Database::for_another(options.disable_statement_logging(), CONNECTIONS, PATIENCE),
            sql: AssertSqlSafe(as_text(sql)).into_sql_str(),
        }
    }

    pub(super) async fn role(&self, user: &str) -> Result<Option<String>, RoleQueryError> {
        match self.roles(user).await {
            Ok(roles) => only(roles),
            Err(error) if is_of_no_such_type(&error) => {
                tracing::warn!(
                    "the roles query cannot cast the id of a user, or a column: that user has no role"
                );
                Ok(None)
            }
            Err(error) => Err(sort(error)),
        }
    }

    async fn roles(&self, user: &str) -> Result<Vec<Option<String>>, sqlx::Error> {
        // Rolled back when it is dropped.
        let mut transaction = self.database.begin().await?;
        let limits = "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '3s'";
        sqlx::raw_sql(limits).execute(&mut transaction).await?;
        // Not kept prepared: the address may be a pooler's.
        let query = sqlx::query_scalar(self.sql.clone()).bind(user).persistent(false);
        query.fetch_all(&mut transaction).await
    }
}

/// Whether the query casts the user's id to a type that has no such value (a text that is no `uuid`, a number that is no
/// `int`): nobody's row has it. A column's value that cannot be cast looks the same. What PostgreSQL finds wrong in the
/// query's own text it tells the place of.
fn is_of_no_such_type(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
    else {
        return false;
    };
    matches!(error.code(), INVALID_TEXT_REPRESENTATION | NUMERIC_VALUE_OUT_OF_RANGE)
        && error.position().is_none()
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
