use std::time::Duration;

use async_trait::async_trait;
use chatkitd_protocol::chatkit::{FeedbackKind, ThreadItem};
use jiff::Timestamp;

use super::MemoryStore;
use super::conversation::Conversation;
use crate::id::{RunId, SessionId, ThreadId};
use crate::ports::{RunLease, RunRecovery, Scope, StoreError, Threads};
use crate::sessions::AuditEntry;
use crate::threads::{
    Begun, Fence, ItemPage, ItemQuery, ItemText, ItemTextPage, ItemWrite, Renewal, Renewed, RunEnd,
    RunRecord, RunStart, RunStatus, StrandedRun, ThreadChange, ThreadPage, ThreadQuery, ThreadRecord, Which,
};

impl From<&ItemPage> for ItemTextPage {
    fn from(page: &ItemPage) -> Self {
        let text = |item: &ThreadItem| ItemText {
            id: item.id().to_owned(),
            json: serde_json::to_string(item).expect("an item is JSON"),
        };
        Self { items: page.items.iter().map(text).collect(), has_more: page.has_more }
    }
}

#[async_trait]
impl Threads for MemoryStore {
    async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<Option<ThreadRecord>, StoreError> {
        Ok(self.conversations().get(scope, id).map(|found| found.record.clone()))
    }

    async fn threads(&self, scope: &Scope, query: &ThreadQuery) -> Result<ThreadPage, StoreError> {
        Ok(self.conversations().page(scope, query))
    }

    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        query: &ItemQuery,
    ) -> Result<Option<ItemPage>, StoreError> {
        Ok(self.conversations().get(scope, thread).map(|found| found.page(query)))
    }

    async fn item_texts(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        query: &ItemQuery,
    ) -> Result<Option<ItemTextPage>, StoreError> {
        Ok(self.items(scope, thread, query).await?.as_ref().map(ItemTextPage::from))
    }

    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &str,
    ) -> Result<Option<ThreadItem>, StoreError> {
        Ok(self.conversations().get(scope, thread).and_then(|found| found.item(id)).cloned())
    }

    async fn replace_item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ThreadItem,
    ) -> Result<(), StoreError> {
        self.conversations().get_mut(scope, thread)?.replace(item)
    }

    async fn change_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        change: &ThreadChange,
    ) -> Result<ThreadRecord, StoreError> {
        let mut conversations = self.conversations();
        let record = &mut conversations.get_mut(scope, id)?.record;
        change.clone().apply(record);
        Ok(record.clone())
    }

    async fn delete_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.conversations().delete(scope, id, audit.at)?;
        self.state().audit.push(audit.clone());
        Ok(())
    }

    async fn add_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[String],
        kind: FeedbackKind,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.conversations().get_mut(scope, thread)?.add_feedback(items, kind)
    }

    async fn feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Vec<(String, FeedbackKind)>, StoreError> {
        Ok(self.conversations().get(scope, thread).map_or_else(Vec::new, Conversation::feedback))
    }

    async fn begin_run(&self, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError> {
        self.conversations().begin(scope, start, self.clock.now())
    }

    async fn write_run(&self, fence: &Fence, writes: &[ItemWrite]) -> Result<(), StoreError> {
        let mut conversations = self.conversations();
        conversations.fenced(fence)?.write(writes)?;
        conversations.drop_attachments(&fence.thread);
        self.reply()
    }

    async fn end_run(&self, fence: &Fence, end: &RunEnd) -> Result<(), StoreError> {
        let mut conversations = self.conversations();
        let thread = conversations.fenced(fence)?;
        thread.write(&end.writes)?;
        thread.run = None;
        conversations.end(fence, RunStatus::Ended(end.outcome), end.now);
        conversations.drop_attachments(&fence.thread);
        Ok(())
    }

    async fn abandon_run(&self, fence: &Fence) -> Result<(), StoreError> {
        self.conversations().abandon(fence)
    }

    async fn run(&self, scope: &Scope, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        Ok(self.conversations().run(scope, id).map(|run| run.record.clone()))
    }

    async fn live_run(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<RunRecord>, StoreError> {
        let conversations = self.conversations();
        let holder = conversations.get(scope, thread).and_then(|found| found.run.as_ref());
        let run = holder.and_then(|run| conversations.runs.get(run));
        Ok(run.filter(|run| run.lease_until > self.clock.now()).map(|run| run.record.clone()))
    }

    async fn request_stop(&self, scope: &Scope, id: &RunId) -> Result<(), StoreError> {
        let mut conversations = self.conversations();
        conversations.run(scope, id).ok_or(StoreError::NotFound)?;
        if let Some(run) = conversations.runs.get_mut(id) {
            run.stop_requested = true;
        }
        Ok(())
    }
}

#[async_trait]
impl RunLease for MemoryStore {
    async fn revoked_sessions(&self, sessions: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        let state = self.state();
        let is_revoked =
            |id: &&SessionId| state.sessions.get(id).is_some_and(|found| found.revoked_at.is_some());
        Ok(sessions.iter().filter(is_revoked).cloned().collect())
    }

    async fn renew_runs(&self, runs: &[Renewal], lease: Duration) -> Result<Vec<Renewed>, StoreError> {
        let mut conversations = self.conversations();
        let until = self.clock.now().checked_add(lease).unwrap_or(Timestamp::MAX);
        let mut renew = |renewal: &Renewal| {
            let run = conversations.runs.get_mut(&renewal.run);
            let Some(run) = run.filter(|run| run.record.status == RunStatus::Running) else {
                return Renewed::Lost;
            };
            run.lease_until = until;
            if let Some(checkpoint) = &renewal.checkpoint {
                run.checkpoint.clone_from(checkpoint);
            }
            if run.stop_requested { Renewed::StopRequested } else { Renewed::Held }
        };
        Ok(runs.iter().map(&mut renew).collect())
    }
}

#[async_trait]
impl RunRecovery for MemoryStore {
    async fn interrupt_runs(
        &self,
        which: Which,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StrandedRun>, StoreError> {
        let mut conversations = self.conversations();
        let clock = self.clock.now();
        let is_due = |lease_until| match which {
            Which::Expired => lease_until <= clock,
            Which::All => true,
        };
        let going = conversations.runs.values().filter(|run| run.record.status == RunStatus::Running);
        let due = going.filter(|run| is_due(run.lease_until)).take(limit as usize);
        let due: Vec<RunId> = due.map(|run| run.record.id.clone()).collect();
        Ok(due.iter().filter_map(|run| conversations.interrupt(run, now)).collect())
    }
}
