//! `Idempotency-Key`s, which are kept with the runs that they began.

use chatkitd_core::threads::Begun;
use rusqlite::{Connection, params};

use super::error::QueryResult;
use super::query::{execute, first};
use crate::thread_rows::{IdempotencyRow, run_id};

impl IdempotencyRow {
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
