use serde::{Deserialize, Serialize};

/// The name of an icon: one of [`NAMES`](Self::NAMES), or one of a set that the page brings along
/// (`vendor:…`, `lucide:…`). Names that a later widget adds are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(transparent)]
pub struct IconName(String);

impl IconName {
    /// The names that the widget of `openai-chatkit` 1.6.5 has an icon for.
    #[rustfmt::skip]
    pub const NAMES: [&str; 64] = [
        "agent", "analytics", "atom", "batch", "bolt", "book-open", "book-closed", "book-clock", "bug", "calendar",
        "chart", "check", "check-circle", "check-circle-filled", "chevron-left", "chevron-right", "circle-question",
        "clock", "compass", "confetti", "cube", "desktop", "document", "dot", "dots-horizontal", "dots-vertical",
        "empty-circle", "external-link", "globe", "keys", "lab", "images", "info", "lifesaver", "lightbulb", "mail",
        "map-pin", "maps", "mobile", "name", "notebook", "notebook-pencil", "page-blank", "phone", "play", "plus",
        "profile", "profile-card", "reload", "star", "star-filled", "search", "sparkle", "sparkle-double",
        "square-code", "square-image", "square-text", "suitcase", "settings-slider", "user", "wreath", "write",
        "write-alt", "write-alt2",
    ];

    /// The icon of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the widget can draw it: it has the name itself, or the name is of a set that the page brings along.
    pub fn is_known(&self) -> bool {
        Self::NAMES.contains(&self.as_str()) || self.0.starts_with("vendor:") || self.0.starts_with("lucide:")
    }
}
