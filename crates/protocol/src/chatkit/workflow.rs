use serde::{Deserialize, Serialize};

use super::{Extra, IconName, Task, tagged::words};

/// A list of tasks with a summary above it, as shown while the assistant works. Not a workflow that answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Workflow {
    /// What it shows.
    #[serde(rename = "type")]
    pub kind: WorkflowKind,
    /// Its tasks, in the order in which they began.
    pub tasks: Vec<Task>,
    /// Shown above the tasks. Absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<WorkflowSummary>,
    /// Whether the tasks are shown without a click.
    #[serde(default)]
    pub expanded: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

words! {
    /// What a [`Workflow`] shows.
    pub enum WorkflowKind {
        "custom" => Custom,
        "reasoning" => Reasoning,
    }
}

/// What stands above the tasks of a [`Workflow`]. Told apart by its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum WorkflowSummary {
    /// A title.
    Custom(CustomSummary),
    /// How long it took.
    Duration(DurationSummary),
    /// A summary of another form, kept whole.
    #[cfg_attr(feature = "schema", schemars(skip), ts(skip))]
    Unknown(Extra),
}

/// A summary with a title.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct CustomSummary {
    /// The title.
    pub title: String,
    /// Shown before the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<IconName>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// A summary that says how long it took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct DurationSummary {
    /// In whole seconds.
    pub duration: u32,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
