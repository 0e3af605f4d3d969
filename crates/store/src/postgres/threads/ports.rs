use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{RunId, SessionId, ThreadId};
use chatkitd_core::ports::{RunLease, RunRecovery, Scope, StoreError, Threads};
use chatkitd_core::sessions::AuditEntry;
use chatkitd_core::threads::{
    Begun, Fence, ItemPage, ItemQuery, ItemTextPage, ItemWrite, Renewal, Renewed, RunEnd, RunRecord,
    RunStart, StrandedRun, ThreadChange, ThreadPage, ThreadQuery, ThreadRecord, Which,
};
use chatkitd_protocol::chatkit::{FeedbackKind, ThreadItem};
use jiff::Timestamp;

use super::{begin, items, leases, records, recovery, runs};
use crate::postgres::{PostgresStore, sessions};
use crate::thread_rows::item_page;

#[async_trait]
impl Threads for PostgresStore {
    async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<Option<ThreadRecord>, StoreError> {
        records::one(&self.database, scope, id).await
    }

    async fn threads(&self, scope: &Scope, query: &ThreadQuery) -> Result<ThreadPage, StoreError> {
        records::list(&self.database, scope, query).await
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
        items::list(&self.database, scope, thread, query).await
    }

    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &str,
    ) -> Result<Option<ThreadItem>, StoreError> {
        items::one(&self.database, scope, thread, id).await
    }

    async fn replace_item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ThreadItem,
    ) -> Result<(), StoreError> {
        items::replace(&self.database, scope, thread, item).await
    }

    async fn change_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        change: &ThreadChange,
    ) -> Result<ThreadRecord, StoreError> {
        records::change(&self.database, scope, id, change).await
    }

    async fn delete_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        records::delete(&self.database, scope, id, audit).await
    }

    async fn add_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[String],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        items::add_feedback(&self.database, scope, thread, items, kind, at).await
    }

    async fn feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Vec<(String, FeedbackKind)>, StoreError> {
        items::feedback(&self.database, scope, thread).await
    }

    async fn begin_run(&self, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError> {
        begin::begin(&self.database, scope, start).await
    }

    async fn write_run(&self, fence: &Fence, writes: &[ItemWrite]) -> Result<(), StoreError> {
        runs::write(&self.database, fence, writes).await
    }

    async fn end_run(&self, fence: &Fence, end: &RunEnd) -> Result<(), StoreError> {
        runs::end(&self.database, fence, end).await
    }

    async fn abandon_run(&self, fence: &Fence) -> Result<(), StoreError> {
        runs::abandon(&self.database, fence).await
    }

    async fn run(&self, scope: &Scope, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        leases::run(&self.database, scope, id).await
    }

    async fn live_run(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<RunRecord>, StoreError> {
        leases::live_run(&self.database, scope, thread).await
    }

    async fn request_stop(&self, scope: &Scope, id: &RunId) -> Result<(), StoreError> {
        leases::request_stop(&self.database, scope, id).await
    }
}

#[async_trait]
impl RunLease for PostgresStore {
    async fn revoked_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        sessions::revoked(&self.leases, ids).await
    }

    async fn renew_runs(&self, runs: &[Renewal], lease: Duration) -> Result<Vec<Renewed>, StoreError> {
        leases::renew(&self.leases, runs, lease).await
    }
}

#[async_trait]
impl RunRecovery for PostgresStore {
    async fn interrupt_runs(
        &self,
        which: Which,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StrandedRun>, StoreError> {
        recovery::interrupt(&self.database, which, now, limit).await
    }
}
