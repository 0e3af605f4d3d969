//! Blobs as files in a folder.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
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
        // With `automatic_cleanup` the folder above goes with the last attachment, too.
        let folder = LocalFileSystem::new_with_prefix(root).map_err(unavailable)?;
        let folder = folder.with_automatic_cleanup(true).with_fsync(fsync);
        Ok(Self { blobs: ObjectBlobs::new(Arc::new(folder), ""), root: root.to_owned() })
    }

    fn folder_of(&self, key: &BlobKey) -> Option<PathBuf> {
        self.root.join(key.as_str()).parent().map(Path::to_owned)
    }

    /// Takes an attachment's folder away if nothing is in it. Who writes into it meanwhile makes it anew.
    async fn delete_empty_folder(&self, key: &BlobKey) -> io::Result<()> {
        let Some(folder) = self.folder_of(key) else { return Ok(()) };
        match tokio::fs::remove_dir(folder).await {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// `object_store` calls a file that is not whole yet `{name}#{number}`, and never deletes one that a dead
    /// process left. A blob is deleted when nobody may write it any more.
    async fn delete_unfinished(&self, key: &BlobKey) -> io::Result<()> {
        let name = Path::new(key.as_str()).file_name();
        let (Some(folder), Some(name)) = (self.folder_of(key), name) else { return Ok(()) };
        let mut prefix = OsString::from(name);
        prefix.push("#");
        let mut entries = match tokio::fs::read_dir(folder).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
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
        let put = self.blobs.put(key, content).await;
        if put.is_err()
            && let Err(error) = self.delete_empty_folder(key).await
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                error,
                key = key.as_str(),
                "the folder of an upload that failed is left to the sweep"
            );
        }
        put
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError> {
        self.blobs.get(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.delete_unfinished(key).await.map_err(unavailable)?;
        self.blobs.delete(key).await?;
        self.delete_empty_folder(key).await.map_err(unavailable)
    }
}
