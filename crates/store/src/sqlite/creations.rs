//! The hot path: sessions that are created at the same time go to SQLite's thread in one message.
//!
//! A message there and back costs two thread switches, more than the inserts themselves, so a batch's
//! creations are one multi-row insert for each table. Where that fails (an id or a secret that is there
//! already), nothing of it is kept and each is tried by itself, so that only the one at fault fails.

use std::fmt::Write as _;

use chatkitd_core::ports::StoreError;
use chatkitd_core::sessions::{NewSecret, Session};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::error::store_error;
use crate::rows::{json_text, millis, upstream_session};

/// The most creations of one message: bounds the statements' parameters, and the number of statements
/// that are kept prepared.
pub(super) const MAX_TOGETHER: usize = 32;
const SESSION_COLUMNS: usize = 10;
const COLUMNS: usize = 14;

/// A session and its first secret, as columns.
pub(super) struct Creation {
    id: String,
    site: String,
    user: String,
    workflow: String,
    state_variables: String,
    metadata: String,
    configuration: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    secret_hash: Vec<u8>,
    upstream_session: Option<String>,
    secret_issued_at: i64,
    secret_expires_at: i64,
}

impl Creation {
    pub(super) fn new(session: &Session, secret: &NewSecret) -> Result<Self, StoreError> {
        Ok(Self {
            id: session.id.as_str().to_owned(),
            site: session.site.as_str().to_owned(),
            user: session.user.as_str().to_owned(),
            workflow: session.workflow.clone(),
            state_variables: json_text(&session.state_variables)?,
            metadata: json_text(&session.metadata)?,
            configuration: json_text(&session.configuration)?,
            created_at: millis(session.created_at),
            expires_at: millis(session.expires_at),
            revoked_at: session.revoked_at.map(millis),
            secret_hash: secret.hash.as_bytes().to_vec(),
            upstream_session: upstream_session(&secret.kind).map(str::to_owned),
            secret_issued_at: millis(secret.issued_at),
            secret_expires_at: millis(secret.expires_at),
        })
    }
}

/// Inserts all of them or, on an error, none.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    creations: &[&Creation],
) -> Result<(), StoreError> {
    // Made of numbers and of the texts below; what callers sent is bound.
    let mut query = sqlx::query(AssertSqlSafe(statements(creations.len())));
    for one in creations {
        query = query
            .bind(&one.id)
            .bind(&one.site)
            .bind(&one.user)
            .bind(&one.workflow)
            .bind(&one.state_variables)
            .bind(&one.metadata)
            .bind(&one.configuration)
            .bind(one.created_at)
            .bind(one.expires_at)
            .bind(one.revoked_at)
            .bind(&one.secret_hash)
            .bind(&one.upstream_session)
            .bind(one.secret_issued_at)
            .bind(one.secret_expires_at);
    }
    let Err(error) = query.execute(&mut *connection).await else { return Ok(()) };
    let error = store_error(error);
    // Unavailable gives the whole batch up, and with it the savepoint.
    if !matches!(error, StoreError::Unavailable(_)) {
        let undo = sqlx::query("ROLLBACK TO creations; RELEASE creations");
        // SQLite has ended the transaction by itself: nothing of the batch stands.
        undo.execute(connection).await.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    }
    Err(error)
}

/// Both inserts, and the savepoint that undoes the first if the second fails.
fn statements(count: usize) -> String {
    let mut sql = String::from(
        "SAVEPOINT creations; INSERT INTO sessions (id, site, user_id, workflow, state_variables, metadata, \
         configuration, created_at, expires_at, revoked_at) VALUES ",
    );
    for row in 0..count {
        let first = row * COLUMNS + 1;
        values(&mut sql, row, first..first + SESSION_COLUMNS);
    }
    sql.push_str("; INSERT INTO secrets (session_id, hash, upstream_session, issued_at, expires_at) VALUES ");
    for row in 0..count {
        let first = row * COLUMNS + 1;
        values(&mut sql, row, std::iter::once(first).chain(first + SESSION_COLUMNS..first + COLUMNS));
    }
    sql.push_str("; RELEASE creations");
    sql
}

fn values(sql: &mut String, row: usize, parameters: impl Iterator<Item = usize>) {
    sql.push_str(if row == 0 { "(" } else { ", (" });
    for (at, parameter) in parameters.enumerate() {
        // Writing to a text cannot fail.
        let _ = write!(sql, "{}${parameter}", if at == 0 { "" } else { ", " });
    }
    sql.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_own_parameters() {
        let sql = statements(2);
        assert!(sql.contains("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10), ($15, $16,"), "{sql}");
        assert!(sql.contains("VALUES ($1, $11, $12, $13, $14), ($15, $25, $26, $27, $28); RELEASE"), "{sql}");
    }
}
