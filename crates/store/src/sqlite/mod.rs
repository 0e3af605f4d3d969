//! The store on SQLite: one file, one node.
//!
//! Writes go through one task that owns the only writing connection ([`writer`]); reads use a small
//! pool, which in WAL mode neither waits for the writer nor holds it up.

mod audit;
mod creations;
mod jobs;
mod keys;
mod limiter;
mod secrets;
mod sessions;
mod sweep;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{ServiceKeyId, SessionId};
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Credentials, Limiter, LimiterError, Maintenance, Scope, Store, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{
    AuditEntry, CancelJob, NewSecret, Replacement, SecretRecord, Session, SessionChange, SessionPage,
};
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::error::{MigrateError, is_busy, limiter_error, store_error};
use crate::migrations::migrate_sqlite;
use writer::Writer;

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
    /// Connections that read. Default 4.
    pub readers: u32,
    /// How long to wait for a lock that another process holds. Default 5 s.
    pub busy_timeout: Duration,
    /// The most pages of 4 KiB that the file may grow to; past it the store is unavailable for writes, as
    /// on a full disk. Default: no bound.
    pub max_pages: Option<u32>,
}

impl SqliteOptions {
    /// The defaults for this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durability: Durability::default(),
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            max_pages: None,
        }
    }

    fn connection(&self) -> SqliteConnectOptions {
        let synchronous = match self.durability {
            Durability::Process => SqliteSynchronous::Normal,
            Durability::Disk => SqliteSynchronous::Full,
        };
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(self.busy_timeout)
            .foreign_keys(true)
            // Every statement would be a span and a line of its own; requests are logged instead.
            .disable_statement_logging();
        match self.max_pages {
            Some(pages) => options.pragma("max_page_count", pages.to_string()),
            None => options,
        }
    }
}

/// The store on a SQLite file. Must be opened within a tokio runtime.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file and brings it to this binary's schema.
    pub async fn connect(options: &SqliteOptions) -> Result<Self, MigrateError> {
        let connect = options.connection();
        let mut connection = open(&connect, options.busy_timeout).await.map_err(MigrateError::Connect)?;
        if let Err(error) = migrate_sqlite(&mut connection).await {
            connection.close().await.map_err(MigrateError::Connect)?;
            return Err(error);
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            // There is no network in between that could have cut the connection.
            .test_before_acquire(false)
            .acquire_timeout(options.busy_timeout)
            .connect_lazy_with(connect.clone().pragma("query_only", "ON"));
        Ok(Self { writer: Writer::spawn(connection, connect), readers })
    }

    /// Waits for the writes that were asked for, then closes the file. Later operations are
    /// `Unavailable`.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// Opens the file, again while another process switches it to WAL: SQLite does not wait for that lock
/// by itself, whatever the busy timeout.
async fn open(
    connect: &SqliteConnectOptions,
    patience: Duration,
) -> Result<sqlx::SqliteConnection, sqlx::Error> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match connect.connect().await {
            Err(error) if is_busy(&error) && waited < patience => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            opened => return opened,
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<(), StoreError> {
        sessions::create(&self.writer, scope, session, secret).await
    }

    async fn reusable_session(
        &self,
        scope: &Scope,
        workflow: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        sessions::reusable(&self.readers, scope, workflow, now).await
    }

    async fn add_secret(
        &self,
        scope: &Scope,
        session: &SessionId,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Session, StoreError> {
        secrets::add(&self.writer, scope, session, change, secret).await
    }

    async fn claim_replacement(
        &self,
        scope: &Scope,
        old: &SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Replacement>, StoreError> {
        secrets::claim(&self.writer, scope, old, now, until).await
    }

    async fn release_claim(&self, scope: &Scope, old: &SecretHash) -> Result<(), StoreError> {
        secrets::release(&self.writer, scope, old).await
    }

    async fn replace_secret(
        &self,
        scope: &Scope,
        old: &SecretHash,
        replacement: &Replacement,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Option<Replacement>, StoreError> {
        secrets::replace(&self.writer, scope, old, replacement, change, secret).await
    }

    async fn session(&self, scope: &Scope, id: &SessionId) -> Result<Option<Session>, StoreError> {
        sessions::one(&self.readers, scope, id).await
    }

    async fn sessions(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        sessions::list(&self.readers, scope, after, limit).await
    }

    async fn revoke_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        sessions::revoke(&self.writer, scope, id, at, audit).await
    }

    async fn create_service_key(
        &self,
        scope: &Scope,
        key: &ServiceKey,
        hash: &SecretHash,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        keys::create(&self.writer, scope, key, hash, audit).await
    }

    async fn service_keys(&self, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
        keys::list(&self.readers, scope).await
    }

    async fn revoke_service_key(
        &self,
        scope: &Scope,
        id: &ServiceKeyId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        keys::revoke(&self.writer, scope, id, at, audit).await
    }

    async fn audit_log(&self, scope: &Scope, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        audit::list(&self.readers, scope, limit).await
    }
}

#[async_trait]
impl Credentials for SqliteStore {
    async fn client_secret(&self, hash: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError> {
        secrets::by_hash(&self.readers, hash).await
    }

    async fn service_key(&self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        keys::by_hash(&self.readers, hash).await
    }
}

#[async_trait]
impl Maintenance for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await.map_err(store_error)?;
        Ok(())
    }

    async fn take_cancel_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<CancelJob>, StoreError> {
        jobs::take(&self.writer, now, until, limit).await
    }

    async fn finish_cancel_job(&self, job: &CancelJob) -> Result<(), StoreError> {
        jobs::finish(&self.writer, job).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        sweep::everything(&self.writer, now).await
    }
}

#[async_trait]
impl Limiter for SqliteStore {
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError> {
        limiter::take(&self.writer, key, quota, now).await.map_err(limiter_error)
    }
}
