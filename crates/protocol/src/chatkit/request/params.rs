use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object;
use crate::chatkit::{Order, UserMessageInput};

/// Declares params. Where nothing else is said, a field is required.
macro_rules! params {
    ( $( $(#[$doc:meta])* pub struct $name:ident { $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )* } )* ) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
            pub struct $name { $( $(#[$field_meta])* pub $field: $type, )* }
        )*
    };
}

params! {
    /// `threads.create`
    pub struct ThreadsCreateParams {
        /// The first message.
        #[serde(deserialize_with = "object::one")]
        pub input: UserMessageInput,
    }

    /// `threads.add_user_message`
    pub struct ThreadsAddUserMessageParams {
        /// The thread.
        pub thread_id: String,
        /// The message.
        #[serde(deserialize_with = "object::one")]
        pub input: UserMessageInput,
    }

    /// `threads.add_client_tool_output`
    pub struct ThreadsAddClientToolOutputParams {
        /// The thread. Its newest item is the call.
        pub thread_id: String,
        /// What the tool answered; free.
        pub result: Value,
    }

    /// `threads.add_structured_input`
    pub struct ThreadsAddStructuredInputParams {
        /// The thread.
        pub thread_id: String,
        /// The item with the questions.
        pub item_id: String,
        /// The answers.
        #[serde(deserialize_with = "object::one")]
        pub input: StructuredInputSubmission,
    }

    /// `threads.retry_after_item`
    pub struct ThreadsRetryAfterItemParams {
        /// The thread.
        pub thread_id: String,
        /// The message of the user that is to be answered again.
        pub item_id: String,
    }

    /// `threads.custom_action` and `threads.sync_custom_action`
    pub struct CustomActionParams {
        /// The thread.
        pub thread_id: String,
        /// The widget that it was done in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub item_id: Option<String>,
        /// What was done.
        #[serde(deserialize_with = "object::one")]
        pub action: Action,
    }

    /// `threads.get_by_id`
    pub struct ThreadsGetByIdParams {
        /// The thread.
        pub thread_id: String,
    }

    /// `threads.list`
    #[derive(Default)]
    pub struct ThreadsListParams {
        /// How many at most. Absent: the server's own number, 20. More than 100 are told a hundred at a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
        /// By the time of creation.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(as = "Option<Order>", optional))]
        pub order: Order,
        /// The `after` of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
    }

    /// `threads.update`
    pub struct ThreadsUpdateParams {
        /// The thread.
        pub thread_id: String,
        /// Its new title.
        pub title: String,
    }

    /// `threads.delete`
    pub struct ThreadsDeleteParams {
        /// The thread.
        pub thread_id: String,
    }

    /// `items.list`
    pub struct ItemsListParams {
        /// The thread.
        pub thread_id: String,
        /// How many at most. Absent: the server's own number, 20. More than 100 are told a hundred at a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
        /// By the place in the thread.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(as = "Option<Order>", optional))]
        pub order: Order,
        /// The `after` of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
    }

    /// `items.feedback`
    pub struct ItemsFeedbackParams {
        /// The thread.
        pub thread_id: String,
        /// The items.
        pub item_ids: Vec<String>,
        /// What the user thinks of them.
        pub kind: FeedbackKind,
    }

    /// `attachments.create`
    pub struct AttachmentsCreateParams {
        /// The name of the file at the user's.
        pub name: String,
        /// In bytes.
        #[cfg_attr(feature = "schema", ts(type = "number"))]
        pub size: u64,
        /// Its media type.
        pub mime_type: String,
    }

    /// `attachments.delete`
    pub struct AttachmentsDeleteParams {
        /// The attachment.
        pub attachment_id: String,
    }

    /// `input.transcribe`
    pub struct InputTranscribeParams {
        /// The sound, in base64.
        pub audio_base64: String,
        /// Its media type, with parameters, e.g. `audio/webm;codecs=opus`.
        pub mime_type: String,
    }

    /// What was done in a widget.
    pub struct Action {
        /// What the widget calls it.
        #[serde(rename = "type")]
        pub kind: String,
        /// What the widget gave along; free.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub payload: Option<Value>,
    }

    /// Answers to the questions of an item.
    #[derive(Default)]
    pub struct StructuredInputSubmission {
        /// Whether the user answered at all.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(as = "Option<SubmissionStatus>", optional))]
        pub status: SubmissionStatus,
        /// The answers, by the id of the question.
        #[serde(default, deserialize_with = "object::each")]
        #[cfg_attr(feature = "schema", ts(as = "Option<BTreeMap<String, StructuredInputAnswerSubmission>>", optional))]
        pub answers: BTreeMap<String, StructuredInputAnswerSubmission>,
    }

    /// The answer to one question.
    #[derive(Default)]
    pub struct StructuredInputAnswerSubmission {
        /// The words of it; empty when it was skipped.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(as = "Option<Vec<String>>", optional))]
        pub values: Vec<String>,
        /// Whether the user passed over the question.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(as = "Option<bool>", optional))]
        pub skipped: bool,
    }
}

/// Whether the user answered the questions of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    /// At least one.
    #[default]
    Answered,
    /// None: passed over them all.
    Skipped,
}

/// What a user thinks of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// Thumbs up.
    Positive,
    /// Thumbs down.
    Negative,
}
