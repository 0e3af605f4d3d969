//! How a SQLite database is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// What an answered write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `kill -9` of the process. A power cut may lose the last moments, never the file's integrity
    /// (WAL with `synchronous=NORMAL`). The default.
    #[default]
    Process,
    /// A power cut too: every commit waits for the disk (`synchronous=FULL`).
    Disk,
}

/// How a SQLite database is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file. Made when it is not there; its folder must exist and allow `-wal` and `-shm` files.
    pub path: PathBuf,
    /// What a write survives. Default: the process.
    pub durability: Durability,
    /// How long to wait for a lock that another process holds. Default 5 s.
    pub busy_timeout: Duration,
    /// For tests, which have no full disk: the most pages of 4 KiB that the file may grow to; past it the store is
    /// unavailable for writes. Default: no bound.
    #[doc(hidden)]
    pub max_pages: Option<u32>,
}

/// Statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 256;

/// At how many pages of log (WAL) the writer copies it into the file by itself: 256 MiB, where
/// [`super::checkpoint`] did not get to it because a reader is in the way. With SQLite's own 1 000 pages a
/// stream of small commits spends half its time waiting for the disk.
const CHECKPOINT_PAGES: u32 = 64_000;

impl SqliteOptions {
    /// The defaults for this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durability: Durability::default(),
            busy_timeout: Duration::from_secs(5),
            max_pages: None,
        }
    }

    /// Opens a connection that writes; makes the file.
    pub(super) fn open_writer(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.busy_timeout(self.busy_timeout)?;
        let synchronous = match self.durability {
            Durability::Process => "NORMAL",
            Durability::Disk => "FULL",
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Where a batch needs savepoints, what it would take to go back to one is kept in a temporary file
        // once it is over 64 KiB: a file made and removed for every larger batch.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        if let Some(pages) = self.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        Ok(connection)
    }

    /// Opens a connection that cannot write. It does not wait for locks: see [`super::readers`].
    pub(super) fn open_reader(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // rusqlite opens each connection with five seconds of waiting.
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn open(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        // Each connection is used by one thread at a time, so it needs no lock of SQLite's.
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan made once stays. Otherwise SQLite, where it was built to keep statistics (STAT4), looks at the values
        // of a range, and prepares the statement anew each time they change: a fifth of what a list of threads cost.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }
}

/// Opens a file to look at it. Nothing is made beside it either: a reader of a file with a log makes an index
/// of the log, so without a log the file is taken for one that nobody changes.
pub(super) fn open_unchanged(file: &Path) -> rusqlite::Result<Connection> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let immutable = if Path::new(&log).exists() { "" } else { "?immutable=1" };
    let escaped = file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("file:{escaped}{immutable}"), flags)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_keeps_its_plan_whatever_is_bound_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(folder.path().join("chatkitd.db"));
        let connection = options.open_writer().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER NOT NULL); CREATE INDEX by_n ON t (n)").unwrap();
        let mut statement = connection.prepare("SELECT n FROM t WHERE n > ?1 ORDER BY n LIMIT ?2").unwrap();
        for n in 0..3 {
            assert!(!statement.exists([n, n + 1]).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
