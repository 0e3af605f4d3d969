//! Why an attachment is refused or not there.

use super::url::SignedUrlError;
use crate::ports::{BlobError, StoreError};

/// Why something could not be done with an attachment. Each has a status and a sentence in the HTTP contract.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The site, or the session, allows no uploads.
    #[error("uploads are not allowed here")]
    Disabled,
    /// The type is not taken, or the content is not what was announced.
    #[error("a file of this type is not taken")]
    TypeRejected,
    /// It is larger than allowed, or than announced.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// Fewer bytes came than were announced.
    #[error("{announced} bytes were announced")]
    SizeMismatch {
        /// What was announced.
        announced: u64,
    },
    /// No such attachment, or somebody else's.
    #[error("there is no such attachment")]
    NotFound,
    /// Its content is there already.
    #[error("the content of this attachment was uploaded already")]
    AlreadyUploaded,
    /// Its content is coming in, or what was abandoned of it is still being taken back.
    #[error("another upload of this attachment is under way")]
    UploadUnderWay,
    /// Its content is not there yet.
    #[error("the content of this attachment was not uploaded yet")]
    NotUploaded,
    /// It was sent in a message already.
    #[error("this attachment was sent already")]
    AlreadySent,
    /// It stands twice in one message.
    #[error("this attachment stands twice in the message")]
    Twice,
    /// Too many in one message.
    #[error("a message takes {limit} attachments")]
    TooMany {
        /// The bound.
        limit: u32,
    },
    /// Too many of one user since the session began.
    #[error("the user of this session may add {limit} attachments")]
    TooManyInSession {
        /// The bound.
        limit: u32,
    },
    /// Too many that were not sent.
    #[error("{limit} attachments wait for being sent")]
    TooManyUnsent {
        /// The bound.
        limit: u64,
    },
    /// The address permits nothing.
    #[error(transparent)]
    Url(#[from] SignedUrlError),
    /// The upload broke off.
    #[error("the upload did not come to its end")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Where content is kept.
    #[error(transparent)]
    Blobs(BlobError),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AttachmentError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict => Self::AlreadyUploaded,
            error => Self::Store(error),
        }
    }
}

impl From<BlobError> for AttachmentError {
    /// What the size or the type of a stream made fail says so itself; the blob store only passed it on.
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Content(source) => match source.downcast::<Self>() {
                Ok(error) => *error,
                Err(source) => Self::Broken(source),
            },
            error @ BlobError::Unavailable(_) => Self::Blobs(error),
        }
    }
}
