use serde::{Deserialize, Serialize};

use super::{
    Extra, IconName, Source, UnknownObject,
    tagged::{tagged_union, words},
};

tagged_union! {
    /// A step that is shown while the assistant works.
    pub enum Task, else UnknownObject {
        /// Of any content.
        "custom" => Custom(CustomTask),
        /// A search on the web.
        "web_search" => Search(SearchTask),
        /// A thought.
        "thought" => Thought(ThoughtTask),
        /// Work on files.
        "file" => File(FileTask),
        /// Work on an image.
        "image" => Image(ImageTask),
    }
}

words! {
    /// How far a task is. Shown only within a workflow.
    #[derive(Default)]
    pub enum StatusIndicator {
        #[default]
        "none" => None,
        "loading" => Loading,
        "complete" => Complete,
    }
}

/// `custom`: a step of any content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct CustomTask {
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Shown before the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<IconName>,
    /// What it says, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `web_search`: a search on the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct SearchTask {
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The query that the title speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_query: Option<String>,
    /// What was searched for.
    #[serde(default)]
    pub queries: Vec<String>,
    /// What was found, each of type `url`.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `thought`: what the assistant thinks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ThoughtTask {
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The thought, in Markdown.
    pub content: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `file`: work on files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct FileTask {
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The files, each of type `file`.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `image`: work on an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ImageTask {
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
