//! Writes a stream of unknown length in parts, so that memory holds one part and no more.

use std::sync::Arc;

use bytes::Bytes;
use chatkitd_core::ports::{BlobError, ByteStream};
use futures_util::StreamExt as _;
use futures_util::stream::Fuse;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::unavailable;

/// S3 wants at least 5 MiB, and at most 10,000 parts; this is also what one upload holds in memory.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// Writes `content` to `path` and returns its size.
///
/// It is a task of its own: a caller that goes away in the middle ends it, and what was written so far is
/// then taken back, which a future that is dropped could not do. (`object_store`'s `WriteMultipart` leaves the
/// parts in S3.) `content` lives until all of that is done.
pub(super) async fn upload(
    store: Arc<dyn ObjectStore>,
    path: Path,
    content: ByteStream,
) -> Result<u64, BlobError> {
    let gone = CancellationToken::new();
    let _with_the_caller = gone.clone().drop_guard();
    let upload = Upload { store, path, gone };
    tokio::spawn(upload.run(content).in_current_span()).await.map_err(unavailable)?
}

struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// The caller is.
    gone: CancellationToken,
}

#[derive(Debug, thiserror::Error)]
#[error("whoever sent the content went away")]
struct CallerGone;

impl Upload {
    async fn run(self, content: ByteStream) -> Result<u64, BlobError> {
        let mut parts = Parts { content: content.fuse(), rest: Bytes::new() };
        let first = self.unless_gone(parts.next()).await?;
        let size = if first.len() < PART_BYTES {
            let size = first.len() as u64;
            self.store.put(&self.path, first.into()).await.map_err(unavailable)?;
            size
        } else {
            self.put_parts(first, &mut parts).await?
        };
        if self.gone.is_cancelled() {
            // It was too late to stop the last request, and nobody knows of what it made.
            self.store.delete(&self.path).await.map_err(unavailable)?;
        }
        Ok(size)
    }

    async fn put_parts(&self, first: Vec<u8>, parts: &mut Parts) -> Result<u64, BlobError> {
        let mut upload = self.store.put_multipart(&self.path).await.map_err(unavailable)?;
        let done = match self.unless_gone(send(upload.as_mut(), first, parts)).await {
            Ok(size) => upload.complete().await.map(|_| size).map_err(unavailable),
            Err(error) => Err(error),
        };
        if done.is_err()
            && let Err(error) = upload.abort().await
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "parts of an upload that failed were left behind");
        }
        done
    }

    async fn unless_gone<T>(&self, work: impl Future<Output = Result<T, BlobError>>) -> Result<T, BlobError> {
        let done = self.gone.run_until_cancelled(work).await;
        done.unwrap_or_else(|| Err(BlobError::Content(Box::new(CallerGone))))
    }
}

/// One part after the other: the next one is not read before this one is written.
async fn send(upload: &mut dyn MultipartUpload, first: Vec<u8>, parts: &mut Parts) -> Result<u64, BlobError> {
    let (mut part, mut size) = (first, 0);
    while !part.is_empty() {
        size += part.len() as u64;
        upload.put_part(part.into()).await.map_err(unavailable)?;
        part = parts.next().await?;
    }
    Ok(size)
}

/// A stream, cut into parts of [`PART_BYTES`].
struct Parts {
    content: Fuse<ByteStream>,
    rest: Bytes,
}

impl Parts {
    /// The next part; shorter only at the end, empty after it.
    ///
    /// It copies. To keep the chunks as they came would let whoever sends them byte by byte fill the memory with
    /// what describes them.
    async fn next(&mut self) -> Result<Vec<u8>, BlobError> {
        // Of what is not written to, the machine gives no memory.
        let mut part = Vec::with_capacity(PART_BYTES);
        loop {
            let fits = self.rest.len().min(PART_BYTES - part.len());
            part.extend_from_slice(&self.rest.split_to(fits));
            if part.len() == PART_BYTES {
                return Ok(part);
            }
            match self.content.next().await {
                Some(chunk) => self.rest = chunk.map_err(BlobError::Content)?,
                None => return Ok(part),
            }
        }
    }
}
