//! Content on its way in: its beginning is looked at, its size is counted.

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};

use super::content_type::HEAD_BYTES;
use super::error::AttachmentError;
use crate::ports::ByteStream;

/// How many bytes may come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// Exactly so many: they were announced.
    Exactly(u64),
    /// At most so many.
    AtMost(u64),
}

impl Size {
    fn check(self, so_far: u64, ended: bool) -> Result<(), AttachmentError> {
        match self {
            Self::Exactly(announced) if so_far > announced => {
                Err(AttachmentError::TooLarge { limit: announced })
            }
            Self::Exactly(announced) if ended && so_far < announced => {
                Err(AttachmentError::SizeMismatch { announced })
            }
            Self::AtMost(limit) if so_far > limit => Err(AttachmentError::TooLarge { limit }),
            Self::Exactly(_) | Self::AtMost(_) => Ok(()),
        }
    }
}

/// The first bytes, and the whole content, which fails as soon as its size is wrong.
pub(super) async fn begin(content: ByteStream, size: Size) -> Result<(Bytes, ByteStream), AttachmentError> {
    let mut content = counted(content, size);
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES {
        match content.next().await {
            Some(chunk) => head.extend_from_slice(&chunk.map_err(unboxed)?),
            None => break,
        }
    }
    let head = head.freeze();
    let first = stream::once({
        let head = head.clone();
        async move { Ok(head) }
    });
    Ok((head.slice(..head.len().min(HEAD_BYTES)), first.chain(content).boxed()))
}

/// The whole content, which is known to be small enough for the memory.
pub(super) async fn gather(mut content: ByteStream, limit: u64) -> Result<Bytes, AttachmentError> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = content.next().await {
        whole.extend_from_slice(&chunk.map_err(unboxed)?);
        if whole.len() as u64 > limit {
            return Err(AttachmentError::TooLarge { limit });
        }
    }
    Ok(whole.freeze())
}

fn counted(content: ByteStream, size: Size) -> ByteStream {
    let state = (content, 0u64, false);
    stream::unfold(state, move |(mut content, so_far, over)| async move {
        if over {
            return None;
        }
        match content.next().await {
            Some(Ok(chunk)) => {
                let so_far = so_far.saturating_add(chunk.len() as u64);
                match size.check(so_far, false) {
                    Ok(()) => Some((Ok(chunk), (content, so_far, false))),
                    Err(error) => Some((Err(error.into()), (content, so_far, true))),
                }
            }
            Some(Err(error)) => Some((Err(error), (content, so_far, true))),
            None => size.check(so_far, true).err().map(|error| (Err(error.into()), (content, so_far, true))),
        }
    })
    // Of a short file the beginning is all, and whoever looked at it has seen the end already.
    .fuse()
    .boxed()
}

fn unboxed(error: Box<dyn std::error::Error + Send + Sync>) -> AttachmentError {
    match error.downcast::<AttachmentError>() {
        Ok(error) => *error,
        Err(error) => AttachmentError::Broken(error),
    }
}
