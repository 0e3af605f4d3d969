use serde::{Deserialize, Serialize};

/// The name of an icon: one that the widget has, or one of a set that the page brings along (`vendor:…`, `lucide:…`).
/// Names that a later widget adds are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(transparent)]
pub struct IconName(String);

impl IconName {
    /// The icon of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
