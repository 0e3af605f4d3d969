//! Opens the store that the settings name.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::id::UserId;
use chatkitd_core::identity::{Roles, RolesError};
use chatkitd_core::ports::{
    AttachmentSweep, Attachments, Credentials, Limiter, Maintenance, RunLease, RunRecovery, Store, Threads,
};
use chatkitd_core::sessions::NoStore;
use chatkitd_store::{MigrateError, PostgresOptions, PostgresStore, RoleQuery, SqliteOptions, SqliteStore};
use secrecy::ExposeSecret;

use crate::settings::{Database, Durability, Settings};

/// One database in all the roles it plays.
pub(crate) struct Stores {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) maintenance: Arc<dyn Maintenance>,
    /// The limiter in the database; there is none without one.
    pub(crate) limiter: Option<Arc<dyn Limiter>>,
    /// Conversations; there are none without a database.
    pub(crate) conversations: Option<Conversations>,
    open: Open,
}

/// Threads, and what their runs need of the database.
#[derive(Clone)]
pub(crate) struct Conversations {
    pub(crate) threads: Arc<dyn Threads>,
    pub(crate) lease: Arc<dyn RunLease>,
    pub(crate) recovery: Arc<dyn RunRecovery>,
    pub(crate) attachments: Arc<dyn Attachments>,
    pub(crate) attachment_sweep: Arc<dyn AttachmentSweep>,
}

enum Open {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
    Nothing,
}

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be made.
    #[error("the folder {} cannot be made; set CHATKITD_DATA_DIR to one that is writable", path.display())]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be reached, or its schema is not this version's.
    #[error("the database cannot be opened")]
    Database(#[from] MigrateError),
}

impl Stores {
    /// Opens the database and brings its schema up to date.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, OpenError> {
        match &settings.database {
            Database::Sqlite(path) => {
                make_folder(path.parent().unwrap_or(Path::new(".")))?;
                let mut options = SqliteOptions::new(path);
                options.durability = match settings.durability {
                    Durability::Normal => chatkitd_store::Durability::Process,
                    Durability::Full => chatkitd_store::Durability::Disk,
                };
                let store = Arc::new(SqliteStore::connect(&options).await?);
                Ok(Self::full(store.clone(), Open::Sqlite(store)))
            }
            Database::Postgres(url) => {
                let store =
                    Arc::new(PostgresStore::connect(&PostgresOptions::new(url.expose_secret())).await?);
                Ok(Self::full(store.clone(), Open::Postgres(store)))
            }
            Database::None => Ok(Self::of(Arc::new(NoStore), Open::Nothing)),
        }
    }

    fn full<S>(store: Arc<S>, open: Open) -> Self
    where
        S: Store + Credentials + Maintenance + Limiter + 'static,
        S: Threads + RunLease + RunRecovery + Attachments + AttachmentSweep,
    {
        let conversations = Conversations {
            threads: store.clone(),
            lease: store.clone(),
            recovery: store.clone(),
            attachments: store.clone(),
            attachment_sweep: store.clone(),
        };
        Self { limiter: Some(store.clone()), conversations: Some(conversations), ..Self::of(store, open) }
    }

    fn of<S>(store: Arc<S>, open: Open) -> Self
    where
        S: Store + Credentials + Maintenance + 'static,
    {
        Self {
            credentials: store.clone(),
            maintenance: store.clone(),
            store,
            limiter: None,
            conversations: None,
            open,
        }
    }

    /// Writes what is waiting and closes all connections.
    pub(crate) async fn close(&self) {
        match &self.open {
            Open::Sqlite(store) => store.close().await,
            Open::Postgres(store) => store.close().await,
            Open::Nothing => {}
        }
    }
}

/// Makes a folder and those above it, for nobody else to look into: it holds secrets and conversations.
pub(crate) fn make_folder(path: &Path) -> Result<(), OpenError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| OpenError::Folder { path: path.to_owned(), source })
}

/// The app's own users table.
pub(crate) struct UsersTable(pub(crate) RoleQuery);

#[async_trait]
impl Roles for UsersTable {
    async fn role(&self, user: &UserId) -> Result<Option<String>, RolesError> {
        self.0.role(user.as_str()).await.map_err(|error| RolesError(Box::new(error)))
    }
}
