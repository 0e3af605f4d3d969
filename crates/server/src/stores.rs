//! Opens the store that the settings name.

use std::io;
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

/// What says where the data folder is.
pub(crate) const DATA_DIR: &str = "CHATKITD_DATA_DIR";

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
    /// A folder cannot be made.
    #[error("the folder {} cannot be made; set {setting} to one that is writable", path.display())]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What sets it.
        setting: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It cannot be reached, or its schema is not this version's.
    #[error("{setting}: {source}")]
    Database {
        /// What says where it is.
        setting: &'static str,
        /// Why.
        source: MigrateError,
    },
}

impl Stores {
    /// Opens the database and brings its schema up to date.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let setting = database_setting(settings);
        let refuse = |source| OpenError::Database { setting, source };
        match &settings.database {
            Database::Sqlite(path) => {
                make_database_folder(settings, path)?;
                let mut options = SqliteOptions::new(path);
                options.durability = match settings.durability {
                    Durability::Normal => chatkitd_store::Durability::Process,
                    Durability::Full => chatkitd_store::Durability::Disk,
                };
                let store = Arc::new(SqliteStore::connect(&options).await.map_err(refuse)?);
                Ok(Self::full(store.clone(), Open::Sqlite(store)))
            }
            Database::Postgres(url) => {
                let options = PostgresOptions::new(url.expose_secret());
                let store = Arc::new(PostgresStore::connect(&options).await.map_err(refuse)?);
                Ok(Self::full(store.clone(), Open::Postgres(store)))
            }
            Database::None => Ok(Self::of(Arc::new(NoStore), Open::Nothing)),
        }
    }

    /// Whether [`Self::open`] would open it, as far as that shows without writing and without asking a server:
    /// whether one is there is the world's state and no setting.
    pub(crate) fn check(settings: &Settings) -> Result<(), OpenError> {
        let setting = database_setting(settings);
        let checked = match &settings.database {
            Database::Sqlite(path) => {
                check_folder(path.parent().unwrap_or(Path::new(".")), setting)?;
                SqliteStore::check(path)
            }
            Database::Postgres(url) => PostgresStore::check_url(url.expose_secret()),
            Database::None => Ok(()),
        };
        checked.map_err(|source| OpenError::Database { setting, source })
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

/// What says where the database is.
fn database_setting(settings: &Settings) -> &'static str {
    match &settings.database {
        Database::Sqlite(path) if *path == settings.own_database() => DATA_DIR,
        Database::Sqlite(_) | Database::Postgres(_) | Database::None => "CHATKITD_DATABASE_URL",
    }
}

/// Makes the folder of a SQLite file.
pub(crate) fn make_database_folder(settings: &Settings, database: &Path) -> Result<(), OpenError> {
    make_folder(database.parent().unwrap_or(Path::new(".")), database_setting(settings))
}

/// Makes a folder and those above it, for nobody else to look into: it holds secrets and conversations. `setting`:
/// what says where it is.
pub(crate) fn make_folder(path: &Path, setting: &'static str) -> Result<(), OpenError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| OpenError::Folder { path: path.to_owned(), setting, source })
}

/// Whether [`make_folder`] would make it, and files could be made in it.
pub(crate) fn check_folder(path: &Path, setting: &'static str) -> Result<(), OpenError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let innermost = whole.ancestors().find(|folder| folder.exists()).unwrap_or(&whole);
    is_writable_folder(innermost).map_err(|source| OpenError::Folder {
        path: path.to_owned(),
        setting,
        source,
    })
}

fn is_writable_folder(path: &Path) -> io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    #[cfg(unix)]
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?;
    Ok(())
}

/// The app's own users table.
pub(crate) struct UsersTable(pub(crate) RoleQuery);

#[async_trait]
impl Roles for UsersTable {
    async fn role(&self, user: &UserId) -> Result<Option<String>, RolesError> {
        self.0.role(user.as_str()).await.map_err(|error| RolesError(Box::new(error)))
    }
}
