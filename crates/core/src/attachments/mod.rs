//! Files that visitors send along.

mod record;

pub use record::{AttachmentRecord, AttachmentState, Uploaded};
