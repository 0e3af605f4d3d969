//! Announce, upload, read, delete.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatkitd_protocol::chatkit::{
    Attachment, Extra, FileAttachment, ImageAttachment, UploadDescriptor, UploadMethod,
};
use futures_util::stream::{self, StreamExt};

use super::content_type::{AllowedTypes, is_image};
use super::error::AttachmentError;
use super::incoming::{self, Size};
use super::name::clean_name;
use super::record::{AttachmentRecord, AttachmentState, Uploaded};
use super::uploads::Uploads;
use super::url::{Permit, PublicBase, Signed, UrlSigner};
use crate::id::{AttachmentId, SiteName};
use crate::ports::{
    Attachments, Blob, BlobKey, Blobs, ByteStream, Clock, PreviewError, Previews, Rng, Scope,
};
use crate::site::FileUpload;

/// How long an attachment waits for its content, and how long for being sent. After that it is deleted.
pub const AWAITED_FOR: Duration = Duration::from_secs(3600);
/// See [`AWAITED_FOR`].
pub const UNSENT_FOR: Duration = Duration::from_secs(24 * 3600);
/// How many attachments a user may have that were not sent.
pub const MAX_UNSENT: u64 = 50;
/// The largest picture: it is read into memory for its preview.
pub const MAX_IMAGE_BYTES: u64 = 32 * MEGABYTE;

const MEGABYTE: u64 = 1024 * 1024;
/// What `OpenAI` allows where a session says nothing.
const DEFAULT_MEGABYTES: u32 = 512;
const DEFAULT_FILES: u32 = 10;

/// What an [`AttachmentService`] is made of.
pub struct AttachmentParts {
    /// The rows.
    pub store: Arc<dyn Attachments>,
    /// The content.
    pub blobs: Arc<dyn Blobs>,
    /// Small pictures.
    pub previews: Arc<dyn Previews>,
    /// Signs addresses.
    pub urls: UrlSigner,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub rng: Arc<dyn Rng>,
    /// What is taken.
    pub allowed: AllowedTypes,
}

/// Everything that is done with attachments.
pub struct AttachmentService(AttachmentParts, Uploads);

/// An attachment that is being downloaded.
pub struct Download {
    /// What it is called and what it is.
    pub record: AttachmentRecord,
    /// The content, or the small picture.
    pub blob: Blob,
}

/// An attachment as an agent reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentContent {
    /// Its name.
    pub name: String,
    /// What it is.
    pub mime_type: String,
    /// All of it.
    pub content: Bytes,
}

impl AttachmentService {
    /// A service of these parts.
    pub fn new(parts: AttachmentParts) -> Self {
        Self(parts, Uploads::default())
    }

    /// The first of two phases: the client says what it has, and learns where to send it.
    pub async fn announce(
        &self,
        scope: &Scope,
        promise: Option<&FileUpload>,
        base: &PublicBase,
        (name, size, mime_type): (&str, u64, &str),
    ) -> Result<Attachment, AttachmentError> {
        let limit = max_bytes(promise)?;
        let mime_type = self.0.allowed.announced(mime_type).ok_or(AttachmentError::TypeRejected)?;
        let limit = if is_image(mime_type) { limit.min(MAX_IMAGE_BYTES) } else { limit };
        if size > limit {
            return Err(AttachmentError::TooLarge { limit });
        }
        let record = self.record(scope, name, mime_type, size)?;
        self.create(scope, &record).await?;
        let mut wire = self.to_wire(&record, base);
        let url = self.0.urls.upload(base, &record.site, &record.id, self.0.clock.now());
        let headers = [("Content-Type".to_owned(), mime_type.to_owned())].into();
        let descriptor = UploadDescriptor { url, method: UploadMethod::Put, headers, extra: Extra::new() };
        match &mut wire {
            Attachment::File(file) => file.upload_descriptor = Some(descriptor),
            Attachment::Image(image) => image.upload_descriptor = Some(descriptor),
            Attachment::Unknown(_) => {}
        }
        Ok(wire)
    }

    /// The second phase: the content comes to the signed address.
    pub async fn upload(
        &self,
        site: &SiteName,
        id: &AttachmentId,
        signed: &Signed,
        content: ByteStream,
    ) -> Result<AttachmentRecord, AttachmentError> {
        self.0.urls.check(Permit::Upload, site, id, signed, self.0.clock.now())?;
        let scope = Scope::Site(site.clone());
        let _turn = self.1.begin(id).ok_or(AttachmentError::AlreadyUploaded)?;
        let record = self.0.store.attachment(&scope, id).await?.ok_or(AttachmentError::NotFound)?;
        if record.is_uploaded() {
            return Err(AttachmentError::AlreadyUploaded);
        }
        let size = Size::Exactly(record.size);
        let uploaded = self.keep(id, Some(&record.mime_type), size, content).await?;
        Ok(self.0.store.finish_upload(&scope, id, &uploaded).await?)
    }

    /// Both phases in one request.
    pub async fn upload_direct(
        &self,
        scope: &Scope,
        promise: Option<&FileUpload>,
        base: &PublicBase,
        (name, mime_type): (&str, Option<&str>),
        content: ByteStream,
    ) -> Result<Attachment, AttachmentError> {
        let limit = max_bytes(promise)?;
        // The row comes first: should this process die in between, the sweep finds what it left.
        let record = self.record(scope, name, mime_type.unwrap_or_default(), 0)?;
        self.create(scope, &record).await?;
        let kept = match self.keep(&record.id, mime_type, Size::AtMost(limit), content).await {
            Ok(uploaded) => {
                self.0.store.finish_upload(scope, &record.id, &uploaded).await.map_err(Into::into)
            }
            Err(error) => Err(error),
        };
        match kept {
            Ok(record) => Ok(self.to_wire(&record, base)),
            Err(error) => {
                self.delete(scope, &record.id).await?;
                Err(error)
            }
        }
    }

    /// Takes an attachment away that was not sent yet, or that the user does not want to have sent.
    pub async fn delete(&self, scope: &Scope, id: &AttachmentId) -> Result<(), AttachmentError> {
        Ok(self.0.store.delete_attachment(scope, id).await?)
    }

    /// Whether anything may be sent at all; to be asked before a body is read.
    pub fn require_allowed(&self, promise: Option<&FileUpload>) -> Result<(), AttachmentError> {
        max_bytes(promise).map(drop)
    }

    /// An address where the content can be read for a while.
    pub fn download_url(&self, site: &SiteName, id: &AttachmentId, base: &PublicBase) -> String {
        self.0.urls.read(base, Permit::Download, site, id, self.0.clock.now())
    }

    /// The content or the small picture, for whoever holds the signed address.
    pub async fn download(
        &self,
        permit: Permit,
        site: &SiteName,
        id: &AttachmentId,
        signed: &Signed,
    ) -> Result<Download, AttachmentError> {
        self.0.urls.check(permit, site, id, signed, self.0.clock.now())?;
        let record = self.0.store.attachment(&Scope::Site(site.clone()), id).await?;
        let record = record.ok_or(AttachmentError::NotFound)?;
        let key = match permit {
            Permit::Preview => BlobKey::preview(id),
            Permit::Upload | Permit::Download => BlobKey::content(id),
        };
        let blob = self.0.blobs.get(&key).await?.ok_or(AttachmentError::NotFound)?;
        Ok(Download { record, blob })
    }

    /// An attachment for an agent. `None`: there is none, or it is larger than `limit` bytes.
    pub async fn read(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        limit: u64,
    ) -> Result<Option<AttachmentContent>, AttachmentError> {
        let Some(record) = self.0.store.attachment(scope, id).await? else { return Ok(None) };
        if !record.is_uploaded() || record.size > limit {
            return Ok(None);
        }
        let Some(blob) = self.0.blobs.get(&BlobKey::content(id)).await? else { return Ok(None) };
        let content = incoming::gather(blob.content, limit).await?;
        Ok(Some(AttachmentContent { name: record.name, mime_type: record.mime_type, content }))
    }

    /// What a message may bring along: the user's own, uploaded, and not sent yet. Sending is part of
    /// [`crate::ports::Threads::begin_run`].
    pub async fn to_send(
        &self,
        scope: &Scope,
        promise: Option<&FileUpload>,
        ids: &[String],
    ) -> Result<Vec<AttachmentRecord>, AttachmentError> {
        let limit = promise.and_then(|promise| promise.max_files).unwrap_or(DEFAULT_FILES);
        if ids.len() > limit as usize {
            return Err(AttachmentError::TooMany { limit });
        }
        let mut records: Vec<AttachmentRecord> = Vec::with_capacity(ids.len());
        for id in ids {
            let id = AttachmentId::parse(id).ok_or(AttachmentError::NotFound)?;
            let record = self.0.store.attachment(scope, &id).await?.ok_or(AttachmentError::NotFound)?;
            if !record.is_uploaded() {
                return Err(AttachmentError::NotUploaded);
            }
            // The same one twice in a message is sent once.
            if record.thread.is_some() || records.iter().any(|other| other.id == record.id) {
                return Err(AttachmentError::AlreadySent);
            }
            records.push(record);
        }
        Ok(records)
    }

    /// An attachment as clients see it, with an address of its preview that works for a while.
    pub fn to_wire(&self, record: &AttachmentRecord, base: &PublicBase) -> Attachment {
        let mut wire = to_wire(record);
        self.address(&mut wire, &record.site, base);
        wire
    }

    /// Gives an attachment that was stored an address of its preview that works from now on: what is kept has
    /// none, since it would run out.
    pub fn address(&self, attachment: &mut Attachment, site: &SiteName, base: &PublicBase) {
        if let Attachment::Image(image) = attachment
            && let Some(id) = AttachmentId::parse(&image.id)
        {
            image.preview_url = self.0.urls.read(base, Permit::Preview, site, &id, self.0.clock.now());
        }
    }

    fn record(
        &self,
        scope: &Scope,
        name: &str,
        mime_type: &str,
        size: u64,
    ) -> Result<AttachmentRecord, AttachmentError> {
        let now = self.0.clock.now();
        Ok(AttachmentRecord {
            id: AttachmentId::mint(now, self.0.rng.as_ref()),
            site: scope.site().clone(),
            user: scope.user().ok_or(AttachmentError::NotFound)?.clone(),
            thread: None,
            name: clean_name(name),
            mime_type: mime_type.to_owned(),
            size,
            state: AttachmentState::Awaited,
            created_at: now,
        })
    }

    /// Two requests at the same moment may both be the last one: the bound is on what lies around, and need not be
    /// sharp.
    async fn create(&self, scope: &Scope, record: &AttachmentRecord) -> Result<(), AttachmentError> {
        if self.0.store.unsent_attachments(scope).await? >= MAX_UNSENT {
            return Err(AttachmentError::TooManyUnsent { limit: MAX_UNSENT });
        }
        Ok(self.0.store.create_attachment(scope, record).await?)
    }

    /// Keeps content once it is known what it is. On failure nothing is left.
    async fn keep(
        &self,
        id: &AttachmentId,
        announced: Option<&str>,
        size: Size,
        content: ByteStream,
    ) -> Result<Uploaded, AttachmentError> {
        let (head, content) = incoming::begin(content, size).await?;
        let mime_type = self.0.allowed.of_content(&head, announced).ok_or(AttachmentError::TypeRejected)?;
        if !is_image(mime_type) {
            let size = self.0.blobs.put(&BlobKey::content(id), content).await?;
            return Ok(Uploaded { mime_type: mime_type.to_owned(), size, preview: false });
        }
        let image = incoming::gather(content, MAX_IMAGE_BYTES).await?;
        let preview = self.0.previews.preview(image.clone()).await.map_err(unreadable)?;
        self.0.blobs.put(&BlobKey::preview(id), whole(preview.content)).await?;
        match self.0.blobs.put(&BlobKey::content(id), whole(image)).await {
            Ok(size) => Ok(Uploaded { mime_type: mime_type.to_owned(), size, preview: true }),
            Err(error) => {
                self.0.blobs.delete(&BlobKey::preview(id)).await?;
                Err(error.into())
            }
        }
    }
}

/// A picture that cannot be decoded is none.
fn unreadable(error: PreviewError) -> AttachmentError {
    tracing::info!(error = &error as &dyn std::error::Error, "an image was refused");
    AttachmentError::TypeRejected
}

fn max_bytes(promise: Option<&FileUpload>) -> Result<u64, AttachmentError> {
    let promise = promise.filter(|promise| promise.enabled == Some(true)).ok_or(AttachmentError::Disabled)?;
    Ok(u64::from(promise.max_file_size.unwrap_or(DEFAULT_MEGABYTES)) * MEGABYTE)
}

fn whole(content: Bytes) -> ByteStream {
    stream::once(async move { Ok(content) }).boxed()
}

/// An attachment as it is kept in the message that it was sent with: without addresses.
pub(crate) fn to_wire(record: &AttachmentRecord) -> Attachment {
    let id = record.id.as_str().to_owned();
    let thread_id = record.thread.as_ref().map(|thread| thread.as_str().to_owned());
    let (name, mime_type) = (record.name.clone(), record.mime_type.clone());
    if is_image(&record.mime_type) {
        Attachment::Image(ImageAttachment {
            id,
            name,
            mime_type,
            preview_url: String::new(),
            upload_descriptor: None,
            thread_id,
            extra: Extra::new(),
        })
    } else {
        let (upload_descriptor, extra) = (None, Extra::new());
        Attachment::File(FileAttachment { id, name, mime_type, upload_descriptor, thread_id, extra })
    }
}
