use serde::{Deserialize, Serialize};

/// A moment in the text that it has on the wire: RFC 3339 in UTC with milliseconds and `Z`
/// (`2026-01-02T03:04:05.678Z`) where it is written here.
///
/// The reference server leaves the zone out and writes microseconds. What was read is kept and written back as it
/// came; whoever needs the moment itself parses the text, and takes one without a zone for UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(transparent)]
pub struct Time(String);

impl Time {
    /// Takes `text` for a moment, unchecked.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Time {
    fn from(text: String) -> Self {
        Self(text)
    }
}
