//! One SQLite file: a thread that writes, connections that read.

use std::time::Duration;

use chatkitd_core::ports::StoreError;
use rusqlite::Connection;

use super::error::{QueryResult, is_busy};
use super::migrations::migrate;
use super::options::SqliteOptions;
use super::readers::Readers;
use super::writer::Writer;
use crate::error::MigrateError;

/// A SQLite file with this binary's schema. Stores are made of queries that they give to it.
pub(crate) struct Database {
    writer: Writer,
    readers: Readers,
}

impl Database {
    /// Opens the file and brings it to this binary's schema.
    pub(crate) async fn open(options: &SqliteOptions) -> Result<Self, MigrateError> {
        let (owned, readers) = (options.clone(), Readers::new(options.clone()));
        let opening = tokio::task::spawn_blocking(move || {
            let mut connection = open(&owned).map_err(MigrateError::connect)?;
            migrate(&mut connection)?;
            Writer::spawn(connection, owned).map_err(MigrateError::connect)
        });
        let writer = opening.await.map_err(|error| MigrateError::connect(std::io::Error::from(error)))??;
        Ok(Self { writer, readers })
    }

    /// Runs `operation` on the writing thread and returns once it is committed, in one transaction with
    /// whatever else was waiting. When it returns an error or panics, nothing of it is kept, and the
    /// others are not affected; `Unavailable` gives up the whole transaction.
    ///
    /// `operation` holds everybody up who writes: serialize before it, and keep it to a few indexed
    /// statements, prepared with `prepare_cached` (as the functions of [`super::query`] do). It neither
    /// begins nor ends transactions, and may be run again where another one failed halfway. When the caller is cancelled, it is run all the same.
    pub(crate) async fn write<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> QueryResult<T> + Send + 'static,
    {
        self.writer.run(operation).await
    }

    /// Runs `query` on a connection that cannot write, and sees everything that was committed before.
    ///
    /// `query` may be run again when somebody holds a lock. It blocks the thread of the caller (why:
    /// [`super::readers`]): keep it to few rows that an index finds. Each statement sees a state of its
    /// own; a query of several that must agree begins a transaction
    /// ([`Connection::unchecked_transaction`]).
    pub(crate) async fn read<T>(
        &self,
        query: impl Fn(&Connection) -> QueryResult<T> + Send + Sync,
    ) -> Result<T, StoreError> {
        self.readers.run(query).await
    }

    /// Waits for the writes that were asked for, then closes the file. Later operations are
    /// `Unavailable`.
    pub(crate) async fn close(&self) {
        // Whichever connection is the last one copies the log: the writer's, which has a thread for it.
        self.readers.close();
        self.writer.close().await;
    }
}

/// Opens the file, again while another process switches it to WAL: SQLite does not wait for that lock
/// by itself, whatever the busy timeout.
fn open(options: &SqliteOptions) -> rusqlite::Result<Connection> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match options.open_writer() {
            Err(error) if is_busy(&error) && waited < options.busy_timeout => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            opened => return opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rusqlite::{OpenFlags, ffi};

    use super::super::query::{execute, first};
    use super::*;

    async fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&SqliteOptions::new(folder.path().join("chatkitd.db"))).await.unwrap();
        database.write(|c| Ok(c.execute_batch("CREATE TABLE t (n INTEGER NOT NULL)")?)).await.unwrap();
        (folder, database)
    }

    fn insert(n: i64) -> impl Fn(&Connection) -> QueryResult<()> + Send + 'static {
        move |connection| {
            execute(connection, "INSERT INTO t VALUES (?1)", [n])?;
            Ok(())
        }
    }

    async fn sum(database: &Database) -> i64 {
        let sum = |c: &Connection| Ok(first::<(Option<i64>,)>(c, "SELECT sum(n) FROM t", ())?);
        database.read(sum).await.unwrap().unwrap().0.unwrap_or(0)
    }

    #[tokio::test]
    async fn an_operation_that_panics_keeps_nothing_and_harms_nobody() {
        let (_folder, database) = database().await;
        let panicking = |connection: &Connection| {
            insert(10)(connection)?;
            if sum_of(connection)? > 0 {
                panic!("a defect");
            }
            Ok(())
        };
        let (before, defect, after) =
            tokio::join!(database.write(insert(1)), database.write(panicking), database.write(insert(2)));
        assert!(before.is_ok() && after.is_ok(), "{before:?} {after:?}");
        assert!(matches!(&defect, Err(StoreError::Other(error)) if error.to_string().contains("a defect")));
        assert_eq!(sum(&database).await, 3);
        database.write(insert(4)).await.unwrap();
        assert_eq!(sum(&database).await, 7);
    }

    fn sum_of(connection: &Connection) -> QueryResult<i64> {
        Ok(first::<(i64,)>(connection, "SELECT sum(n) FROM t", ())?.map_or(0, |(sum,)| sum))
    }

    #[tokio::test]
    async fn an_error_undoes_all_statements_of_its_operation() {
        let (_folder, database) = database().await;
        let failing = |connection: &Connection| -> QueryResult<()> {
            insert(10)(connection)?;
            insert(20)(connection)?;
            Err(StoreError::Conflict.into())
        };
        let (failed, done) = tokio::join!(database.write(failing), database.write(insert(1)));
        assert!(matches!(failed, Err(StoreError::Conflict)), "{failed:?}");
        done.unwrap();
        assert_eq!(sum(&database).await, 1);
    }

    #[tokio::test]
    async fn an_operation_that_ends_the_transaction_gives_its_batch_up() {
        let (_folder, database) = database().await;
        let rolling_back = |connection: &Connection| Ok(connection.execute_batch("ROLLBACK")?);
        let (kept, lost) = tokio::join!(database.write(insert(1)), database.write(rolling_back));
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
        let expected = i64::from(kept.is_ok());
        assert_eq!(sum(&database).await, expected, "{kept:?}");
        database.write(insert(4)).await.unwrap();
    }

    #[tokio::test]
    async fn a_write_whose_caller_left_stands() {
        let (_folder, database) = database().await;
        let mut left = Box::pin(database.write(insert(1)));
        // Once is enough to queue it; the answer may even be there already.
        let _ = futures_util::poll!(&mut left);
        drop(left);
        database.write(insert(2)).await.unwrap();
        assert_eq!(sum(&database).await, 3);
    }

    #[tokio::test]
    async fn everything_that_was_queued_is_written_before_the_file_is_closed() {
        let (folder, database) = database().await;
        let writes = futures_util::future::join_all((0..20).map(|_| database.write(insert(1))));
        let (written, ()) = tokio::join!(writes, database.close());
        assert!(written.iter().all(Result::is_ok));
        assert!(matches!(database.write(insert(1)).await, Err(StoreError::Unavailable(_))));
        let again = Database::open(&SqliteOptions::new(folder.path().join("chatkitd.db"))).await.unwrap();
        assert_eq!(sum(&again).await, 20);
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let (_folder, database) = database().await;
        let refused = database.read(|connection| insert(1)(connection)).await;
        assert!(refused.is_err());
        assert_eq!(sum(&database).await, 0);
    }

    #[tokio::test]
    async fn what_was_written_gets_into_the_file_itself_while_the_store_is_open() {
        let (folder, database) = database().await;
        let file = format!("file:{}?immutable=1", folder.path().join("chatkitd.db").display());
        let mut written = 0;
        // Without the log: an immutable file has none.
        let in_file = || -> i64 {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let alone = Connection::open_with_flags(&file, flags).unwrap();
            alone.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap_or(0)
        };
        while in_file() == 0 && written < 100_000 {
            for _ in 0..100 {
                database.write(insert(1)).await.unwrap();
            }
            written += 100;
        }
        assert!(written < 100_000, "nothing was copied");
        database.close().await;
        assert_eq!(in_file(), written);
        assert!(!folder.path().join("chatkitd.db-wal").exists(), "the last connection removes the log");
    }

    #[tokio::test]
    async fn a_read_is_tried_again_while_somebody_holds_a_lock() {
        let (_folder, database) = database().await;
        let tries = AtomicU32::new(0);
        let read = database.read(|_| match tries.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None).into()),
            tries => Ok(tries),
        });
        assert_eq!(read.await.unwrap(), 2);
    }
}
