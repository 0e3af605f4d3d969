//! Uploads that are under way.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt as _};

use crate::id::AttachmentId;
use crate::lock::lock;
use crate::ports::ByteStream;

type Going = Mutex<BTreeSet<AttachmentId>>;

/// The attachments whose content is coming in right now, in this process.
///
/// Two uploads of one attachment write to the same place, and what the one left there would be what the other
/// was checked for. On several nodes that is still so: then somebody overwrote a file of their own with another
/// one of the same type and size.
#[derive(Default)]
pub(super) struct Uploads(Arc<Going>);

/// The right to upload; it ends when it is dropped.
pub(super) struct Turn {
    going: Arc<Going>,
    id: AttachmentId,
}

impl Uploads {
    /// `None`: somebody else is at it.
    pub(super) fn begin(&self, id: &AttachmentId) -> Option<Arc<Turn>> {
        let turn = || Arc::new(Turn { going: Arc::clone(&self.0), id: id.clone() });
        lock(&self.0).insert(id.clone()).then(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.going).remove(&self.id);
    }
}

/// Content that has its turn for as long as it lives: whoever writes it may still be at it when its sender is gone,
/// and then takes back what it wrote.
struct InTurn {
    content: ByteStream,
    _turn: Arc<Turn>,
}

impl Stream for InTurn {
    type Item = <ByteStream as Stream>::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.content.poll_next_unpin(context)
    }
}

/// Without a `turn` the content as it is: nobody else knows of the attachment.
pub(super) fn in_turn(turn: Option<&Arc<Turn>>, content: ByteStream) -> ByteStream {
    match turn {
        Some(turn) => InTurn { content, _turn: Arc::clone(turn) }.boxed(),
        None => content,
    }
}
