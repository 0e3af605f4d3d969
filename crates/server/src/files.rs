//! Puts together what keeps the files that visitors send.

use std::path::Path;
use std::sync::Arc;

use chatkitd_core::attachments::{AttachmentParts, AttachmentService, UrlSigner};
use chatkitd_core::keys::KeyRing;
use chatkitd_core::ports::{BlobError, Blobs, Clock, Rng};

use crate::attachment_jobs::AttachmentJobs;
use crate::blobs::{FolderBlobs, S3Blobs, S3Deadlines, S3Error};
use crate::previews::ImagePreviews;
use crate::settings::{AttachmentStorage, Durability, S3Settings, Settings};
use crate::stores::{Conversations, DATA_DIR, OpenError, check_folder, make_folder};

/// Files cannot be kept as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The folder cannot be made.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// The folder cannot be used.
    #[error("the folder for files cannot be used; set CHATKITD_ATTACHMENTS_FOLDER to one that is writable")]
    Unusable(#[source] BlobError),
    /// The bucket.
    #[error(transparent)]
    S3(#[from] S3Error),
}

/// The service, and what runs beside it.
pub(crate) struct Files {
    pub(crate) service: Arc<AttachmentService>,
    pub(crate) jobs: AttachmentJobs,
}

/// `None` where the settings switch files off.
pub(crate) fn files(
    settings: &Settings,
    conversations: &Conversations,
    ring: &KeyRing,
    clock: &Arc<dyn Clock>,
    rng: &Arc<dyn Rng>,
) -> Result<Option<Files>, FilesError> {
    let blobs: Arc<dyn Blobs> = match &settings.attachments.storage {
        AttachmentStorage::Off => return Ok(None),
        AttachmentStorage::Folder(path) => {
            make_folder(path, folder_setting(settings, path))?;
            let fsync = settings.durability == Durability::Full;
            Arc::new(FolderBlobs::new(path, fsync).map_err(FilesError::Unusable)?)
        }
        AttachmentStorage::S3(s3) => bucket(s3)?,
    };
    let service = AttachmentService::new(AttachmentParts {
        store: conversations.attachments.clone(),
        blobs: blobs.clone(),
        previews: Arc::new(ImagePreviews::default()),
        urls: UrlSigner::new(ring),
        clock: clock.clone(),
        rng: rng.clone(),
    });
    let jobs = AttachmentJobs { sweep: conversations.attachment_sweep.clone(), blobs, clock: clock.clone() };
    Ok(Some(Files { service: Arc::new(service), jobs }))
}

/// Whether [`files`] would find a place for them, as far as that shows without writing and without asking a server.
pub(crate) fn check(settings: &Settings) -> Result<(), FilesError> {
    match &settings.attachments.storage {
        AttachmentStorage::Off => Ok(()),
        AttachmentStorage::Folder(path) => Ok(check_folder(path, folder_setting(settings, path))?),
        AttachmentStorage::S3(s3) => bucket(s3).map(drop),
    }
}

/// What says where the folder is.
fn folder_setting(settings: &Settings, folder: &Path) -> &'static str {
    if folder == settings.own_files() { DATA_DIR } else { "CHATKITD_ATTACHMENTS_FOLDER" }
}

fn bucket(settings: &S3Settings) -> Result<Arc<dyn Blobs>, FilesError> {
    Ok(Arc::new(S3Blobs::new(settings, S3Deadlines::default())?))
}
