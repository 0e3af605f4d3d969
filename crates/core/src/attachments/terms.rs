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
