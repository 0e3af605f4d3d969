//! Content in memory, and pictures that are their own previews.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::lock::lock;
use crate::ports::{Blob, BlobError, BlobKey, Blobs, ByteStream, Preview, PreviewError, Previews};

/// Blobs for as long as a test lasts.
#[derive(Default)]
pub struct MemoryBlobs(Mutex<BTreeMap<String, Bytes>>);

impl MemoryBlobs {
    /// What there is, by its key.
    pub fn keys(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        lock(&self.0)
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, key: &BlobKey, content: ByteStream) -> Result<u64, BlobError> {
        let chunks: Vec<Bytes> = content.try_collect().await.map_err(BlobError::Content)?;
        let content = Bytes::from(chunks.concat());
        let size = content.len() as u64;
        self.all().insert(key.as_str().to_owned(), content);
        Ok(size)
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError> {
        let found = self.all().get(key.as_str()).cloned();
        Ok(found
            .map(|content| Blob { size: content.len() as u64, content: stream::iter([Ok(content)]).boxed() }))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.all().remove(key.as_str());
        Ok(())
    }
}

/// Shows every image as itself.
pub struct NoPreviews;

#[async_trait]
impl Previews for NoPreviews {
    async fn preview(&self, image: Blob) -> Result<Preview, PreviewError> {
        let chunks: Vec<Bytes> = image.content.try_collect().await.map_err(PreviewError::Unavailable)?;
        Ok(Preview { mime_type: "image/png", content: chunks.concat().into() })
    }
}
