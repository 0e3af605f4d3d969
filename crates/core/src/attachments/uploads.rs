//! Uploads that are under way.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::id::AttachmentId;

/// The attachments whose content is coming in right now, in this process.
///
/// Two uploads of one attachment write to the same place, and what the one left there would be what the other
/// was checked for. On several nodes that is still so: then somebody overwrote a file of their own with another
/// one of the same type and size.
#[derive(Default)]
pub(super) struct Uploads(Mutex<BTreeSet<AttachmentId>>);

/// The right to upload; it ends when it is dropped.
pub(super) struct Turn<'a> {
    uploads: &'a Uploads,
    id: AttachmentId,
}

impl Uploads {
    /// `None`: somebody else is at it.
    pub(super) fn begin(&self, id: &AttachmentId) -> Option<Turn<'_>> {
        let mut going = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        going.insert(id.clone()).then(|| Turn { uploads: self, id: id.clone() })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.uploads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
