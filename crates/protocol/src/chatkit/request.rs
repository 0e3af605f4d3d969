//! What a client asks. Fields that are not known are dropped here (design section 3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Order;

/// One operation, with the page's own notes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// What to do.
    #[serde(flatten)]
    pub operation: Operation,
    /// The page's own notes, free.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// Why a body is no request.
#[derive(Debug)]
pub enum RequestError {
    /// Not JSON, or not an object with a `type`.
    Json(serde_json::Error),
    /// There is no such operation.
    UnknownOperation(String),
    /// The operation's `params` are not as it needs them.
    Params {
        /// The operation.
        operation: &'static str,
        /// What is wrong.
        error: serde_json::Error,
    },
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the body is not a request: {error}"),
            Self::UnknownOperation(name) => write!(f, "there is no operation {name:?}"),
            Self::Params { operation, error } => write!(f, "the params of {operation} are wrong: {error}"),
        }
    }
}

impl std::error::Error for RequestError {}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident $name:literal $params:ident $streaming:literal,)*) => {
        /// The sixteen operations.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "type", content = "params")]
        pub enum Operation {
            $($(#[$doc])* #[serde(rename = $name)] $variant($params),)*
        }

        impl Operation {
            /// Its name on the wire.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            /// Whether it is answered with a stream.
            pub fn is_streaming(&self) -> bool {
                match self {
                    $(Self::$variant(_) => $streaming,)*
                }
            }

            fn parse(name: &str, params: &str) -> Result<Self, RequestError> {
                match name {
                    $($name => match serde_json::from_str(params) {
                        Ok(params) => Ok(Self::$variant(params)),
                        Err(error) => Err(RequestError::Params { operation: $name, error }),
                    },)*
                    _ => Err(RequestError::UnknownOperation(name.to_owned())),
                }
            }
        }
    };
}

operations! {
    /// Begins a thread with a message.
    ThreadsCreate "threads.create" ThreadsCreateParams true,
    /// Says something in a thread.
    ThreadsAddUserMessage "threads.add_user_message" ThreadsAddUserMessageParams true,
    /// Answers a client tool call.
    ThreadsAddClientToolOutput "threads.add_client_tool_output" ThreadsAddClientToolOutputParams true,
    /// Answers questions.
    ThreadsAddStructuredInput "threads.add_structured_input" ThreadsAddStructuredInputParams true,
    /// Has a message answered again.
    ThreadsRetryAfterItem "threads.retry_after_item" ThreadsRetryAfterItemParams true,
    /// A click that is answered with a stream.
    ThreadsCustomAction "threads.custom_action" CustomActionParams true,
    /// A click that is answered at once.
    ThreadsSyncCustomAction "threads.sync_custom_action" CustomActionParams false,
    /// A thread with its first items.
    ThreadsGetById "threads.get_by_id" ThreadsGetByIdParams false,
    /// The user's threads.
    ThreadsList "threads.list" ThreadsListParams false,
    /// Renames a thread.
    ThreadsUpdate "threads.update" ThreadsUpdateParams false,
    /// Deletes a thread.
    ThreadsDelete "threads.delete" ThreadsDeleteParams false,
    /// A thread's items.
    ItemsList "items.list" ItemsListParams false,
    /// What the visitor thinks of items.
    ItemsFeedback "items.feedback" ItemsFeedbackParams false,
    /// Announces a file.
    AttachmentsCreate "attachments.create" AttachmentsCreateParams false,
    /// Takes a file back.
    AttachmentsDelete "attachments.delete" AttachmentsDeleteParams false,
    /// Turns speech into text.
    InputTranscribe "input.transcribe" InputTranscribeParams false,
}

impl Request {
    /// Reads a request's body.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(RequestError::Json)?;
        let params = envelope.params.map_or("{}", RawValue::get);
        let operation = Operation::parse(&envelope.kind, params)?;
        Ok(Self { operation, metadata: envelope.metadata.unwrap_or_default() })
    }
}

/// Of `threads.create`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsCreateParams {
    /// The first message.
    pub input: UserMessageInput,
}

/// Of `threads.add_user_message`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsAddUserMessageParams {
    /// The thread.
    pub thread_id: String,
    /// The message.
    pub input: UserMessageInput,
}

/// Of `threads.add_client_tool_output`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsAddClientToolOutputParams {
    /// The thread.
    pub thread_id: String,
    /// Any JSON.
    pub result: Value,
}

/// Of `threads.add_structured_input`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsAddStructuredInputParams {
    /// The thread.
    pub thread_id: String,
    /// The item that asks.
    pub item_id: String,
    /// The answers.
    pub input: StructuredInputSubmission,
}

/// Of `threads.retry_after_item`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsRetryAfterItemParams {
    /// The thread.
    pub thread_id: String,
    /// A user's message.
    pub item_id: String,
}

/// Of `threads.custom_action` and `threads.sync_custom_action`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct CustomActionParams {
    /// The thread.
    pub thread_id: String,
    /// The widget it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// The action.
    pub action: Action,
}

/// Of `threads.get_by_id`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsGetByIdParams {
    /// The thread.
    pub thread_id: String,
}

/// Of `threads.list`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ThreadsListParams {
    /// How many; 20 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// In which order; newest first by default.
    pub order: Order,
    /// After which thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Of `threads.update`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsUpdateParams {
    /// The thread.
    pub thread_id: String,
    /// Its new title.
    pub title: String,
}

/// Of `threads.delete`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ThreadsDeleteParams {
    /// The thread.
    pub thread_id: String,
}

/// Of `items.list`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ItemsListParams {
    /// The thread.
    pub thread_id: String,
    /// How many; 20 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// In which order; newest first by default.
    #[serde(default)]
    pub order: Order,
    /// After which item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Of `items.feedback`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ItemsFeedbackParams {
    /// The thread.
    pub thread_id: String,
    /// The items.
    pub item_ids: Vec<String>,
    /// What the visitor thinks of them.
    pub kind: FeedbackKind,
}

/// Of `attachments.create`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct AttachmentsCreateParams {
    /// The file's name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type.
    pub mime_type: String,
}

/// Of `attachments.delete`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct AttachmentsDeleteParams {
    /// The file.
    pub attachment_id: String,
}

/// Of `input.transcribe`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct InputTranscribeParams {
    /// The sound, in base64.
    pub audio_base64: String,
    /// Its media type, with parameters.
    pub mime_type: String,
}

/// What a visitor says.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct UserMessageInput {
    /// The parts of the message.
    pub content: Vec<UserMessageContent>,
    /// Ids of files.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// What it refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// What the visitor chose in the composer.
    #[serde(default)]
    pub inference_options: InferenceOptions,
}

/// A part of what a visitor says.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserMessageContent {
    /// Text.
    InputText {
        /// The text.
        text: String,
    },
    /// A thing that the page knows.
    InputTag {
        /// The page's id for it.
        id: String,
        /// What the visitor sees.
        text: String,
        /// The page's data about it.
        data: Map<String, Value>,
        /// Under which heading it was offered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// Whether the page hears of clicks and hovers.
        #[serde(default)]
        interactive: bool,
    },
}

impl UserMessageContent {
    /// What the visitor sees of it.
    pub fn text(&self) -> &str {
        match self {
            Self::InputText { text } | Self::InputTag { text, .. } => text,
        }
    }
}

/// What the visitor chose in the composer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct InferenceOptions {
    /// A tool to be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// A model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A tool to be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ToolChoice {
    /// Its id.
    pub id: String,
}

/// Answers to questions.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct StructuredInputSubmission {
    /// Whether the visitor answered at all.
    pub status: StructuredInputSubmissionStatus,
    /// The answers by question.
    pub answers: BTreeMap<String, StructuredInputAnswerSubmission>,
}

/// Whether the visitor answered at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredInputSubmissionStatus {
    /// Yes.
    #[default]
    Answered,
    /// No.
    Skipped,
}

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct StructuredInputAnswerSubmission {
    /// The answers.
    pub values: Vec<String>,
    /// Whether the question was skipped.
    pub skipped: bool,
}

/// A click.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Action {
    /// What was meant.
    #[serde(rename = "type")]
    pub kind: String,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
}

/// What a visitor thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// Well.
    Positive,
    /// Not well.
    Negative,
}
