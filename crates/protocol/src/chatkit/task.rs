use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Extra, FileSource, UrlSource};

/// A step that the visitor can follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Task {
    /// Anything.
    Custom(CustomTask),
    /// A search on the web.
    WebSearch(SearchTask),
    /// Reasoning.
    Thought(ThoughtTask),
    /// Reading files.
    File(FileTask),
    /// Making a picture.
    Image(ImageTask),
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

/// How a task within a workflow is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusIndicator {
    /// Plainly.
    #[default]
    None,
    /// At work.
    Loading,
    /// Done.
    Complete,
}

/// Anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomTask {
    /// How it is drawn.
    pub status_indicator: StatusIndicator,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// An icon's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A search on the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchTask {
    /// How it is drawn.
    pub status_indicator: StatusIndicator,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What was searched for, in the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_query: Option<String>,
    /// What was searched for.
    pub queries: Vec<String>,
    /// What was found.
    pub sources: Vec<UrlSource>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Reasoning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThoughtTask {
    /// How it is drawn.
    pub status_indicator: StatusIndicator,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The thought.
    pub content: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Reading files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileTask {
    /// How it is drawn.
    pub status_indicator: StatusIndicator,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Which files.
    pub sources: Vec<FileSource>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Making a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageTask {
    /// How it is drawn.
    pub status_indicator: StatusIndicator,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Several tasks under one heading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Of which kind.
    #[serde(rename = "type")]
    pub kind: WorkflowKind,
    /// The tasks.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// The heading, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<WorkflowSummary>,
    /// Whether the tasks are shown without a click.
    #[serde(default)]
    pub expanded: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The kinds of workflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowKind {
    /// Anything.
    #[default]
    Custom,
    /// A model's reasoning.
    Reasoning,
}

/// A workflow's heading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WorkflowSummary {
    /// In words.
    Custom(CustomSummary),
    /// How long it took.
    Duration(DurationSummary),
    /// A kind that this version does not know.
    Unknown(Map<String, Value>),
}

/// A heading in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomSummary {
    /// The words.
    pub title: String,
    /// An icon's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A heading that says how long it took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DurationSummary {
    /// Seconds.
    pub duration: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
