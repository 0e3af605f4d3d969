//! Blobs as files in a folder.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::ports::{Blob, BlobError, BlobKey, Blobs, ByteStream};
use object_store::local::LocalFileSystem;

use super::{ObjectBlobs, unavailable};

/// A folder. A file is written beside its place and moved there once it is whole.
#[derive(Clone)]
pub struct FolderBlobs {
    blobs: ObjectBlobs,
    root: PathBuf,
}

impl FolderBlobs {
    /// Blobs in `root`, which must be there.
    ///
    /// With `fsync` a blob that was written survives the machine, without it the process: the same choice, with the
    /// same default, as for the database (`CHATKITD_DURABILITY`), since a row without its file is of no use.
    pub fn new(root: &Path, fsync: bool) -> Result<Self, BlobError> {
        // With `automatic_cleanup` an attachment's folder goes with its last file.
        let folder = LocalFileSystem::new_with_prefix(root).map_err(unavailable)?;
        let folder = folder.with_automatic_cleanup(true).with_fsync(fsync);
        Ok(Self { blobs: ObjectBlobs::new(Arc::new(folder), ""), root: root.to_owned() })
    }

    /// `object_store` calls a file that is not whole yet `{name}#{number}`, and never deletes one that a dead
    /// process left. A blob is deleted when nobody may write it any more.
    async fn delete_unfinished(&self, key: &BlobKey) -> io::Result<()> {
        let path = self.root.join(key.as_str());
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let mut prefix = OsString::from(name);
        prefix.push("#");
        let mut entries = match tokio::fs::read_dir(folder).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn put(&self, key: &BlobKey, content: ByteStream) -> Result<u64, BlobError> {
        self.blobs.put(key, content).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError> {
        self.blobs.get(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        // First, so that the folder is empty once the blob itself is gone.
        self.delete_unfinished(key).await.map_err(unavailable)?;
        self.blobs.delete(key).await
    }
}
