//! Reading.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chatkitd_core::ports::StoreError;
use rusqlite::Connection;

use super::error::{Error, QueryResult, is_busy};
use super::options::SqliteOptions;
use crate::error::Closed;

/// Connections that cannot write.
pub(super) struct Readers {
    options: SqliteOptions,
    /// Those that nobody uses; `None` once closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(options: SqliteOptions) -> Self {
        Self { options, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Runs `query`, again while somebody holds a lock that keeps readers out, as when a file is
    /// recovered.
    pub(super) async fn run<T>(
        &self,
        query: impl Fn(&Connection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        const PAUSE: Duration = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        loop {
            match self.try_run(&query) {
                Err(Error::Sqlite(error)) if is_busy(&error) && waited < self.options.busy_timeout => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                outcome => return outcome.map_err(StoreError::from),
            }
        }
    }

    fn try_run<T>(&self, query: impl Fn(&Connection) -> QueryResult<T>) -> QueryResult<T> {
        let connection = self.take()?;
        let outcome = query(&connection);
        // After a failure of SQLite's the next one gets a fresh connection.
        if !matches!(outcome, Err(Error::Sqlite(_))) {
            self.give_back(connection);
        }
        outcome
    }

    fn take(&self) -> QueryResult<Connection> {
        let idle = self.idle().as_mut().map(Vec::pop);
        match idle {
            None => Err(StoreError::Unavailable(Box::new(Closed)).into()),
            Some(Some(connection)) => Ok(connection),
            Some(None) => Ok(self.options.open_reader()?),
        }
    }

    fn give_back(&self, connection: Connection) {
        match &mut *self.idle() {
            Some(idle) if idle.len() < self.options.readers as usize => idle.push(connection),
            _ => {}
        }
    }

    /// Closes all connections; those that read just now when they are done.
    pub(super) fn close(&self) {
        self.idle().take();
    }

    /// Nothing panics while it holds the lock.
    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
