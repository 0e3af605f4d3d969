//! Rows of attachments in both databases.

use chatkitd_core::attachments::{AttachmentRecord, AttachmentState};
use chatkitd_core::id::{AttachmentId, SiteName, ThreadId, UserId};
use chatkitd_core::ports::StoreError;

use crate::error::Damaged;
use crate::rows::timestamp;

/// The columns of an [`AttachmentRow`], but for the thread's id, which comes last.
macro_rules! attachment_columns {
    () => {
        "id, site, user_id, name, mime_type, size, uploaded, preview, created_at"
    };
}
pub(crate) use attachment_columns;

#[derive(sqlx::FromRow)]
pub(crate) struct AttachmentRow {
    pub id: String,
    pub site: String,
    pub user_id: String,
    pub name: String,
    pub mime_type: String,
    pub size: i64,
    pub uploaded: bool,
    pub preview: bool,
    pub created_at: i64,
    pub thread_id: Option<String>,
}

impl TryFrom<AttachmentRow> for AttachmentRecord {
    type Error = StoreError;

    fn try_from(row: AttachmentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: attachment_id(&row.id)?,
            site: SiteName::parse(&row.site).map_err(|error| Damaged::because("attachments.site", error))?,
            user: UserId::recorded(row.user_id),
            thread: row.thread_id.as_deref().map(thread_id).transpose()?,
            name: row.name,
            mime_type: row.mime_type,
            size: u64::try_from(row.size).map_err(|error| Damaged::because("attachments.size", error))?,
            state: if row.uploaded {
                AttachmentState::Uploaded { preview: row.preview }
            } else {
                AttachmentState::Awaited
            },
            created_at: timestamp("attachments.created_at", row.created_at)?,
        })
    }
}

pub(crate) fn attachment_id(text: &str) -> Result<AttachmentId, StoreError> {
    AttachmentId::parse(text).ok_or_else(|| Damaged::bare("attachments.id"))
}

fn thread_id(text: &str) -> Result<ThreadId, StoreError> {
    ThreadId::parse(text).ok_or_else(|| Damaged::bare("attachments.thread"))
}

/// What `count(*)` gives.
pub(crate) fn count(row: Option<(i64,)>) -> u64 {
    row.and_then(|(count,)| u64::try_from(count).ok()).unwrap_or_default()
}

/// More than any disk holds.
pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
