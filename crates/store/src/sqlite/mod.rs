//! The store on SQLite: one file, one node.
//!
//! Everything here is synchronous code on the connections of a [`database::Database`]: writes run on its
//! one writing thread ([`writer`]), reads where they are asked for ([`readers`]); in WAL mode these
//! neither wait for the writer nor hold it up.

mod attachments;
mod audit;
mod checkpoint;
mod database;
mod error;
mod idempotency;
mod items;
mod jobs;
mod keys;
mod leases;
mod limiter;
mod migrations;
mod options;
mod query;
mod readers;
mod rows;
mod runs;
mod secrets;
mod sessions;
mod sweep;
mod threads;
mod writer;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{RunId, ServiceKeyId, SessionId, ThreadId, UserId};
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{
    Credentials, Limiter, LimiterError, Maintenance, RunLease, RunRecovery, Scope, Store, StoreError, Threads,
};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{
    AuditAction, AuditEntry, CancelJob, Claim, ClaimToken, NewSecret, Replacement, SecretRecord, Session,
    SessionChange, SessionPage,
};
use chatkitd_core::threads::{
    Begun, Fence, ItemPage, ItemQuery, ItemTextPage, ItemWrite, Renewal, Renewed, RunEnd, RunRecord,
    RunStart, StrandedRun, ThreadChange, ThreadPage, ThreadQuery, ThreadRecord, Which,
};
use chatkitd_protocol::chatkit::{FeedbackKind, ThreadItem};
use jiff::Timestamp;

use crate::error::{MigrateError, limiter_error};
use crate::thread_rows::item_page;
use database::Database;
pub(crate) use error::is_transient;
pub use options::{Durability, SqliteOptions};

/// The store on a SQLite file. Must be opened within a tokio runtime.
pub struct SqliteStore(Database);

impl SqliteStore {
    /// Opens the file and brings it to this binary's schema.
    pub async fn connect(options: &SqliteOptions) -> Result<Self, MigrateError> {
        Database::open(options).await.map(Self)
    }

    /// Whether [`SqliteStore::connect`] would take the file as it is; one that is not there yet it would make.
    /// Nothing is written. Blocks.
    pub fn check(file: &Path) -> Result<(), MigrateError> {
        if !file.exists() {
            return Ok(());
        }
        let connection = options::open_unchanged(file).map_err(MigrateError::connect)?;
        migrations::missing(&connection).map(drop)
    }

    /// Waits for the writes that were asked for, then closes the file. Later operations are
    /// `Unavailable`.
    pub async fn close(&self) {
        self.0.close().await;
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
        sessions::create(&self.0, scope, session, secret).await
    }

    async fn find_or_create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<Option<Session>, StoreError> {
        sessions::find_or_create(&self.0, scope, session, secret).await
    }

    async fn reusable_session(
        &self,
        scope: &Scope,
        workflow: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        sessions::reusable(&self.0, scope, workflow, now).await
    }

    async fn add_secret(
        &self,
        scope: &Scope,
        session: &SessionId,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Session, StoreError> {
        secrets::add(&self.0, scope, session, change, secret).await
    }

    async fn claim_replacement(
        &self,
        scope: &Scope,
        old: &SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        secrets::claim(&self.0, scope, old, now, until).await
    }

    async fn release_claim(
        &self,
        scope: &Scope,
        old: &SecretHash,
        token: ClaimToken,
    ) -> Result<(), StoreError> {
        secrets::release(&self.0, scope, old, token).await
    }

    async fn replace_secret(
        &self,
        scope: &Scope,
        old: &SecretHash,
        replacement: &Replacement,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Option<Replacement>, StoreError> {
        secrets::replace(&self.0, scope, old, replacement, change, secret).await
    }

    async fn cancel_upstream_session(
        &self,
        scope: &Scope,
        upstream_session: &str,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        jobs::note(&self.0, scope, upstream_session, due).await
    }

    async fn session(&self, scope: &Scope, id: &SessionId) -> Result<Option<Session>, StoreError> {
        sessions::one(&self.0, scope, id).await
    }

    async fn sessions(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        sessions::list(&self.0, scope, after, limit).await
    }

    async fn revoke_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        sessions::revoke(&self.0, scope, id, at, audit).await
    }

    async fn hand_over_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        sessions::hand_over(&self.0, scope, id, user).await
    }

    async fn create_service_key(
        &self,
        scope: &Scope,
        key: &ServiceKey,
        hash: &SecretHash,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        keys::create(&self.0, scope, key, hash, audit).await
    }

    async fn service_keys(&self, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
        keys::list(&self.0, scope).await
    }

    async fn revoke_service_key(
        &self,
        scope: &Scope,
        id: &ServiceKeyId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        keys::revoke(&self.0, scope, id, at, audit).await
    }

    async fn audit_log(
        &self,
        scope: &Scope,
        action: Option<AuditAction>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        audit::list(&self.0, scope, action, limit).await
    }
}

#[async_trait]
impl Credentials for SqliteStore {
    async fn client_secret(&self, hash: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError> {
        secrets::by_hash(&self.0, hash).await
    }

    async fn service_key(&self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        keys::by_hash(&self.0, hash).await
    }
}

#[async_trait]
impl Maintenance for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let sql = "SELECT 1 FROM sessions LIMIT 1";
        self.0.read(move |connection| Ok(query::first::<(i64,)>(connection, sql, ())?)).await?;
        Ok(())
    }

    async fn take_cancel_jobs(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<CancelJob>, StoreError> {
        jobs::take(&self.0, now, lease, limit).await
    }

    async fn finish_cancel_job(&self, job: &CancelJob) -> Result<(), StoreError> {
        jobs::finish(&self.0, job).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        sweep::everything(&self.0, now).await
    }
}

#[async_trait]
impl Limiter for SqliteStore {
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError> {
        limiter::take(&self.0, key, quota, now).await.map_err(limiter_error)
    }
}

#[async_trait]
impl Threads for SqliteStore {
    async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<Option<ThreadRecord>, StoreError> {
        threads::one(&self.0, scope, id).await
    }

    async fn threads(&self, scope: &Scope, query: &ThreadQuery) -> Result<ThreadPage, StoreError> {
        threads::list(&self.0, scope, query).await
    }

    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        query: &ItemQuery,
    ) -> Result<Option<ItemPage>, StoreError> {
        self.item_texts(scope, thread, query).await?.as_ref().map(item_page).transpose()
    }

    async fn item_texts(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        query: &ItemQuery,
    ) -> Result<Option<ItemTextPage>, StoreError> {
        items::list(&self.0, scope, thread, query).await
    }

    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &str,
    ) -> Result<Option<ThreadItem>, StoreError> {
        items::one(&self.0, scope, thread, id).await
    }

    async fn replace_item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ThreadItem,
    ) -> Result<(), StoreError> {
        items::replace(&self.0, scope, thread, item).await
    }

    async fn change_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        change: &ThreadChange,
    ) -> Result<ThreadRecord, StoreError> {
        threads::change(&self.0, scope, id, change).await
    }

    async fn delete_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        threads::delete(&self.0, scope, id, audit).await
    }

    async fn add_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[String],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        threads::add_feedback(&self.0, scope, thread, items, kind, at).await
    }

    async fn feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Vec<(String, FeedbackKind)>, StoreError> {
        threads::feedback(&self.0, scope, thread).await
    }

    async fn begin_run(&self, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError> {
        runs::begin(&self.0, scope, start).await
    }

    async fn write_run(&self, fence: &Fence, writes: &[ItemWrite]) -> Result<(), StoreError> {
        runs::write(&self.0, fence, writes).await
    }

    async fn end_run(&self, fence: &Fence, end: &RunEnd) -> Result<(), StoreError> {
        runs::end(&self.0, fence, end).await
    }

    async fn abandon_run(&self, fence: &Fence) -> Result<(), StoreError> {
        runs::abandon(&self.0, fence).await
    }

    async fn run(&self, scope: &Scope, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        runs::one(&self.0, scope, id).await
    }

    async fn live_run(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<RunRecord>, StoreError> {
        runs::live(&self.0, scope, thread).await
    }

    async fn request_stop(&self, scope: &Scope, id: &RunId) -> Result<(), StoreError> {
        runs::request_stop(&self.0, scope, id).await
    }
}

#[async_trait]
impl RunLease for SqliteStore {
    async fn revoked_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        sessions::revoked(&self.0, ids).await
    }

    async fn renew_runs(&self, runs: &[Renewal], lease: Duration) -> Result<Vec<Renewed>, StoreError> {
        leases::renew(&self.0, runs, lease).await
    }
}

#[async_trait]
impl RunRecovery for SqliteStore {
    async fn interrupt_runs(
        &self,
        which: Which,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StrandedRun>, StoreError> {
        leases::interrupt(&self.0, which, now, limit).await
    }
}
