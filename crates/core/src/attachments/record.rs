//! An attachment as the store keeps it. Its content is a blob.

use jiff::Timestamp;

use super::content_type::is_image;
use crate::id::{AttachmentId, SiteName, ThreadId, UserId};
use crate::site::MEGABYTE;

/// The largest picture that has a preview: it is read into memory for that, one after another. A larger one is a
/// file like others.
pub const MAX_PREVIEWED_BYTES: u64 = 32 * MEGABYTE;

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

    /// Whether it is shown as a picture: it has a preview, or will have one by what was announced.
    pub fn is_shown(&self) -> bool {
        match self.state {
            AttachmentState::Awaited => may_be_shown(&self.mime_type, self.size),
            AttachmentState::Uploaded { preview } => preview,
        }
    }
}

/// Whether a preview is made of a file. Over so many bytes, or pixels, there is none of a picture either.
pub(super) fn may_be_shown(mime_type: &str, size: u64) -> bool {
    is_image(mime_type) && size <= MAX_PREVIEWED_BYTES
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
