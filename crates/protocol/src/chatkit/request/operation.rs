use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::object::Object;
use super::{
    AttachmentsCreateParams, AttachmentsDeleteParams, CustomActionParams, InputTranscribeParams,
    ItemsFeedbackParams, ItemsListParams, ThreadsAddClientToolOutputParams, ThreadsAddStructuredInputParams,
    ThreadsAddUserMessageParams, ThreadsCreateParams, ThreadsDeleteParams, ThreadsGetByIdParams,
    ThreadsListParams, ThreadsRetryAfterItemParams, ThreadsUpdateParams,
};
use crate::chatkit::Extra;

/// All of a request but its `type`.
#[derive(Deserialize)]
struct Body<P> {
    params: Option<Object<P>>,
    #[serde(default)]
    metadata: Extra,
}

/// Reads params and metadata. Absent params are empty ones: where nothing is required, that is enough. An error about
/// those has no place in the body, and no line.
fn read<P: DeserializeOwned>(body: &[u8]) -> Result<(P, Extra), serde_json::Error> {
    let Object(Body { params, metadata }) = serde_json::from_slice::<Object<Body<P>>>(body)?;
    let params = match params {
        Some(Object(params)) => params,
        None => P::deserialize(Value::Object(Extra::new()))?,
    };
    Ok((params, metadata))
}

/// Declares the operations: name on the wire, variant, params, and whether the answer is a stream.
macro_rules! operations {
    ( $( $(#[$doc:meta])* $name:literal => $variant:ident($params:ty), streaming: $streaming:literal; )* ) => {
        /// An operation with its params.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        #[serde(tag = "type", content = "params")]
        pub enum Operation {
            $(
                $(#[$doc])*
                #[serde(rename = $name)]
                $variant($params),
            )*
        }

        impl Operation {
            /// The `type` on the wire.
            pub fn name(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => $name, )*
                }
            }

            /// Whether the answer is a stream of events, not one JSON object.
            pub fn is_streaming(&self) -> bool {
                match self {
                    $( Self::$variant(_) => $streaming, )*
                }
            }

            /// The name of an operation as it stands here, if there is one of that name.
            pub(super) fn known(name: &str) -> Option<&'static str> {
                match name {
                    $( $name => Some($name), )*
                    _ => None,
                }
            }

            /// Reads the operation that `name` names. `None` if there is none of that name.
            pub(super) fn read(name: &str, body: &[u8]) -> Result<Option<(Self, Extra)>, serde_json::Error> {
                match name {
                    $( $name => read(body).map(|(params, metadata)| Some((Self::$variant(params), metadata))), )*
                    _ => Ok(None),
                }
            }
        }
    };
}

operations! {
    /// Starts a thread with a message of the user, and answers it.
    "threads.create" => ThreadsCreate(ThreadsCreateParams), streaming: true;
    /// Goes on with a message of the user, and answers it.
    "threads.add_user_message" => ThreadsAddUserMessage(ThreadsAddUserMessageParams), streaming: true;
    /// Brings the result of a client tool call, and goes on with the answer.
    "threads.add_client_tool_output" => ThreadsAddClientToolOutput(ThreadsAddClientToolOutputParams), streaming: true;
    /// Brings the answers to questions, and goes on with the answer.
    "threads.add_structured_input" => ThreadsAddStructuredInput(ThreadsAddStructuredInputParams), streaming: true;
    /// Answers a message of the user again, and drops what came after it.
    "threads.retry_after_item" => ThreadsRetryAfterItem(ThreadsRetryAfterItemParams), streaming: true;
    /// Something was done in a widget.
    "threads.custom_action" => ThreadsCustomAction(CustomActionParams), streaming: true;
    /// Something was done in a widget; the answer is at most one changed item.
    "threads.sync_custom_action" => ThreadsSyncCustomAction(CustomActionParams), streaming: false;
    /// A thread with its first items.
    "threads.get_by_id" => ThreadsGetById(ThreadsGetByIdParams), streaming: false;
    /// The user's threads.
    "threads.list" => ThreadsList(ThreadsListParams), streaming: false;
    /// Gives a thread a title.
    "threads.update" => ThreadsUpdate(ThreadsUpdateParams), streaming: false;
    /// Deletes a thread with its items.
    "threads.delete" => ThreadsDelete(ThreadsDeleteParams), streaming: false;
    /// The items of a thread.
    "items.list" => ItemsList(ItemsListParams), streaming: false;
    /// What the user thinks of items.
    "items.feedback" => ItemsFeedback(ItemsFeedbackParams), streaming: false;
    /// Announces a file.
    "attachments.create" => AttachmentsCreate(AttachmentsCreateParams), streaming: false;
    /// Takes a file back.
    "attachments.delete" => AttachmentsDelete(AttachmentsDeleteParams), streaming: false;
    /// Speech to text.
    "input.transcribe" => InputTranscribe(InputTranscribeParams), streaming: false;
}

impl Operation {
    /// The thread that it is about, where there is one already.
    pub fn thread_id(&self) -> Option<&str> {
        match self {
            Self::ThreadsAddUserMessage(params) => Some(&params.thread_id),
            Self::ThreadsAddClientToolOutput(params) => Some(&params.thread_id),
            Self::ThreadsAddStructuredInput(params) => Some(&params.thread_id),
            Self::ThreadsRetryAfterItem(params) => Some(&params.thread_id),
            Self::ThreadsCustomAction(params) | Self::ThreadsSyncCustomAction(params) => {
                Some(&params.thread_id)
            }
            Self::ThreadsGetById(params) => Some(&params.thread_id),
            Self::ThreadsUpdate(params) => Some(&params.thread_id),
            Self::ThreadsDelete(params) => Some(&params.thread_id),
            Self::ItemsList(params) => Some(&params.thread_id),
            Self::ItemsFeedback(params) => Some(&params.thread_id),
            Self::ThreadsCreate(_)
            | Self::ThreadsList(_)
            | Self::AttachmentsCreate(_)
            | Self::AttachmentsDelete(_)
            | Self::InputTranscribe(_) => None,
        }
    }
}
