//! Reads are run where they are asked for, on the thread of the async caller.
//!
//! Measured on two cores with 16 callers, a page of 20 rows by an index of 200 000 (cost is CPU time of the
//! whole process; `timer` is how late a timer of the same runtime fires, 99 of 100 times):
//!
//! | | reads/s | cost | p50 | p99 | timer |
//! |---|---|---|---|---|---|
//! | in place | 56 000 | 32 us | 0.25 ms | 0.75 ms | 0.3 ms |
//! | two reading threads and a channel | 38 000 | 46 us | 0.41 ms | 0.76 ms | 0.6 ms |
//! | `spawn_blocking` | 29 000 | 65 us | 0.22 ms | 4 ms | 1.5 ms |
//!
//! The price: while pages come from the disk and not from memory, the runtime's thread waits with them.
//! With the file thrown out of the cache the timer fired up to 5 ms late, against 1.4 ms with threads. Hot
//! rows are in memory, so that is paid after a start; reads that are long by nature do not belong here.
//! Locks are never waited for on the thread: WAL readers need none but in rare moments (recovery of a
//! file), and then the read is tried again later.
//!
//! The file is not mapped into memory (`mmap_size`), though that would save a fifth: a disk that fails
//! to read would end the process then, rather than be an error.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chatkitd_core::ports::StoreError;
use rusqlite::Connection;

use super::error::{Error, QueryResult, is_busy};
use super::options::SqliteOptions;
use crate::error::Closed;

/// How many connections are kept for the next queries.
const KEPT: usize = 4;

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
            Some(idle) if idle.len() < KEPT => idle.push(connection),
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

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Instant;

    use futures_util::poll;

    use super::*;

    /// rusqlite would wait five seconds by itself.
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "how long the thread is held up is what is asked")]
    async fn a_read_of_a_locked_file_leaves_its_thread_to_others_until_the_lock_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(folder.path().join("chatkitd.db"));
        let holder = options.open_writer().unwrap();
        holder.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
        holder.execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (7)").unwrap();

        let readers = Readers::new(options);
        let mut read =
            pin!(readers.run(|file| Ok(file.query_row("SELECT n FROM t", [], |row| row.get::<_, i64>(0))?)));
        let asked = Instant::now();
        assert!(poll!(&mut read).is_pending());
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        drop(holder);
        assert_eq!(read.await.unwrap(), 7);
    }
}
