//! Attachments: their rows, their content, and small pictures of them.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use super::{Scope, StoreError};
use crate::attachments::{Announced, AttachmentBounds, AttachmentRecord, Uploaded};
use crate::id::AttachmentId;

/// The rows of attachments. Whatever is outside the scope is not there. That an attachment is sent in a
/// thread is part of [`super::Threads::begin_run`]; that it goes with its thread, of
/// [`super::Threads::delete_thread`].
#[async_trait]
pub trait Attachments: Send + Sync {
    /// Writes a new row, unless its user has as many already as the bounds allow: however many requests come at
    /// the same moment, they are counted one after another. The record's site and user must be the scope's, else
    /// `NotFound`; `Conflict` when the id is taken.
    async fn create_attachment(
        &self,
        scope: &Scope,
        record: &AttachmentRecord,
        bounds: AttachmentBounds,
    ) -> Result<Announced, StoreError>;

    /// One attachment.
    async fn attachment(
        &self,
        scope: &Scope,
        id: &AttachmentId,
    ) -> Result<Option<AttachmentRecord>, StoreError>;

    /// Says that the content is there, and returns the record as it is now. `NotFound` outside the scope;
    /// `Conflict` when it was there already.
    async fn finish_upload(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        uploaded: &Uploaded,
    ) -> Result<AttachmentRecord, StoreError>;

    /// Deletes the row; its blobs become due for deletion in the same step. `NotFound` outside the scope.
    async fn delete_attachment(&self, scope: &Scope, id: &AttachmentId) -> Result<(), StoreError>;
}

/// Deletes what nobody needs any more. Background tasks hold it; no handler can obtain it.
#[async_trait]
pub trait AttachmentSweep: Send + Sync {
    /// Deletes attachments that nobody waits for any more at `now`: those whose content did not come within
    /// [`crate::attachments::AWAITED_FOR`], and those that were not sent within
    /// [`crate::attachments::UNSENT_FOR`]. Their blobs become due. At most `limit`.
    async fn expire_attachments(&self, now: Timestamp, limit: u32) -> Result<(), StoreError>;

    /// Takes up to `limit` attachments whose blobs are due for deletion. Nobody else gets them for `lease`.
    async fn take_blob_deletions(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<AttachmentId>, StoreError>;

    /// The blobs are gone.
    async fn finish_blob_deletion(&self, id: &AttachmentId) -> Result<(), StoreError>;
}

/// A stream of content.
pub type ByteStream = BoxStream<'static, Result<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// What a blob is called: made of ids and fixed words only, never of what a user wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey(String);

impl BlobKey {
    /// An attachment's content.
    pub fn content(id: &AttachmentId) -> Self {
        Self(format!("attachments/{}/content", id.as_str()))
    }

    /// The small picture of it.
    pub fn preview(id: &AttachmentId) -> Self {
        Self(format!("attachments/{}/preview", id.as_str()))
    }

    /// As a path with slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A blob that is being read.
pub struct Blob {
    /// Bytes, the whole of it.
    pub size: u64,
    /// Its content.
    pub content: ByteStream,
}

/// Keeps content: a folder, or S3.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Writes a blob and returns its size. When `content` fails or the future is dropped, nothing can be
    /// read under the key that could not be before.
    async fn put(&self, key: &BlobKey, content: ByteStream) -> Result<u64, BlobError>;

    /// Reads a blob. `None`: there is none.
    async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError>;

    /// Deletes a blob. One that is not there is no error.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;
}

/// Why content could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The stream that was to be kept broke: the sender's fault, or their connection's.
    #[error("the content did not come to its end")]
    Content(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The folder or S3 cannot be used: full, away, forbidden.
    #[error("the blob store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Makes small pictures.
#[async_trait]
pub trait Previews: Send + Sync {
    /// A small picture (PNG or JPEG, upright, without metadata) of an image, which is read when its turn comes:
    /// however many are uploaded at the same time, few are in memory.
    async fn preview(&self, image: Blob) -> Result<Preview, PreviewError>;
}

/// A small picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its media type.
    pub mime_type: &'static str,
    /// The picture.
    pub content: Bytes,
}

/// Why there is no small picture.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// More pixels than are worth the memory.
    #[error("the image has too many pixels")]
    TooLarge,
    /// It cannot be read.
    #[error("the image cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is kept, and does not come back.
    #[error("the image does not come out of the blob store")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
