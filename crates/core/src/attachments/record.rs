//! An attachment as the store keeps it. Its content is a blob.

use jiff::Timestamp;

use crate::id::{AttachmentId, SiteName, ThreadId, UserId};

/// A file that a visitor sends along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRecord {
    /// `cfile_…`.
    pub id: AttachmentId,
    /// The site it was announced on.
    pub site: SiteName,
    /// Whose it is.
    pub user: UserId,
    /// The thread that it was sent in, once it was.
    pub thread: Option<ThreadId>,
    /// Its name at the user's, cleaned: no path, no control characters, at most 255 bytes.
    pub name: String,
    /// Its media type: what was announced, and from the upload on what its content says.
    pub mime_type: String,
    /// Bytes: what was announced, and from the upload on what came.
    pub size: u64,
    /// Whether it is there.
    pub state: AttachmentState,
    /// When it was announced.
    pub created_at: Timestamp,
}

impl AttachmentRecord {
    /// Whether the content is there.
    pub fn is_uploaded(&self) -> bool {
        matches!(self.state, AttachmentState::Uploaded { .. })
    }
}

/// Whether an attachment's content is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentState {
    /// It was announced; the upload is awaited.
    Awaited,
    /// It is there.
    Uploaded {
        /// Whether there is a preview beside it.
        preview: bool,
    },
}

/// What an upload brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// What the content says it is.
    pub mime_type: String,
    /// Bytes.
    pub size: u64,
    /// Whether there is a preview beside it.
    pub preview: bool,
}
