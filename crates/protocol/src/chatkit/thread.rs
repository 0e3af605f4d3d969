use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Extra, Page, ThreadItem, Time};

/// A conversation, as a client sees it: without the metadata that only agents read (rule 5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    /// What lists call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `cthr_…`.
    pub id: String,
    /// When it began.
    pub created_at: Time,
    /// Whether it takes messages.
    pub status: ThreadStatus,
    /// Where pictures in messages may come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// Some of its items.
    pub items: Page<ThreadItem>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether a thread takes messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThreadStatus {
    /// It does.
    #[default]
    Active,
    /// Not now.
    Locked {
        /// Why, for the visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Not any more.
    Closed {
        /// Why, for the visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A status that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

impl ThreadStatus {
    /// Whether messages are taken.
    pub fn is_active(&self) -> bool {
        !matches!(self, Self::Locked { .. } | Self::Closed { .. })
    }
}
