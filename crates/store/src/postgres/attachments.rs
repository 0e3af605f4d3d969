//! Attachments, and the blobs that wait for their deletion.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::attachments::{
    AWAITED_FOR, Announced, AttachmentBounds, AttachmentRecord, UNSENT_FOR, Uploaded,
};
use chatkitd_core::id::AttachmentId;
use chatkitd_core::ports::{AttachmentSweep, Attachments, Scope, StoreError};
use chatkitd_core::threads::RunStart;
use jiff::Timestamp;

use super::{Connection, Database, PostgresStore, wait_for_turn};
use crate::attachment_rows::{AttachmentRow, attachment_columns, attachment_id, count, size};
use crate::error::store_error;
use crate::rows::{before, millis, record, user, whole_millis};

/// One in the scope: $1 its id, $2 the site, $3 the user or NULL.
macro_rules! in_scope {
    () => {
        " id = $1 AND site = $2 AND ($3::text IS NULL OR user_id = $3)"
    };
}

const ONE: &str =
    concat!("SELECT ", attachment_columns!(), ", thread_id FROM chatkitd.attachments WHERE", in_scope!());

/// What a run brings along becomes part of its thread. `false`: not all of it can be sent.
pub(super) async fn send(
    database: &Database,
    connection: &mut Connection,
    scope: &Scope,
    start: &RunStart,
) -> Result<bool, StoreError> {
    let ids: Vec<&str> = start.attachments.iter().map(AttachmentId::as_str).collect();
    let sent = database
        .query(
            "UPDATE chatkitd.attachments SET thread_id = $4, item_id = $5
             WHERE id = ANY($1) AND site = $2 AND ($3::text IS NULL OR user_id = $3)
                 AND uploaded AND thread_id IS NULL",
        )
        .bind(&ids)
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(start.thread.as_str())
        .bind(start.message())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(sent.rows_affected() == ids.len() as u64)
}

/// Why one more cannot be written.
async fn refusal(
    database: &Database,
    connection: &mut Connection,
    new: &AttachmentRecord,
    bounds: AttachmentBounds,
) -> Result<Option<Announced>, StoreError> {
    if let Some((since, limit)) = bounds.since {
        let announced = database
            .query_as(
                "SELECT count(*) FROM chatkitd.attachments
                 WHERE site = $1 AND user_id = $2 AND created_at >= $3",
            )
            .bind(new.site.as_str())
            .bind(new.user.as_str())
            .bind(millis(since))
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
        if count(announced) >= limit {
            return Ok(Some(Announced::TooManySince));
        }
    }
    let unsent = database
        .query_as(
            "SELECT count(*) FROM chatkitd.attachments
             WHERE site = $1 AND user_id = $2 AND thread_id IS NULL",
        )
        .bind(new.site.as_str())
        .bind(new.user.as_str())
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    Ok((count(unsent) >= bounds.unsent).then_some(Announced::TooManyUnsent))
}

async fn insert(
    database: &Database,
    connection: &mut Connection,
    new: &AttachmentRecord,
) -> Result<(), StoreError> {
    database
        .query(
            "INSERT INTO chatkitd.attachments (id, site, user_id, name, mime_type, size, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(new.id.as_str())
        .bind(new.site.as_str())
        .bind(new.user.as_str())
        .bind(&new.name)
        .bind(&new.mime_type)
        .bind(size(new.size))
        .bind(millis(new.created_at))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

#[async_trait]
impl Attachments for PostgresStore {
    async fn create_attachment(
        &self,
        scope: &Scope,
        attachment: &AttachmentRecord,
        bounds: AttachmentBounds,
    ) -> Result<Announced, StoreError> {
        if !scope.holds(&attachment.site, &attachment.user) {
            return Err(StoreError::NotFound);
        }
        let database = &self.database;
        let mut transaction = database.begin().await.map_err(store_error)?;
        let turn = format!("attachments\n{}\n{}", attachment.site, attachment.user);
        wait_for_turn(database, &mut transaction, &turn).await?;
        if let Some(refusal) = refusal(database, &mut transaction, attachment, bounds).await? {
            return Ok(refusal);
        }
        insert(database, &mut transaction, attachment).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(Announced::Created)
    }

    async fn attachment(
        &self,
        scope: &Scope,
        id: &AttachmentId,
    ) -> Result<Option<AttachmentRecord>, StoreError> {
        let row: Option<AttachmentRow> = self
            .database
            .query_as(ONE)
            .bind(id.as_str())
            .bind(scope.site().as_str())
            .bind(user(scope))
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        record(row)
    }

    async fn finish_upload(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        uploaded: &Uploaded,
    ) -> Result<AttachmentRecord, StoreError> {
        const FINISH: &str = concat!(
            "UPDATE chatkitd.attachments SET mime_type = $4, size = $5, preview = $6, uploaded = TRUE WHERE",
            in_scope!(),
            " AND NOT uploaded RETURNING ",
            attachment_columns!(),
            ", thread_id"
        );
        let row: Option<AttachmentRow> = self
            .database
            .query_as(FINISH)
            .bind(id.as_str())
            .bind(scope.site().as_str())
            .bind(user(scope))
            .bind(&uploaded.mime_type)
            .bind(size(uploaded.size))
            .bind(uploaded.preview)
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        match row {
            Some(row) => row.try_into(),
            None if self.attachment(scope, id).await?.is_some() => Err(StoreError::Conflict),
            None => Err(StoreError::NotFound),
        }
    }

    async fn delete_attachment(&self, scope: &Scope, id: &AttachmentId) -> Result<(), StoreError> {
        let deleted = self
            .database
            .query(concat!("DELETE FROM chatkitd.attachments WHERE", in_scope!()))
            .bind(id.as_str())
            .bind(scope.site().as_str())
            .bind(user(scope))
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        if deleted.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }
}

#[async_trait]
impl AttachmentSweep for PostgresStore {
    async fn expire_attachments(&self, now: Timestamp, limit: u32) -> Result<(), StoreError> {
        self.database
            .query(
                "DELETE FROM chatkitd.attachments WHERE id IN (
                     SELECT id FROM chatkitd.attachments
                     WHERE thread_id IS NULL AND created_at <= $2 AND (created_at <= $1 OR NOT uploaded)
                     ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
            )
            .bind(before(now, UNSENT_FOR))
            .bind(before(now, AWAITED_FOR))
            .bind(i64::from(limit))
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn take_blob_deletions(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<AttachmentId>, StoreError> {
        let ids: Vec<(String,)> = self
            .database
            .query_as(
                "UPDATE chatkitd.blob_deletions SET due_at = $1 + $2 WHERE attachment IN (
                     SELECT attachment FROM chatkitd.blob_deletions
                     WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 RETURNING attachment",
            )
            .bind(millis(now))
            .bind(whole_millis(lease))
            .bind(i64::from(limit))
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        ids.iter().map(|(id,)| attachment_id(id)).collect()
    }

    async fn finish_blob_deletion(&self, id: &AttachmentId) -> Result<(), StoreError> {
        self.database
            .query("DELETE FROM chatkitd.blob_deletions WHERE attachment = $1")
            .bind(id.as_str())
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}
