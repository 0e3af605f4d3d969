use serde::{Deserialize, Serialize};

/// A part of a list. Made here and nowhere else, so that it has no unknown fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", schemars(rename = "{T}Page"), ts(optional_fields))]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Page<T> {
    /// The entries, in the order that was asked for.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(!default))]
    pub data: Vec<T>,
    /// Whether there are more after these.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(!default))]
    pub has_more: bool,
    /// The cursor of the next page: the id of the last entry. Absent when there is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { data: Vec::new(), has_more: false, after: None }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    #[default]
    Desc,
}
