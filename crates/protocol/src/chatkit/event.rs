use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Extra, ItemUpdate, Thread, ThreadItem};

/// What a stream carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ThreadEvent {
    /// A thread began.
    #[serde(rename = "thread.created")]
    ThreadCreated {
        /// The thread.
        thread: Thread,
    },
    /// A thread changed.
    #[serde(rename = "thread.updated")]
    ThreadUpdated {
        /// As it is now.
        thread: Thread,
    },
    /// An item begins.
    #[serde(rename = "thread.item.added")]
    ItemAdded {
        /// As it begins.
        item: ThreadItem,
    },
    /// An item that began changes.
    #[serde(rename = "thread.item.updated")]
    ItemUpdated {
        /// Which.
        item_id: String,
        /// How.
        update: ItemUpdate,
    },
    /// An item is done and kept.
    #[serde(rename = "thread.item.done")]
    ItemDone {
        /// As it is kept.
        item: ThreadItem,
    },
    /// An item is gone.
    #[serde(rename = "thread.item.removed")]
    ItemRemoved {
        /// Which.
        item_id: String,
    },
    /// An item is exchanged.
    #[serde(rename = "thread.item.replaced")]
    ItemReplaced {
        /// The new one, under the same id.
        item: ThreadItem,
    },
    /// How the client may treat the stream.
    #[serde(rename = "stream_options")]
    StreamOptions {
        /// The options.
        stream_options: StreamOptions,
    },
    /// What is going on.
    #[serde(rename = "progress_update")]
    ProgressUpdate {
        /// An icon's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        icon: Option<String>,
        /// In words.
        text: String,
    },
    /// Something the page should do.
    #[serde(rename = "client_effect")]
    ClientEffect {
        /// What.
        name: String,
        /// With what.
        #[serde(default)]
        data: Map<String, Value>,
    },
    /// Something went wrong.
    #[serde(rename = "error")]
    Error {
        /// `stream.error`, or `custom` with a message.
        #[serde(default = "custom")]
        code: String,
        /// For the visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whether the widget offers to try again.
        #[serde(default)]
        allow_retry: bool,
    },
    /// Something the visitor should know.
    #[serde(rename = "notice")]
    Notice {
        /// How bad it is.
        level: NoticeLevel,
        /// In words, Markdown.
        message: String,
        /// A heading.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

fn custom() -> String {
    "custom".to_owned()
}

/// How the client may treat a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamOptions {
    /// Whether the visitor may stop it.
    pub allow_cancel: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeLevel {
    /// Not bad.
    Info,
    /// It could get bad.
    Warning,
    /// It is.
    Danger,
}
