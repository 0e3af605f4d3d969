//! Attachments in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::MemoryStore;
use super::conversations::Conversations;
use crate::attachments::{
    AWAITED_FOR, Announced, AttachmentBounds, AttachmentRecord, AttachmentState, UNSENT_FOR, Uploaded,
};
use crate::id::{AttachmentId, ThreadId};
use crate::ports::{AttachmentSweep, Attachments, Scope, StoreError};
use crate::sessions::later;
use crate::threads::RunStart;

/// All attachments, and the blobs that wait for their deletion.
#[derive(Default)]
pub(super) struct AttachmentTable {
    rows: BTreeMap<AttachmentId, Row>,
    due: BTreeMap<AttachmentId, Timestamp>,
}

struct Row {
    record: AttachmentRecord,
    /// The message that it was sent with.
    item: Option<String>,
}

impl AttachmentTable {
    fn get_mut(&mut self, scope: &Scope, id: &AttachmentId) -> Result<&mut Row, StoreError> {
        let row = self.rows.get_mut(id).filter(|row| scope.holds(&row.record.site, &row.record.user));
        row.ok_or(StoreError::NotFound)
    }

    /// Whether all that a run brings along can be sent.
    pub(super) fn can_send(&mut self, scope: &Scope, ids: &[AttachmentId]) -> bool {
        let is_ready = |row: &mut Row| row.record.is_uploaded() && row.record.thread.is_none();
        ids.iter().all(|id| self.get_mut(scope, id).is_ok_and(is_ready))
    }

    pub(super) fn send(&mut self, start: &RunStart) {
        for id in &start.attachments {
            if let Some(row) = self.rows.get_mut(id) {
                row.record.thread = Some(start.thread.clone());
                row.item = start.message().map(str::to_owned);
            }
        }
    }

    fn remove_if(&mut self, is_over: impl Fn(&Row) -> bool, limit: usize) {
        let over: Vec<AttachmentId> =
            self.rows.iter().filter(|(_, row)| is_over(row)).map(|(id, _)| id.clone()).take(limit).collect();
        for id in over {
            self.rows.remove(&id);
            self.due.insert(id, Timestamp::MIN);
        }
    }
}

impl Conversations {
    /// Attachments go with the message that they were sent with, and with its thread.
    pub(super) fn drop_attachments(&mut self, thread: &ThreadId) {
        let left = self.threads.get(thread);
        let is_gone = |row: &Row| {
            row.record.thread.as_ref() == Some(thread)
                && row.item.as_ref().is_none_or(|item| left.is_none_or(|left| left.item(item).is_none()))
        };
        self.attachments.remove_if(is_gone, usize::MAX);
    }
}

impl MemoryStore {
    /// How many attachments of the scope were not sent in a thread yet.
    pub fn unsent_attachments(&self, scope: &Scope) -> usize {
        let conversations = self.conversations();
        let records = conversations.attachments.rows.values().map(|row| &row.record);
        let unsent = records.filter(|record| record.thread.is_none());
        unsent.filter(|record| scope.holds(&record.site, &record.user)).count()
    }
}

#[async_trait]
impl Attachments for MemoryStore {
    async fn create_attachment(
        &self,
        scope: &Scope,
        record: &AttachmentRecord,
        bounds: AttachmentBounds,
    ) -> Result<Announced, StoreError> {
        if !scope.holds(&record.site, &record.user) {
            return Err(StoreError::NotFound);
        }
        let table = &mut self.conversations().attachments;
        if table.rows.contains_key(&record.id) {
            return Err(StoreError::Conflict);
        }
        let owner = Scope::User(record.site.clone(), record.user.clone());
        let records = || table.rows.values().map(|row| &row.record);
        let others = || records().filter(|other| owner.holds(&other.site, &other.user));
        if let Some((since, limit)) = bounds.since
            && others().filter(|other| other.created_at >= since).count() as u64 >= limit
        {
            return Ok(Announced::TooManySince);
        }
        if others().filter(|other| other.thread.is_none()).count() as u64 >= bounds.unsent {
            return Ok(Announced::TooManyUnsent);
        }
        table.rows.insert(record.id.clone(), Row { record: record.clone(), item: None });
        Ok(Announced::Created)
    }

    async fn attachment(
        &self,
        scope: &Scope,
        id: &AttachmentId,
    ) -> Result<Option<AttachmentRecord>, StoreError> {
        Ok(self.conversations().attachments.get_mut(scope, id).ok().map(|row| row.record.clone()))
    }

    async fn finish_upload(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        uploaded: &Uploaded,
    ) -> Result<AttachmentRecord, StoreError> {
        let mut conversations = self.conversations();
        let record = &mut conversations.attachments.get_mut(scope, id)?.record;
        if record.is_uploaded() {
            return Err(StoreError::Conflict);
        }
        record.mime_type.clone_from(&uploaded.mime_type);
        record.size = uploaded.size;
        record.state = AttachmentState::Uploaded { preview: uploaded.preview };
        Ok(record.clone())
    }

    async fn delete_attachment(&self, scope: &Scope, id: &AttachmentId) -> Result<(), StoreError> {
        let table = &mut self.conversations().attachments;
        table.get_mut(scope, id)?;
        table.remove_if(|row| row.record.id == *id, 1);
        Ok(())
    }
}

#[async_trait]
impl AttachmentSweep for MemoryStore {
    async fn expire_attachments(&self, now: Timestamp, limit: u32) -> Result<(), StoreError> {
        let is_over = |row: &Row| {
            let kept = if row.record.is_uploaded() { UNSENT_FOR } else { AWAITED_FOR };
            row.record.thread.is_none() && later(row.record.created_at, kept) <= now
        };
        self.conversations().attachments.remove_if(is_over, limit as usize);
        Ok(())
    }

    async fn take_blob_deletions(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<AttachmentId>, StoreError> {
        let table = &mut self.conversations().attachments;
        let due = table.due.iter_mut().filter(|(_, at)| **at <= now).take(limit as usize);
        Ok(due
            .map(|(id, at)| {
                *at = later(now, lease);
                id.clone()
            })
            .collect())
    }

    async fn finish_blob_deletion(&self, id: &AttachmentId) -> Result<(), StoreError> {
        self.conversations().attachments.due.remove(id);
        Ok(())
    }
}
