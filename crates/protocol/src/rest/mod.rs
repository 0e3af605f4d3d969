//! Objects of OpenAI's ChatKit REST API (beta header `OpenAI-Beta: chatkit_beta=v1`).
//!
//! Times are integers, Unix seconds. Every field is required on the wire; the nullable ones are sent
//! as an explicit `null`. Fields that a newer API adds are kept in `extra` and written back, and an
//! item type that is not known here is kept whole in [`ThreadItem::Unknown`].

mod item;
mod list;
mod session;
mod thread;

pub use item::{
    Annotation, AssistantMessage, Attachment, AttachmentType, ClientToolCall, ContentPart, FileSource,
    InferenceOptions, ItemHead, ItemObject, OutputPart, OutputTextType, Task, TaskGroup, TaskGroupEntry,
    TaskType, ThreadItem, ToolCallStatus, ToolChoice, UrlSource, UserMessage, Widget,
};
pub use list::{List, ListObject};
pub use session::{CreateSessionRequest, CreatedSession, ExpiresAfter, RateLimits, Tracing, WorkflowParam};
pub use thread::{Thread, ThreadObject, ThreadStatus};

/// Fields of an object that this version does not know, in the order they came.
pub type Extra = serde_json::Map<String, serde_json::Value>;
