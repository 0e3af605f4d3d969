use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Extra;

/// What a statement rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    /// A page on the web.
    Url(UrlSource),
    /// A file.
    File(FileSource),
    /// A thing that the page knows.
    Entity(EntitySource),
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

/// A page on the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UrlSource {
    /// What the visitor reads.
    pub title: String,
    /// A longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Under which heading it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its address.
    pub url: String,
    /// Whom it is credited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileSource {
    /// What the visitor reads.
    pub title: String,
    /// A longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Under which heading it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The file's name.
    pub filename: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A thing that the page knows: a customer, an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntitySource {
    /// What the visitor reads.
    pub title: String,
    /// A longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Under which heading it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The page's id for it.
    pub id: String,
    /// An icon's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// A label in the header shown on hover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A label in the text; without one the icon stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_label: Option<String>,
    /// Whether the page hears of clicks and hovers.
    pub interactive: bool,
    /// Handed to the page's callbacks.
    pub data: Map<String, Value>,
    /// `lazy`; ignored by clients, kept for old agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Ties a source to a place in a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Always `annotation`.
    #[serde(rename = "type", default)]
    pub kind: AnnotationType,
    /// The source.
    pub source: Source,
    /// After how many characters of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The one kind of annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationType {
    /// `annotation`.
    #[default]
    Annotation,
}
