use std::ops::Deref;
use std::path::PathBuf;

use chatkitd_store::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// A store in a folder that is removed with it.
pub struct TestStore {
    store: SqliteStore,
    folder: TempDir,
}

impl TestStore {
    pub async fn open(change: impl FnOnce(&mut SqliteOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = SqliteOptions::new(folder.path().join("chatkitd.db"));
        change(&mut options);
        Self { store: SqliteStore::connect(&options).await.unwrap(), folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("chatkitd.db")
    }
}

impl Deref for TestStore {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

pub async fn make() -> TestStore {
    TestStore::open(|_| {}).await
}

mod store {
    chatkitd_core::store_conformance!(crate::sqlite::make);
}

mod limits {
    chatkitd_core::limiter_conformance!(crate::sqlite::make);
}
