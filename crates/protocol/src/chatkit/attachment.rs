use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Extra,
    tagged::{tagged_union, words},
};

tagged_union! {
    /// A file that a user sends along. Its `metadata` is for the integration and has no place here.
    pub enum Attachment, else UnknownAttachment {
        /// Any file that is not shown as an image.
        "file" => File(FileAttachment),
        /// An image.
        "image" => Image(ImageAttachment),
    }
}

/// Applies to the attachment of whatever kind.
macro_rules! each {
    ($self:expr, $attachment:ident => $does:expr) => {
        match $self {
            Attachment::File($attachment) => $does,
            Attachment::Image($attachment) => $does,
            Attachment::Unknown($attachment) => $does,
        }
    };
}

impl Attachment {
    /// `cfile_…`, or what a store of another maker calls it.
    pub fn id(&self) -> &str {
        each!(self, attachment => &attachment.id)
    }

    /// The thread that it was sent in, once it was.
    pub fn thread_id(&self) -> Option<&str> {
        each!(self, attachment => attachment.thread_id.as_deref())
    }

    /// Says in which thread it was sent.
    pub fn set_thread_id(&mut self, id: impl Into<String>) {
        each!(self, attachment => attachment.thread_id = Some(id.into()));
    }
}

/// `file`: shown by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct FileAttachment {
    /// `cfile_…`, or what a store of another maker calls it.
    pub id: String,
    /// The name of the file at the user's.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// Where to upload it. Absent once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread that it was sent in, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Fields that this version does not know; never `metadata`.
    #[serde(flatten, with = "super::private_fields")]
    #[cfg_attr(feature = "schema", schemars(with = "Extra"), ts(skip))]
    pub extra: Extra,
}

/// `image`: shown by a preview.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ImageAttachment {
    /// `cfile_…`, or what a store of another maker calls it.
    pub id: String,
    /// The name of the file at the user's.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// The URL that the preview is loaded from.
    pub preview_url: String,
    /// Where to upload it. Absent once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread that it was sent in, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Fields that this version does not know; never `metadata`.
    #[serde(flatten, with = "super::private_fields")]
    #[cfg_attr(feature = "schema", schemars(with = "Extra"), ts(skip))]
    pub extra: Extra,
}

/// An attachment of a kind that this version does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnknownAttachment {
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `cfile_…`, or what a store of another maker calls it.
    pub id: String,
    /// The thread that it was sent in, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// All other fields; never `metadata`.
    #[serde(flatten, with = "super::private_fields")]
    pub extra: Extra,
}

/// Where and how a file is uploaded in the second of two phases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct UploadDescriptor {
    /// Where to.
    pub url: String,
    /// With which method.
    pub method: UploadMethod,
    /// Headers to send along.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

words! {
    /// The method of an upload.
    pub enum UploadMethod {
        "POST" => Post,
        "PUT" => Put,
    }
}
