//! Attachments, and the blobs that wait for their deletion.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::attachments::{
    AWAITED_FOR, Announced, AttachmentBounds, AttachmentRecord, UNSENT_FOR, Uploaded,
};
use chatkitd_core::id::AttachmentId;
use chatkitd_core::ports::{AttachmentSweep, Attachments, Scope, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::error::QueryResult;
use super::query::{Columns, FromColumns, all, execute, first};
use crate::attachment_rows::{AttachmentRow, attachment_columns, attachment_id, count, size};
use crate::rows::{before, millis, record, user, whole_millis};

/// One in the scope: ?1 its id, ?2 the site, ?3 the user or NULL.
macro_rules! in_scope {
    () => {
        " id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)"
    };
}

const ONE: &str = concat!(
    "SELECT ",
    attachment_columns!(),
    ", (SELECT threads.id FROM threads WHERE threads.key = attachments.thread) FROM attachments WHERE",
    in_scope!()
);

impl FromColumns for AttachmentRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            site: columns.next()?,
            user_id: columns.next()?,
            name: columns.next()?,
            mime_type: columns.next()?,
            size: columns.next()?,
            uploaded: columns.next()?,
            preview: columns.next()?,
            created_at: columns.next()?,
            thread_id: columns.next()?,
        })
    }
}

/// Whether all of them can be sent. Only one thread writes, so they still can when they are.
pub(super) fn can_send(connection: &Connection, scope: &Scope, ids: &[AttachmentId]) -> QueryResult<bool> {
    const READY: &str =
        concat!("SELECT 1 FROM attachments WHERE", in_scope!(), " AND uploaded AND thread IS NULL");
    for id in ids {
        let owner = params![id.as_str(), scope.site().as_str(), user(scope)];
        if first::<(i64,)>(connection, READY, owner)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// They become part of the thread with the message `item`.
pub(super) fn send(
    connection: &Connection,
    thread: i64,
    item: Option<&str>,
    ids: &[AttachmentId],
) -> QueryResult<()> {
    for id in ids {
        let sql = "UPDATE attachments SET thread = ?2, item_id = ?3 WHERE id = ?1";
        execute(connection, sql, params![id.as_str(), thread, item])?;
    }
    Ok(())
}

/// Why one more cannot be written. Only one thread writes, so it still can when it is.
fn refusal(
    connection: &Connection,
    new: &AttachmentRecord,
    bounds: AttachmentBounds,
) -> QueryResult<Option<Announced>> {
    let (site, user) = (new.site.as_str(), new.user.as_str());
    if let Some((since, limit)) = bounds.since {
        let sql = "SELECT count(*) FROM attachments WHERE site = ?1 AND user_id = ?2 AND created_at >= ?3";
        if count(first(connection, sql, params![site, user, millis(since)])?) >= limit {
            return Ok(Some(Announced::TooManySince));
        }
    }
    let sql = "SELECT count(*) FROM attachments WHERE site = ?1 AND user_id = ?2 AND thread IS NULL";
    let unsent = count(first(connection, sql, params![site, user])?);
    Ok((unsent >= bounds.unsent).then_some(Announced::TooManyUnsent))
}

#[async_trait]
impl Attachments for SqliteStore {
    async fn create_attachment(
        &self,
        scope: &Scope,
        attachment: &AttachmentRecord,
        bounds: AttachmentBounds,
    ) -> Result<Announced, StoreError> {
        if !scope.holds(&attachment.site, &attachment.user) {
            return Err(StoreError::NotFound);
        }
        let new = attachment.clone();
        let create = move |connection: &Connection| -> QueryResult<Announced> {
            if let Some(refusal) = refusal(connection, &new, bounds)? {
                return Ok(refusal);
            }
            let sql = "INSERT INTO attachments (id, site, user_id, name, mime_type, size, created_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let (id, site, user) = (new.id.as_str(), new.site.as_str(), new.user.as_str());
            let (size, at) = (size(new.size), millis(new.created_at));
            execute(connection, sql, params![id, site, user, new.name, new.mime_type, size, at])?;
            Ok(Announced::Created)
        };
        self.0.write(create).await
    }

    async fn attachment(
        &self,
        scope: &Scope,
        id: &AttachmentId,
    ) -> Result<Option<AttachmentRecord>, StoreError> {
        let row: Option<AttachmentRow> = self
            .0
            .read(|connection| {
                Ok(first(connection, ONE, params![id.as_str(), scope.site().as_str(), user(scope)])?)
            })
            .await?;
        record(row)
    }

    async fn finish_upload(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        uploaded: &Uploaded,
    ) -> Result<AttachmentRecord, StoreError> {
        const FINISH: &str = concat!(
            "UPDATE attachments SET mime_type = ?4, size = ?5, preview = ?6, uploaded = 1 WHERE",
            in_scope!(),
            " AND NOT uploaded"
        );
        let (scope, id, uploaded) = (scope.clone(), id.clone(), uploaded.clone());
        let finish = move |connection: &Connection| -> QueryResult<AttachmentRow> {
            let (id, site, user) = (id.as_str(), scope.site().as_str(), user(&scope));
            let (mime_type, size, preview) = (&uploaded.mime_type, size(uploaded.size), uploaded.preview);
            let changed = execute(connection, FINISH, params![id, site, user, mime_type, size, preview])?;
            let row: Option<AttachmentRow> = first(connection, ONE, params![id, site, user])?;
            let row = row.ok_or(StoreError::NotFound)?;
            if changed == 0 { Err(StoreError::Conflict.into()) } else { Ok(row) }
        };
        self.0.write(finish).await?.try_into()
    }

    async fn delete_attachment(&self, scope: &Scope, id: &AttachmentId) -> Result<(), StoreError> {
        let (scope, id) = (scope.clone(), id.clone());
        let delete = move |connection: &Connection| {
            let sql = concat!("DELETE FROM attachments WHERE", in_scope!());
            match execute(connection, sql, params![id.as_str(), scope.site().as_str(), user(&scope)])? {
                0 => Err(StoreError::NotFound.into()),
                _ => Ok(()),
            }
        };
        self.0.write(delete).await
    }
}

#[async_trait]
impl AttachmentSweep for SqliteStore {
    async fn expire_attachments(&self, now: Timestamp, limit: u32) -> Result<(), StoreError> {
        let (unsent, awaited) = (before(now, UNSENT_FOR), before(now, AWAITED_FOR));
        let expire = move |connection: &Connection| {
            let sql = "
                DELETE FROM attachments WHERE id IN (
                    SELECT id FROM attachments
                    WHERE thread IS NULL AND created_at <= ?2 AND (created_at <= ?1 OR NOT uploaded)
                    ORDER BY created_at LIMIT ?3)";
            execute(connection, sql, params![unsent, awaited, limit])?;
            Ok(())
        };
        self.0.write(expire).await
    }

    async fn take_blob_deletions(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<AttachmentId>, StoreError> {
        let take = move |connection: &Connection| -> QueryResult<Vec<(String,)>> {
            let sql = "
                UPDATE blob_deletions SET due_at = ?1 + ?2 WHERE attachment IN (
                    SELECT attachment FROM blob_deletions WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3)
                RETURNING attachment";
            Ok(all(connection, sql, params![millis(now), whole_millis(lease), limit])?)
        };
        self.0.write(take).await?.iter().map(|(id,)| attachment_id(id)).collect()
    }

    async fn finish_blob_deletion(&self, id: &AttachmentId) -> Result<(), StoreError> {
        let id = id.clone();
        let delete = move |connection: &Connection| {
            execute(connection, "DELETE FROM blob_deletions WHERE attachment = ?1", params![id.as_str()])?;
            Ok(())
        };
        self.0.write(delete).await
    }
}
