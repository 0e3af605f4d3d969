use serde::{Deserialize, Serialize};

use super::{Extra, IconName, UnknownObject, tagged::tagged_union};

tagged_union! {
    /// What an answer rests on.
    pub enum Source, else UnknownObject {
        /// A page on the web.
        "url" => Url(UrlSource),
        /// A file.
        "file" => File(FileSource),
        /// Something of the application's own.
        "entity" => Entity(EntitySource),
    }
}

/// `url`: a page on the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct UrlSource {
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: String,
    /// Who is to be named with it, e.g. the publisher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// A sentence on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made, as it is to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `file`: a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct FileSource {
    /// Its title.
    pub title: String,
    /// Its name.
    pub filename: String,
    /// A sentence on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made, as it is to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `entity`: something of the application's own, such as a customer or an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct EntitySource {
    /// Its id in the application.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Shown with it; in the text only where there is no `inline_label`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<IconName>,
    /// Shown with the icon when the pointer is on it and the page has no preview of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Shown in the text, instead of the icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_label: Option<String>,
    /// Whether the page is told when it is clicked or pointed at.
    #[serde(default)]
    pub interactive: bool,
    /// What the page is given with that; free.
    #[serde(default)]
    pub data: Extra,
    /// Obsolete, and ignored by the widget. The reference knows `lazy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// A sentence on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made, as it is to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

tagged_union! {
    /// A mark on the text of an answer.
    pub enum Annotation, else UnknownObject {
        /// A source of the answer.
        "annotation" => Source(SourceAnnotation),
    }
}

/// `annotation`: a source, and where in the text it belongs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct SourceAnnotation {
    /// The source.
    pub source: Box<Source>,
    /// Behind which character of the text it is shown. Absent: only in the list of sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
