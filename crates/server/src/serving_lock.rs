//! One server for each SQLite database. A server that starts closes the runs of the one before it, and must
//! not close those of one that lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held for as long as the server lives; the operating system lets go of it when the process ends, however
/// it ends. Commands that work on the database beside a server do not take it.
#[derive(Debug)]
pub(crate) struct ServingLock {
    _file: File,
}

/// The lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ServingLockError {
    /// Somebody else has it.
    #[error(
        "another chatkitd serves from {}; stop it, or set CHATKITD_DATA_DIR to another folder \
         (several servers on the same conversations need PostgreSQL: CHATKITD_DATABASE_URL)",
        database.display()
    )]
    Taken {
        /// The database.
        database: PathBuf,
    },
    /// The file cannot be made or locked.
    #[error("{} cannot be locked", path.display())]
    File {
        /// The file of the lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ServingLock {
    /// Takes the lock of a database, in a file beside it.
    pub(crate) fn take(database: &Path) -> Result<Self, ServingLockError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let file = |source| ServingLockError::File { path: path.clone(), source };
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(file)?;
        match opened.try_lock() {
            Ok(()) => Ok(Self { _file: opened }),
            Err(TryLockError::WouldBlock) => Err(ServingLockError::Taken { database: database.to_owned() }),
            Err(TryLockError::Error(source)) => Err(file(source)),
        }
    }
}
