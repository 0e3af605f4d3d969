//! Announce, upload, read, delete.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatkitd_protocol::chatkit::{
    Attachment, Extra, ThreadItem, UploadDescriptor, UploadMethod, UserMessageItem,
};
use futures_util::stream::{self, StreamExt};

use super::content_type::{AllowedTypes, said};
use super::error::AttachmentError;
use super::incoming::{self, Size};
use super::name::clean_name;
use super::record::{AttachmentRecord, AttachmentState, Uploaded, may_be_shown};
use super::terms::{Announced, AttachmentBounds, UploadTerms};
use super::uploads::{Turn, Uploads, in_turn};
use super::url::{Permit, PublicBase, Signed, SignedUrlError, UrlSigner};
use super::wire;
use crate::id::{AttachmentId, SiteName, ThreadId};
use crate::ports::{
    Attachments, Blob, BlobError, BlobKey, Blobs, ByteStream, Clock, PreviewError, Previews, Rng, Scope,
    StoreError,
};

/// How long an attachment waits for its content, and how long for being sent. After that it is deleted.
pub const AWAITED_FOR: Duration = Duration::from_secs(3600);
/// See [`AWAITED_FOR`].
pub const UNSENT_FOR: Duration = Duration::from_secs(24 * 3600);
/// How many attachments a user may have that were not sent; twice as many as one message takes, where that is more.
pub const MAX_UNSENT: u64 = 50;

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
}

/// Everything that is done with attachments.
pub struct AttachmentService {
    parts: AttachmentParts,
    uploads: Uploads,
}

/// The content of an attachment, on its way in.
pub struct UploadContent {
    /// How long it says it is.
    pub length: Option<u64>,
    /// What comes.
    pub content: ByteStream,
}

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
        Self { parts, uploads: Uploads::default() }
    }

    /// The first of two phases: the client says what it has, and learns where to send it.
    pub async fn announce(
        &self,
        scope: &Scope,
        terms: UploadTerms<'_>,
        base: &PublicBase,
        (name, size, mime_type): (&str, u64, &str),
    ) -> Result<Attachment, AttachmentError> {
        let limit = terms.max_bytes()?;
        let mime_type = terms.types.announced(mime_type, name).ok_or(AttachmentError::TypeRejected)?;
        if size > limit {
            return Err(AttachmentError::TooLarge { limit });
        }
        let record = self.record(scope, name, mime_type, size)?;
        self.create(scope, terms, &record).await?;
        let mut wire = self.to_wire(&record, base);
        let url = self.parts.urls.upload(base, &record.site, &record.id, self.parts.clock.now());
        let headers = [("Content-Type".to_owned(), mime_type.to_owned())].into();
        let descriptor = UploadDescriptor { url, method: UploadMethod::Put, headers, extra: Extra::new() };
        match &mut wire {
            Attachment::File(file) => file.upload_descriptor = Some(descriptor),
            Attachment::Image(image) => image.upload_descriptor = Some(descriptor),
            Attachment::Unknown(_) => {}
        }
        Ok(wire)
    }

    /// The second phase: the content comes to the signed address of a site that takes these types.
    pub async fn upload(
        &self,
        (site, types): (&SiteName, &AllowedTypes),
        id: &AttachmentId,
        signed: &Signed,
        UploadContent { length, content }: UploadContent,
    ) -> Result<AttachmentRecord, AttachmentError> {
        self.parts.urls.check(Permit::Upload, site, id, signed, self.parts.clock.now())?;
        let scope = Scope::Site(site.clone());
        let turn = self.uploads.begin(id).ok_or(AttachmentError::UploadUnderWay)?;
        let record = self.parts.store.attachment(&scope, id).await?.ok_or(AttachmentError::NotFound)?;
        if record.is_uploaded() {
            return Err(AttachmentError::AlreadyUploaded);
        }
        if length.is_some_and(|length| length > record.size) {
            return Err(AttachmentError::TooLarge { limit: record.size });
        }
        let said = said(&record.mime_type, &record.name);
        let uploaded =
            self.keep((id, Some(&turn)), (types, said), Size::Exactly(record.size), content).await?;
        self.finish(&scope, id, &uploaded).await
    }

    /// Both phases in one request.
    pub async fn upload_direct(
        &self,
        scope: &Scope,
        terms: UploadTerms<'_>,
        base: &PublicBase,
        (name, mime_type): (&str, Option<&str>),
        content: ByteStream,
    ) -> Result<Attachment, AttachmentError> {
        let limit = terms.max_bytes()?;
        let said = said(mime_type.unwrap_or_default(), name);
        // The row comes first: should this process die in between, the sweep finds what it left.
        let record = self.record(scope, name, said.unwrap_or_default(), 0)?;
        self.create(scope, terms, &record).await?;
        let types = (terms.types, said);
        let kept = match self.keep((&record.id, None), types, Size::AtMost(limit), content).await {
            Ok(uploaded) => self.finish(scope, &record.id, &uploaded).await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(record) => Ok(self.to_wire(&record, base)),
            Err(error) => {
                if let Err(error) = self.delete(scope, &record.id).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, id = %record.id, "an upload that failed is left to the sweep");
                }
                Err(error)
            }
        }
    }

    /// Takes an attachment away that was not sent yet, or that the user does not want to have sent.
    pub async fn delete(&self, scope: &Scope, id: &AttachmentId) -> Result<(), AttachmentError> {
        Ok(self.parts.store.delete_attachment(scope, id).await?)
    }

    /// An address where the content can be read for a while.
    pub fn download_url(&self, site: &SiteName, id: &AttachmentId, base: &PublicBase) -> String {
        self.parts.urls.read(base, Permit::Download, site, id, self.parts.clock.now())
    }

    /// The content or the small picture, for whoever holds the signed address.
    pub async fn download(
        &self,
        permit: Permit,
        site: &SiteName,
        id: &AttachmentId,
        signed: &Signed,
    ) -> Result<Download, AttachmentError> {
        let key = match permit {
            Permit::Preview => BlobKey::preview(id),
            Permit::Download => BlobKey::content(id),
            Permit::Upload => return Err(SignedUrlError::Forged.into()),
        };
        self.parts.urls.check(permit, site, id, signed, self.parts.clock.now())?;
        let record = self.parts.store.attachment(&Scope::Site(site.clone()), id).await?;
        // Until the upload has ended nobody has looked at all of it.
        let record = record.filter(AttachmentRecord::is_uploaded).ok_or(AttachmentError::NotFound)?;
        let blob = self.parts.blobs.get(&key).await?.ok_or(AttachmentError::NotFound)?;
        Ok(Download { record, blob })
    }

    /// An attachment for an agent. `None`: none was sent in the thread, or it is larger than `limit` bytes.
    pub async fn read(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &AttachmentId,
        limit: u64,
    ) -> Result<Option<AttachmentContent>, AttachmentError> {
        let record = self.parts.store.attachment(scope, id).await?;
        let sent = |record: &AttachmentRecord| record.thread.as_ref() == Some(thread);
        let Some(record) = record.filter(sent).filter(|record| record.size <= limit) else {
            return Ok(None);
        };
        let Some(blob) = self.parts.blobs.get(&BlobKey::content(id)).await? else { return Ok(None) };
        let content = incoming::gather(blob.content, limit).await?;
        Ok(Some(AttachmentContent { name: record.name, mime_type: record.mime_type, content }))
    }

    /// What a message may bring along: the user's own, uploaded, each once. Sending is part of
    /// [`crate::ports::Threads::begin_run`], which also refuses what was sent before, unless it was with this very
    /// request (its `Idempotency-Key` says so).
    pub async fn to_send(
        &self,
        scope: &Scope,
        terms: UploadTerms<'_>,
        ids: &[String],
    ) -> Result<Vec<AttachmentRecord>, AttachmentError> {
        let limit = terms.max_files()?;
        if ids.len() > limit as usize {
            return Err(AttachmentError::TooMany { limit });
        }
        let mut records: Vec<AttachmentRecord> = Vec::with_capacity(ids.len());
        for id in ids {
            let id = AttachmentId::parse(id).ok_or(AttachmentError::NotFound)?;
            let record = self.parts.store.attachment(scope, &id).await?.ok_or(AttachmentError::NotFound)?;
            if !record.is_uploaded() {
                return Err(AttachmentError::NotUploaded);
            }
            if records.iter().any(|other| other.id == record.id) {
                return Err(AttachmentError::Twice);
            }
            records.push(record);
        }
        Ok(records)
    }

    /// An attachment as clients see it, with an address of its preview that works for a while.
    pub fn to_wire(&self, record: &AttachmentRecord, base: &PublicBase) -> Attachment {
        let mut wire = wire::to_wire(record);
        self.address(&mut wire, &record.site, base);
        wire
    }

    /// Gives an attachment that was stored an address of its preview that works from now on: what is kept has
    /// none, since it would run out.
    fn address(&self, attachment: &mut Attachment, site: &SiteName, base: &PublicBase) {
        if let Attachment::Image(image) = attachment
            && let Some(id) = AttachmentId::parse(&image.id)
        {
            image.preview_url =
                self.parts.urls.read(base, Permit::Preview, site, &id, self.parts.clock.now());
        }
    }

    /// The same for all that a message brought along.
    pub fn address_message(&self, message: &mut UserMessageItem, site: &SiteName, base: &PublicBase) {
        message.attachments.iter_mut().for_each(|attachment| self.address(attachment, site, base));
    }

    /// The same for all messages among these items.
    pub fn address_items(&self, items: &mut [ThreadItem], site: &SiteName, base: &PublicBase) {
        for item in items {
            if let ThreadItem::UserMessage(message) = item {
                self.address_message(message, site, base);
            }
        }
    }

    fn record(
        &self,
        scope: &Scope,
        name: &str,
        mime_type: &str,
        size: u64,
    ) -> Result<AttachmentRecord, AttachmentError> {
        let now = self.parts.clock.now();
        Ok(AttachmentRecord {
            id: AttachmentId::mint(now, self.parts.rng.as_ref()),
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

    async fn create(
        &self,
        scope: &Scope,
        terms: UploadTerms<'_>,
        record: &AttachmentRecord,
    ) -> Result<(), AttachmentError> {
        let limit = terms.max_files()?;
        let unsent = MAX_UNSENT.max(2 * u64::from(limit));
        let since = terms.counted_since.map(|since| (since, u64::from(limit)));
        let bounds = AttachmentBounds { unsent, since };
        match self.parts.store.create_attachment(scope, record, bounds).await? {
            Announced::Created => Ok(()),
            Announced::TooManySince => Err(AttachmentError::TooManyInSession { limit }),
            Announced::TooManyUnsent => Err(AttachmentError::TooManyUnsent { limit: unsent }),
        }
    }

    /// Keeps content once it is known what it is. On failure nothing is left.
    async fn keep(
        &self,
        (id, turn): (&AttachmentId, Option<&Arc<Turn>>),
        (types, said): (&AllowedTypes, Option<&str>),
        size: Size,
        content: ByteStream,
    ) -> Result<Uploaded, AttachmentError> {
        let (head, content) = incoming::begin(content, size).await?;
        let mime_type = types.of_content(&head, said).ok_or(AttachmentError::TypeRejected)?;
        let key = BlobKey::content(id);
        let size = self.parts.blobs.put(&key, in_turn(turn, content)).await?;
        let previewed =
            if may_be_shown(mime_type, size) { self.keep_preview(id, turn).await } else { Ok(false) };
        match previewed {
            Ok(preview) => Ok(Uploaded { mime_type: mime_type.to_owned(), size, preview }),
            Err(error) => {
                if let Err(error) = self.parts.blobs.delete(&key).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, %id, "a picture that was refused is left to the sweep");
                }
                Err(error)
            }
        }
    }

    /// Makes the small picture from what is kept, and not from what comes in: a slow sender holds no memory. `false`:
    /// it has more pixels than are decoded.
    async fn keep_preview(
        &self,
        id: &AttachmentId,
        turn: Option<&Arc<Turn>>,
    ) -> Result<bool, AttachmentError> {
        let image = self.parts.blobs.get(&BlobKey::content(id)).await?.ok_or(AttachmentError::NotFound)?;
        match self.parts.previews.preview(image).await {
            Ok(preview) => {
                let content = in_turn(turn, whole(preview.content));
                self.parts.blobs.put(&BlobKey::preview(id), content).await?;
                Ok(true)
            }
            Err(PreviewError::TooLarge) => Ok(false),
            Err(PreviewError::Unavailable(error)) => Err(BlobError::Unavailable(error).into()),
            // A picture that cannot be decoded is none.
            Err(error @ PreviewError::Unreadable(_)) => {
                tracing::info!(error = &error as &dyn std::error::Error, "an image was refused");
                Err(AttachmentError::TypeRejected)
            }
        }
    }

    /// Says that the content is there.
    async fn finish(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        uploaded: &Uploaded,
    ) -> Result<AttachmentRecord, AttachmentError> {
        match self.parts.store.finish_upload(scope, id, uploaded).await {
            // It was deleted while its content came in, and its blobs perhaps before there were any.
            Err(StoreError::NotFound) => {
                self.parts.blobs.delete(&BlobKey::content(id)).await?;
                self.parts.blobs.delete(&BlobKey::preview(id)).await?;
                Err(AttachmentError::NotFound)
            }
            finished => Ok(finished?),
        }
    }
}

fn whole(content: Bytes) -> ByteStream {
    stream::once(async move { Ok(content) }).boxed()
}
