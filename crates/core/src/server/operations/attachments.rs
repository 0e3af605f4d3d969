//! Files: announced, deleted, and sent along with a message.

use std::sync::Arc;

use chatkitd_protocol::chatkit::{
    Attachment, AttachmentsCreateParams, AttachmentsDeleteParams, ThreadItem, UserMessageItem,
};

use super::reading::{document, nothing};
use crate::attachments::{self, AttachmentError, AttachmentService};
use crate::id::{AttachmentId, ThreadId};
use crate::ports::Scope;
use crate::server::engine::{ChatCaller, ChatServer, Reply};
use crate::server::error::ServerError;
use crate::threads::ItemTextPage;

impl ChatServer {
    pub(in crate::server) async fn create_attachment(
        &self,
        caller: &ChatCaller,
        params: AttachmentsCreateParams,
    ) -> Result<Reply, ServerError> {
        let file = (params.name.as_str(), params.size, params.mime_type.as_str());
        let (scope, terms) = (caller.scope(), caller.upload_terms());
        let announced = self.attachments()?.announce(&scope, terms, &caller.base, file).await?;
        document(&announced)
    }

    pub(in crate::server) async fn delete_attachment(
        &self,
        scope: &Scope,
        params: AttachmentsDeleteParams,
    ) -> Result<Reply, ServerError> {
        let attachments = self.attachments()?;
        let id = AttachmentId::parse(&params.attachment_id).ok_or(AttachmentError::NotFound)?;
        attachments.delete(scope, &id).await?;
        Ok(nothing())
    }

    /// What a message brings along, as it is kept. Each one may be sent once; the store sees to that.
    pub(super) async fn sent_along(
        &self,
        caller: &ChatCaller,
        thread: &ThreadId,
        ids: &[String],
    ) -> Result<Vec<Attachment>, ServerError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut records = self.attachments()?.to_send(&caller.scope(), caller.upload_terms(), ids).await?;
        for record in &mut records {
            record.thread = Some(thread.clone());
        }
        Ok(records.iter().map(attachments::to_wire).collect())
    }

    /// The message as its sender sees it: with addresses that work.
    pub(super) fn addressed(&self, caller: &ChatCaller, mut message: UserMessageItem) -> UserMessageItem {
        if let Some(service) = &self.attachments {
            service.address_message(&mut message, &caller.context.site, &caller.base);
        }
        message
    }

    /// The same for every message of a page.
    pub(super) fn address_all(&self, caller: &ChatCaller, items: &mut [ThreadItem]) {
        if let Some(service) = &self.attachments {
            service.address_items(items, &caller.context.site, &caller.base);
        }
    }

    /// The same for a page of texts. A message that brings nothing along stays the text that it is.
    pub(super) fn address_texts(
        &self,
        caller: &ChatCaller,
        page: &mut ItemTextPage,
    ) -> Result<(), serde_json::Error> {
        let Some(service) = &self.attachments else { return Ok(()) };
        for text in page.items.iter_mut().filter(|text| brings_something(&text.json)) {
            let ThreadItem::UserMessage(mut message) = serde_json::from_str(&text.json)? else { continue };
            service.address_message(&mut message, &caller.context.site, &caller.base);
            text.json = serde_json::to_string(&ThreadItem::UserMessage(message))?;
        }
        Ok(())
    }

    fn attachments(&self) -> Result<&Arc<AttachmentService>, ServerError> {
        self.attachments.as_ref().ok_or(ServerError::NoAttachments)
    }
}

/// Whether an item may be a message with attachments. Free JSON within another item may look the same; what people
/// write does not, since its quotation marks are escaped.
fn brings_something(json: &str) -> bool {
    memchr::memmem::find(json.as_bytes(), br#""attachments":[{"#).is_some()
}
