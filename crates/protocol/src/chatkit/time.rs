use serde::{Deserialize, Serialize};

/// A point in time as the wire writes it: RFC 3339. Ours are in UTC with `Z` and milliseconds; what came
/// from elsewhere (the reference leaves the zone out) is kept as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(String);

impl Time {
    /// A time that is written so.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was filled in yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
