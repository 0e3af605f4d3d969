//! Content in a folder or in S3, through `object_store`.

mod folder;
mod s3;
mod upload;

use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::ports::{Blob, BlobError, BlobKey, Blobs, ByteStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

pub use folder::FolderBlobs;
pub use s3::{S3Blobs, S3Deadlines, S3Error};

/// What any object store can do.
#[derive(Clone)]
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl ObjectBlobs {
    /// Blobs below `prefix`, which may be empty.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: Path::from(prefix) }
    }

    /// Whatever a key is made of, it stays below the prefix: `Path` escapes what would lead out of it.
    fn path(&self, key: &BlobKey) -> Path {
        Path::from_iter(self.prefix.parts().chain(Path::from(key.as_str()).parts()))
    }
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn put(&self, key: &BlobKey, content: ByteStream) -> Result<u64, BlobError> {
        upload::upload(Arc::clone(&self.store), self.path(key), content).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError> {
        match self.store.get(&self.path(key)).await {
            Ok(found) => {
                let size = found.meta.size;
                let content = found.into_stream().map_err(Into::into).boxed();
                Ok(Some(Blob { size, content }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        match self.store.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> BlobError {
    BlobError::Unavailable(Box::new(error))
}
