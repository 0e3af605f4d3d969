//! `Idempotency-Key`s and the runs they stand for.

use chatkitd_core::id::{RunId, ThreadId};
use chatkitd_core::ports::Scope;
use chatkitd_core::threads::{Begun, Idempotency};
use rusqlite::{Connection, params};

use super::error::QueryResult;
use super::query::{execute, first};
use crate::rows::{millis, user};
use crate::thread_rows::run_id;

/// A key, ready for the writing thread.
pub(super) struct KeyRow {
    site: String,
    user: String,
    operation: &'static str,
    thread: String,
    key: String,
    body: [u8; 32],
    kept_until: i64,
}

impl KeyRow {
    pub(super) fn new(scope: &Scope, idempotency: &Idempotency) -> Self {
        let key = &idempotency.key;
        Self {
            site: scope.site().as_str().to_owned(),
            user: user(scope).unwrap_or_default().to_owned(),
            operation: key.operation,
            thread: key.thread.as_ref().map(ThreadId::as_str).unwrap_or_default().to_owned(),
            key: key.key.clone(),
            body: idempotency.body,
            kept_until: millis(idempotency.until),
        }
    }

    /// What the same key came to before. `None`: it is new, or was forgotten.
    pub(super) fn look_up(&self, connection: &Connection, now: i64) -> QueryResult<Option<Begun>> {
        let sql = "SELECT body, run_id FROM idempotency_keys
                   WHERE site = ?1 AND user_id = ?2 AND operation = ?3 AND thread_id = ?4 AND key = ?5
                     AND kept_until > ?6";
        let scope = params![self.site, self.user, self.operation, self.thread, self.key, now];
        let Some((body, run)) = first::<(Vec<u8>, String)>(connection, sql, scope)? else { return Ok(None) };
        if body != self.body {
            return Ok(Some(Begun::KeyReused));
        }
        Ok(Some(Begun::Repeated(run_id("idempotency_keys.run_id", &run)?)))
    }

    /// Keeps the key, in place of one that should have been swept.
    pub(super) fn insert(&self, connection: &Connection, run: &RunId) -> QueryResult<()> {
        let sql = "INSERT OR REPLACE INTO idempotency_keys
                       (site, user_id, operation, thread_id, key, body, run_id, kept_until)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        execute(
            connection,
            sql,
            params![
                self.site,
                self.user,
                self.operation,
                self.thread,
                self.key,
                self.body,
                run.as_str(),
                self.kept_until,
            ],
        )?;
        Ok(())
    }
}
