//! An attachment in the protocol's shape.

use chatkitd_protocol::chatkit::{Attachment, Extra, FileAttachment, ImageAttachment};

use super::record::AttachmentRecord;

/// An attachment as it is kept in the message that it was sent with: without addresses.
pub(crate) fn to_wire(record: &AttachmentRecord) -> Attachment {
    let id = record.id.as_str().to_owned();
    let thread_id = record.thread.as_ref().map(|thread| thread.as_str().to_owned());
    let (name, mime_type) = (record.name.clone(), record.mime_type.clone());
    if record.is_shown() {
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
