//! What somebody may upload.

use jiff::Timestamp;

use super::content_type::AllowedTypes;
use super::error::AttachmentError;
use crate::site::{FileUpload, MAX_FILE_SIZE, MAX_FILES, MEGABYTE};

/// What somebody may upload: what they were promised, and what their site takes.
#[derive(Clone, Copy, Debug)]
pub struct UploadTerms<'a> {
    /// `None`, or not enabled: nothing.
    pub promise: Option<&'a FileUpload>,
    /// The media types.
    pub types: &'a AllowedTypes,
    /// Since when all files together are held to `max_files`; `None`: those of one message are.
    pub counted_since: Option<Timestamp>,
}

/// How many attachments a user may have, with the one that is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachmentBounds {
    /// How many that were not sent in a thread yet.
    pub unsent: u64,
    /// How many that were announced at this time or later, sent or not.
    pub since: Option<(Timestamp, u64)>,
}

/// What came of announcing an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// Its row is written.
    Created,
    /// As many were announced since that time as may be. Nothing was written.
    TooManySince,
    /// As many wait for being sent as may. Nothing was written.
    TooManyUnsent,
}

impl<'a> UploadTerms<'a> {
    /// The largest file, in bytes.
    pub(super) fn max_bytes(self) -> Result<u64, AttachmentError> {
        Ok(u64::from(self.allowed()?.max_file_size.unwrap_or(MAX_FILE_SIZE)) * MEGABYTE)
    }

    /// How many may come with one message, and where they are counted, in all.
    pub fn max_files(self) -> Result<u32, AttachmentError> {
        Ok(self.allowed()?.max_files.unwrap_or(MAX_FILES))
    }

    fn allowed(self) -> Result<&'a FileUpload, AttachmentError> {
        self.promise.filter(|promise| promise.enabled == Some(true)).ok_or(AttachmentError::Disabled)
    }
}
