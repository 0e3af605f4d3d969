//! The self-hosted ChatKit protocol, as `openai-chatkit` 1.6.5 speaks it: one endpoint that takes a [`Request`] and
//! answers with JSON or with a stream of [`ThreadEvent`]s.
//!
//! - Nothing is serialised as `null`, except within free JSON (`data`, `arguments`, `payload`, `result`, `output`,
//!   `content` of hidden context). Fields with a default are always written.
//! - What comes from agents, upstreams and stores keeps the fields (`extra`), kinds (`Unknown`) and words (`Other`)
//!   that this version does not know. A *known* kind of the wrong shape is an error. Even a text delta keeps them: an
//!   empty `extra` was measured to cost no more than the noise when an event is written.
//! - What comes from browsers ([`Request`]) does not: unknown fields are dropped and unknown kinds refused.
//! - `metadata` of threads and of attachments is for the integration and never sent to a client. These types have no
//!   place for it, so that it cannot be sent by mistake.

mod attachment;
mod event;
mod icon;
mod item;
mod page;
mod private_fields;
mod request;
mod response;
mod source;
mod structured_input;
mod tagged;
mod task;
mod text_deltas;
mod thread;
mod time;
mod update;
mod user_message;
pub mod widget;
mod workflow;

pub use attachment::{
    Attachment, FileAttachment, ImageAttachment, UnknownAttachment, UploadDescriptor, UploadMethod,
};
pub use event::{ErrorCode, NoticeLevel, StreamOptions, ThreadEvent};
pub use icon::IconName;
pub use item::{
    AssistantMessageContent, AssistantMessageItem, ClientToolCallItem, EndOfTurnItem, GeneratedImage,
    GeneratedImageItem, HiddenContextItem, OutputText, SdkHiddenContextItem, StructuredInputItem,
    StructuredInputStatus, TaskItem, ThreadItem, ToolCallStatus, UnknownItem, UserMessageItem, WidgetItem,
    WorkflowItem,
};
pub use page::{Order, Page};
pub use request::{
    Action, AttachmentsCreateParams, AttachmentsDeleteParams, BodyFault, CustomActionParams, FeedbackKind,
    InputTranscribeParams, ItemsFeedbackParams, ItemsListParams, MAX_DEPTH, Operation, Request, RequestError,
    StructuredInputAnswerSubmission, StructuredInputSubmission, SubmissionStatus,
    ThreadsAddClientToolOutputParams, ThreadsAddStructuredInputParams, ThreadsAddUserMessageParams,
    ThreadsCreateParams, ThreadsDeleteParams, ThreadsGetByIdParams, ThreadsListParams,
    ThreadsRetryAfterItemParams, ThreadsUpdateParams, check_body,
};
pub use response::{SyncCustomActionResponse, TranscriptionResult};
pub use source::{Annotation, EntitySource, FileSource, Source, SourceAnnotation, UrlSource};
pub use structured_input::{
    FreeformInput, MultipleChoiceInput, MultipleChoiceOption, StructuredInput, StructuredInputAnswer,
};
pub use tagged::UnknownObject;
pub use task::{CustomTask, FileTask, ImageTask, SearchTask, StatusIndicator, Task, ThoughtTask};
pub use text_deltas::TextDeltas;
pub use thread::{ActiveStatus, ClosedStatus, LockedStatus, Thread, ThreadStatus};
pub use time::Time;
pub use update::ItemUpdate;
pub use user_message::{
    InferenceOptions, InputTag, InputText, ToolChoice, UserMessageContent, UserMessageInput,
};
pub use widget::{WidgetComponent, WidgetRoot};
pub use workflow::{CustomSummary, DurationSummary, Workflow, WorkflowKind, WorkflowSummary};

/// Fields of an object that this version does not know, in the order in which they came.
pub type Extra = serde_json::Map<String, serde_json::Value>;
