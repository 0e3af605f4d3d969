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
    #[error(
        "{} cannot be locked; make it and its folder writable, or set CHATKITD_DATA_DIR to a folder on a disk of this \
         machine",
        path.display()
    )]
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
        let path = lock_file(database);
        let file = |source| ServingLockError::File { path: path.clone(), source };
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(file)?;
        match opened.try_lock() {
            Ok(()) => Ok(Self { _file: opened }),
            Err(TryLockError::WouldBlock) => Err(ServingLockError::Taken { database: database.to_owned() }),
            Err(TryLockError::Error(source)) => Err(file(source)),
        }
    }
}

/// Beside the file itself, whichever links lead to it, also where it is not there yet.
fn lock_file(database: &Path) -> PathBuf {
    let real = database.canonicalize().or_else(|_| {
        let linked = std::fs::read_link(database).map(|target| database.with_file_name("").join(target));
        let database = linked.as_deref().unwrap_or(database);
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize();
        folder.map(|folder| folder.join(database.file_name().unwrap_or_default()))
    });
    // Where there is no such folder, the lock cannot be made, and the error names it as it was set.
    let mut path = real.unwrap_or_else(|_| database.to_owned()).into_os_string();
    path.push(".lock");
    path.into()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn whoever_cannot_lock_a_database_is_told_what_to_set() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("chatkitd.db");
        std::fs::create_dir(folder.path().join("chatkitd.db.lock")).unwrap();
        let error = ServingLock::take(&database).unwrap_err();
        assert!(error.to_string().contains("CHATKITD_DATA_DIR"), "{error}");
    }

    #[test]
    fn a_link_to_a_database_has_the_lock_of_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let [data, linked] = ["data", "linked"].map(|name| folder.path().join(name));
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, &linked).unwrap();
        let taken = |database: &Path| match ServingLock::take(database) {
            Err(ServingLockError::Taken { database: named }) => assert_eq!(named, database),
            other => panic!("{other:?}"),
        };
        let database = data.join("chatkitd.db");
        let (link, relative) = (folder.path().join("link.db"), folder.path().join("relative.db"));
        std::os::unix::fs::symlink(&database, &link).unwrap();
        std::os::unix::fs::symlink("data/chatkitd.db", &relative).unwrap();
        // Not there yet, as at the first start.
        let lock = ServingLock::take(&database).unwrap();
        for database in [&linked.join("chatkitd.db"), &link, &relative] {
            taken(database);
        }
        drop(lock);
        std::fs::write(&database, "").unwrap();
        let _lock = ServingLock::take(&database).unwrap();
        taken(&link);
    }
}
