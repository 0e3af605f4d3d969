//! The protocol between the ChatKit widget and its server: requests, events, items, widgets.
//!
//! Shapes, defaults and names follow `openai-chatkit` 1.6.5. Types that agents and stores fill keep fields
//! and variants they do not know, so that nothing is lost on the way through; requests come from browsers
//! and drop them. Nothing is written as `null` but what is free JSON by itself.

mod attachment;
mod event;
mod item;
mod page;
mod request;
mod source;
mod structured_input;
mod task;
mod thread;
mod time;
mod update;
mod widget;

pub use attachment::{Attachment, FileAttachment, ImageAttachment, UploadDescriptor, UploadMethod};
pub use event::{NoticeLevel, StreamOptions, ThreadEvent};
pub use item::{
    AssistantMessageContent, AssistantMessageItem, ClientToolCallItem, ClientToolCallStatus, EndOfTurnItem,
    GeneratedImage, GeneratedImageItem, HiddenContextItem, OutputText, SdkHiddenContextItem,
    StructuredInputItem, SyncCustomActionResponse, TaskItem, ThreadItem, UserMessageItem, WidgetItem,
    WorkflowItem,
};
pub use page::{Order, Page};
pub use request::*;
pub use source::{Annotation, AnnotationType, EntitySource, FileSource, Source, UrlSource};
pub use structured_input::{
    FreeformInput, MultipleChoiceInput, MultipleChoiceOption, StructuredInput, StructuredInputAnswer,
    StructuredInputStatus,
};
pub use task::{
    CustomSummary, CustomTask, DurationSummary, FileTask, ImageTask, SearchTask, StatusIndicator, Task,
    ThoughtTask, Workflow, WorkflowKind, WorkflowSummary,
};
pub use thread::{Thread, ThreadStatus};
pub use time::Time;
pub use update::ItemUpdate;
pub use widget::{WidgetComponent, WidgetRoot};

/// Fields that this version does not know, kept as they came.
pub type Extra = serde_json::Map<String, serde_json::Value>;
