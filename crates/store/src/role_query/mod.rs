//! Roles from the app's own database (seed 004).

mod postgres;
mod sqlite;

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::error::DatabaseError;
use postgres::Postgres;
use sqlite::Sqlite;

/// Why a role could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum RoleQueryError {
    /// Neither PostgreSQL nor SQLite.
    #[error("the address of the roles' database begins with neither postgres:// nor sqlite:")]
    UnknownDatabase,
    /// The address cannot be read.
    #[error("the address of the roles' database cannot be read")]
    Url(#[source] DatabaseError),
    /// The database cannot be reached, or did not answer in time: trying later can help.
    #[error("the roles' database is unavailable")]
    Unavailable(#[source] DatabaseError),
    /// The query is wrong for this database, or returns something that is not a text.
    #[error(
        "the roles query failed: it takes the user's id as $1 (a text; write $1::uuid if the column is \
         one) and selects the role, a text, as its first column"
    )]
    Query(#[source] DatabaseError),
    /// More than one row: which of the roles counts, only the operator knows.
    #[error(
        "the roles query returned more than one row for a user: have it choose one, for example with \
         max(role), or with ORDER BY and LIMIT 1"
    )]
    Ambiguous,
}

/// An operator's query for a user's role, such as
/// `SELECT role FROM users WHERE clerk_user_id = $1`. It is run read-only.
pub struct RoleQuery(Database);

enum Database {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

/// Where the app's users are.
enum Address<'a> {
    Postgres(Box<PgConnectOptions>),
    Sqlite(&'a str),
}

impl<'a> Address<'a> {
    fn parse(url: &'a str) -> Result<Self, RoleQueryError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = url.parse().map_err(|error: sqlx::Error| RoleQueryError::Url(error.into()))?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        path.map(Self::Sqlite).ok_or(RoleQueryError::UnknownDatabase)
    }
}

/// How long to wait for a connection, and for the answer.
const PATIENCE: Duration = Duration::from_secs(3);
const CONNECTIONS: u32 = 5;

impl RoleQuery {
    /// Prepares the look-up; connects with the first one. `url` is `postgres://…`, or `sqlite:` and the
    /// path of a file as it is; `sql` is the operator's and trusted as such.
    pub fn new(url: &str, sql: &str) -> Result<Self, RoleQueryError> {
        Ok(Self(match Address::parse(url)? {
            Address::Postgres(options) => Database::Postgres(Postgres::new(*options, sql)),
            Address::Sqlite(path) => Database::Sqlite(Sqlite::new(path, sql)),
        }))
    }

    /// Whether [`RoleQuery::new`] takes an address. Whether anything is there shows when it is asked.
    pub fn check_url(url: &str) -> Result<(), RoleQueryError> {
        Address::parse(url).map(drop)
    }

    /// The user's role. `None` when there is no row or the role is NULL.
    pub async fn role(&self, user: &str) -> Result<Option<String>, RoleQueryError> {
        match &self.0 {
            Database::Postgres(database) => database.role(user).await,
            Database::Sqlite(database) => database.role(user).await,
        }
    }
}

/// The one role, of at most two rows.
fn only(roles: Vec<Option<String>>) -> Result<Option<String>, RoleQueryError> {
    match <[Option<String>; 1]>::try_from(roles) {
        Ok([role]) => Ok(role),
        Err(roles) if roles.is_empty() => Ok(None),
        Err(_) => Err(RoleQueryError::Ambiguous),
    }
}
