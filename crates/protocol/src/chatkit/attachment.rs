use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Extra;

/// A file that belongs to a message. Its integration-only metadata is not part of the wire (rule 5) and so
/// not of this type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Attachment {
    /// Any file.
    File(FileAttachment),
    /// A picture, which has a preview.
    Image(ImageAttachment),
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

/// Any file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileAttachment {
    /// `cfile_…`.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// Where to send the bytes; gone once they have arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread it was sent in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageAttachment {
    /// `cfile_…`.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// Where to see it.
    pub preview_url: String,
    /// Where to send the bytes; gone once they have arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread it was sent in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How to upload a file that was announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadDescriptor {
    /// Where to.
    pub url: String,
    /// How.
    pub method: UploadMethod,
    /// Headers to send along.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// The HTTP method of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UploadMethod {
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
}
