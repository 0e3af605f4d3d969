use serde::{Deserialize, Serialize};

use super::{Extra, Page, ThreadItem, Time, UnknownObject, tagged::tagged_union};

/// A thread as a client sees it. Its `metadata` is for the integration and has no place here; on the wire there is
/// always an empty one, as in the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Thread {
    /// `cthr_…`, or what a store of another maker calls it.
    pub id: String,
    /// Its title, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// Whether it takes messages.
    #[serde(default)]
    pub status: ThreadStatus,
    /// The hosts that images in answers may be loaded from. Absent: those that the page allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// Its first items, oldest first; none where threads are listed.
    pub items: Page<ThreadItem>,
    /// Fields that this version does not know; never `metadata`.
    #[serde(flatten, with = "super::private_fields::of_thread")]
    #[cfg_attr(feature = "schema", schemars(with = "Extra"), ts(skip))]
    pub extra: Extra,
}

tagged_union! {
    /// Whether a thread takes messages.
    pub enum ThreadStatus, else UnknownObject {
        /// It does.
        "active" => Active(ActiveStatus),
        /// Not for now.
        "locked" => Locked(LockedStatus),
        /// Not any more.
        "closed" => Closed(ClosedStatus),
    }
}

impl Default for ThreadStatus {
    fn default() -> Self {
        ActiveStatus::default().into()
    }
}

impl ThreadStatus {
    /// Locked, with the reason that is shown to the user.
    pub fn locked(reason: Option<String>) -> Self {
        Self::Locked(LockedStatus { reason, extra: Extra::new() })
    }

    /// Closed, with the reason that is shown to the user.
    pub fn closed(reason: Option<String>) -> Self {
        Self::Closed(ClosedStatus { reason, extra: Extra::new() })
    }

    /// Whether the thread takes messages. A status that is not known here is taken for one that does not.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }
}

/// `active`: the thread takes messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ActiveStatus {
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `locked`: the thread takes no message for now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct LockedStatus {
    /// Why, for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `closed`: the thread takes no message any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ClosedStatus {
    /// Why, for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
