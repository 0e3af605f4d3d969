use serde::{Deserialize, Serialize};

use super::{
    Extra, IconName, ItemUpdate, Thread, ThreadItem,
    tagged::{tagged_variants, words},
};

tagged_variants! {
    /// What a stream tells a client.
    pub enum ThreadEvent {
        /// The thread was created. The first event of a new thread.
        "thread.created" => ThreadCreated as thread_created {
            /// The thread as it is now.
            thread: Thread,
        },
        /// Title, status or allowed image domains changed.
        "thread.updated" => ThreadUpdated as thread_updated {
            /// The thread as it is now.
            thread: Thread,
        },
        /// An item begins; updates follow. Saves nothing.
        "thread.item.added" => ItemAdded as item_added {
            /// As far as it is.
            item: ThreadItem,
        },
        /// An item that began has changed.
        "thread.item.updated" => ItemUpdated as item_updated {
            /// Which item.
            item_id: String,
            /// What changed.
            update: ItemUpdate,
        },
        /// An item is complete, and saved.
        "thread.item.done" => ItemDone as item_done {
            /// The whole item.
            item: ThreadItem,
        },
        /// An item was deleted.
        "thread.item.removed" => ItemRemoved as item_removed {
            /// Which item.
            item_id: String,
        },
        /// An item that was complete is another now.
        "thread.item.replaced" => ItemReplaced as item_replaced {
            /// The whole item.
            item: ThreadItem,
        },
        /// What the client may do while the stream lasts.
        "stream_options" => StreamOptions as stream_options {
            /// The options.
            stream_options: StreamOptions,
        },
        /// What the assistant is doing, in words. Not kept.
        "progress_update" => ProgressUpdate as progress_update {
            /// Shown before the text.
            #[serde(skip_serializing_if = "Option::is_none")]
            icon: Option<IconName>,
            /// The words.
            text: String,
        },
        /// Something for the page to do, without an answer.
        "client_effect" => ClientEffect as client_effect {
            /// What it is called in the page.
            name: String,
            /// What the page is given; free.
            #[serde(default)]
            data: Extra,
        },
        /// A word to the user beside the conversation. Not kept.
        "notice" => Notice as notice {
            /// How serious it is.
            level: NoticeLevel,
            /// The words, in Markdown.
            message: String,
            /// A title above them.
            #[serde(skip_serializing_if = "Option::is_none")]
            title: Option<String>,
        },
        /// The answer failed.
        "error" => Error as error {
            /// What failed; the widget has words for the codes that it knows.
            #[serde(default)]
            code: ErrorCode,
            /// Words for the user, instead of those.
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<String>,
            /// Whether the widget offers to try again.
            #[serde(default)]
            allow_retry: bool,
        },
    }
}

/// What a client may do while a stream lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct StreamOptions {
    /// Whether the widget offers to stop the answer.
    pub allow_cancel: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

impl StreamOptions {
    /// With or without the offer to stop the answer.
    pub fn new(allow_cancel: bool) -> Self {
        Self { allow_cancel, extra: Extra::new() }
    }
}

words! {
    /// How serious a notice is.
    pub enum NoticeLevel {
        "info" => Info,
        "warning" => Warning,
        "danger" => Danger,
    }
}

words! {
    /// What failed. More codes may come.
    #[derive(Default)]
    pub enum ErrorCode {
        "stream.error" => StreamError,
        #[default]
        "custom" => Custom,
    }
}
