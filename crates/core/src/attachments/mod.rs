//! Files that visitors send along: announced, uploaded, sent in a thread, read by whoever answers.
//!
//! The rows are in the store ([`crate::ports::Attachments`]), the content in [`crate::ports::Blobs`]. Whoever
//! holds a signed address ([`UrlSigner`]) may do what it permits; everything else is asked with a scope.

mod content_type;
mod error;
mod incoming;
mod name;
mod office;
mod record;
mod service;
mod terms;
mod text;
mod uploads;
mod url;
mod wire;

pub use content_type::{ANYTHING, AllowedTypes, HEAD_BYTES, UnknownType, said};
pub use error::AttachmentError;
pub use name::{MAX_NAME_BYTES, clean_name};
pub use record::{AttachmentRecord, AttachmentState, MAX_PREVIEWED_BYTES, Uploaded};
pub use service::{
    AWAITED_FOR, AttachmentContent, AttachmentParts, AttachmentService, Download, MAX_UNSENT, UNSENT_FOR,
    UploadContent,
};
pub use terms::{Announced, AttachmentBounds, UploadTerms};
pub use text::text_of;
pub use url::{DOWNLOAD_AT_LEAST, Permit, PublicBase, Signed, SignedUrlError, UPLOAD_WITHIN, UrlSigner};
pub(crate) use wire::to_wire;
