//! `Idempotency-Key`s, which are kept with the runs that they began.

use chatkitd_core::ports::Scope;
use chatkitd_core::threads::{Begun, RunStart};
use rusqlite::{Connection, params};

use super::error::QueryResult;
use super::query::{execute, first};
use crate::rows::millis;
use crate::thread_rows::run_id;

/// A request's key, ready for the writing thread.
pub(super) struct KeyRow {
    /// SHA-256 of the key within its scope.
    pub(super) digest: [u8; 32],
    /// SHA-256 of the request's body.
    pub(super) body: [u8; 32],
    pub(super) until: i64,
}

impl KeyRow {
    pub(super) fn new(scope: &Scope, start: &RunStart) -> Option<Self> {
        let (digest, key) = start.key_digest(scope).zip(start.idempotency.as_ref())?;
        Some(Self { digest, body: key.body, until: millis(key.until) })
    }

    /// What the same key came to before. `None`: it is new, or its time is over.
    pub(super) fn look_up(&self, connection: &Connection, now: i64) -> QueryResult<Option<Begun>> {
        let sql = "SELECT body_digest, id FROM runs WHERE key_digest = ?1 AND key_until > ?2";
        let known: Option<(Vec<u8>, String)> = first(connection, sql, params![self.digest, now])?;
        Ok(match known {
            None => None,
            Some((body, _)) if body != self.body => Some(Begun::KeyReused),
            Some((_, run)) => Some(Begun::Repeated(run_id("runs.id", &run)?)),
        })
    }

    /// Takes the key from a run whose time with it is over.
    pub(super) fn take_over(&self, connection: &Connection) -> QueryResult<()> {
        let sql = "UPDATE runs SET key_digest = NULL, body_digest = NULL, key_until = NULL
                   WHERE key_digest = ?1";
        execute(connection, sql, params![self.digest])?;
        Ok(())
    }
}
