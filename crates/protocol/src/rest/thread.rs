use serde::{Deserialize, Serialize};

use super::Extra;

/// A conversation, without its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// `cthr_…`; foreign ones are opaque.
    pub id: String,
    /// Always `chatkit.thread`.
    pub object: ThreadObject,
    /// Unix seconds.
    pub created_at: i64,
    /// `None` until a title was generated or set.
    pub title: Option<String>,
    /// Whether the thread still takes messages.
    pub status: ThreadStatus,
    /// Whose thread it is: the `user` given when its session was made.
    pub user: String,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The `object` of a [`Thread`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThreadObject {
    /// `chatkit.thread`
    #[default]
    #[serde(rename = "chatkit.thread")]
    Thread,
}

/// Whether a thread takes messages. New threads are active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThreadStatus {
    /// Takes messages.
    Active {
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// Takes none for now.
    Locked {
        /// Shown to the user.
        reason: Option<String>,
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// Takes none any more.
    Closed {
        /// Shown to the user.
        reason: Option<String>,
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// A status that is not known here, kept whole.
    #[serde(untagged)]
    Unknown(Extra),
}

impl ThreadStatus {
    /// The status of a new thread.
    pub fn active() -> Self {
        Self::Active { extra: Extra::new() }
    }
}
