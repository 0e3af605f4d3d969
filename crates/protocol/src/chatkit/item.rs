use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Annotation, Attachment, Extra, InferenceOptions, StructuredInput, Task, Time, UnknownObject,
    UserMessageContent, WidgetRoot, Workflow,
    tagged::{tagged_union, words},
};

tagged_union! {
    /// An entry of a thread.
    pub enum ThreadItem, else UnknownItem {
        /// What the user wrote.
        "user_message" => UserMessage(UserMessageItem),
        /// What the assistant answered.
        "assistant_message" => AssistantMessage(AssistantMessageItem),
        /// A call of a tool that runs in the page.
        "client_tool_call" => ClientToolCall(ClientToolCallItem),
        /// A widget.
        "widget" => Widget(WidgetItem),
        /// An image that the assistant made.
        "generated_image" => GeneratedImage(GeneratedImageItem),
        /// Questions to the user.
        "structured_input" => StructuredInput(StructuredInputItem),
        /// A list of tasks with a summary.
        "workflow" => Workflow(WorkflowItem),
        /// A task that stands alone.
        "task" => Task(TaskItem),
        /// The assistant's turn is over.
        "end_of_turn" => EndOfTurn(EndOfTurnItem),
        /// What the assistant knows and the user does not see. Never sent to a client.
        "hidden_context_item" => HiddenContext(HiddenContextItem),
        /// The same, written by the server itself. Never sent to a client.
        "sdk_hidden_context" => SdkHiddenContext(SdkHiddenContextItem),
    }
}

/// Applies to the item of whatever kind.
macro_rules! each {
    ($self:expr, $item:ident => $does:expr) => {
        match $self {
            ThreadItem::UserMessage($item) => $does,
            ThreadItem::AssistantMessage($item) => $does,
            ThreadItem::ClientToolCall($item) => $does,
            ThreadItem::Widget($item) => $does,
            ThreadItem::GeneratedImage($item) => $does,
            ThreadItem::StructuredInput($item) => $does,
            ThreadItem::Workflow($item) => $does,
            ThreadItem::Task($item) => $does,
            ThreadItem::EndOfTurn($item) => $does,
            ThreadItem::HiddenContext($item) => $does,
            ThreadItem::SdkHiddenContext($item) => $does,
            ThreadItem::Unknown($item) => $does,
        }
    };
}

impl ThreadItem {
    /// `cti_…`, or what a store or agent of another maker calls it.
    pub fn id(&self) -> &str {
        each!(self, item => &item.id)
    }

    /// The thread that it belongs to.
    pub fn thread_id(&self) -> &str {
        each!(self, item => &item.thread_id)
    }

    /// When it began.
    pub fn created_at(&self) -> &Time {
        each!(self, item => &item.created_at)
    }

    /// Gives it another id.
    pub fn set_id(&mut self, id: impl Into<String>) {
        each!(self, item => item.id = id.into());
    }

    /// Puts it into another thread.
    pub fn set_thread_id(&mut self, id: impl Into<String>) {
        each!(self, item => item.thread_id = id.into());
    }

    /// Says when it began.
    pub fn set_created_at(&mut self, time: Time) {
        each!(self, item => item.created_at = time);
    }

    /// Whether it is stored and never sent to a client (rule 4 of the protocol).
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::HiddenContext(_) | Self::SdkHiddenContext(_))
    }
}

/// Declares the struct of an item: what all items have, its own fields, and what is not known here.
macro_rules! item {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
        pub struct $name {
            /// `cti_…`, or what a store or agent of another maker calls it.
            pub id: String,
            /// The thread that it belongs to.
            pub thread_id: String,
            /// When it began.
            pub created_at: Time,
            $( $(#[$field_meta])* pub $field: $type, )*
            /// Fields that this version does not know.
            #[serde(flatten)]
            #[cfg_attr(feature = "schema", ts(skip))]
            pub extra: Extra,
        }
    };
}

item! {
    /// `user_message`: what the user wrote.
    #[derive(Default)]
    pub struct UserMessageItem {
        /// Text and tags, in their order.
        pub content: Vec<UserMessageContent>,
        /// Files that were sent along.
        #[serde(default)]
        pub attachments: Vec<Attachment>,
        /// What the user quoted from the thread.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub quoted_text: Option<String>,
        /// The model and tool that the user chose.
        #[serde(default)]
        pub inference_options: InferenceOptions,
    }
}

impl UserMessageItem {
    /// What the user sees of it: its parts, with a blank between them.
    pub fn text(&self) -> String {
        let parts: Vec<_> = self.content.iter().map(UserMessageContent::as_text).collect();
        parts.join(" ")
    }
}

item! {
    /// `assistant_message`: what the assistant answered.
    #[derive(Default)]
    pub struct AssistantMessageItem {
        /// The parts of the answer.
        pub content: Vec<AssistantMessageContent>,
    }
}

tagged_union! {
    /// A part of an answer.
    pub enum AssistantMessageContent, else UnknownObject {
        /// Text.
        "output_text" => OutputText(OutputText),
    }
}

impl AssistantMessageContent {
    /// A part that is text without annotations.
    pub fn text(text: impl Into<String>) -> Self {
        Self::OutputText(OutputText { text: text.into(), ..OutputText::default() })
    }
}

/// `output_text`: text with annotations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct OutputText {
    /// Marks on the text.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// The text, in Markdown.
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

words! {
    /// How far a tool call is.
    #[derive(Default)]
    pub enum ToolCallStatus {
        #[default]
        "pending" => Pending,
        "completed" => Completed,
    }
}

item! {
    /// `client_tool_call`: a call of a tool that runs in the page.
    #[derive(Default)]
    pub struct ClientToolCallItem {
        /// Whether the page has answered.
        #[serde(default)]
        pub status: ToolCallStatus,
        /// The model's own id of the call.
        pub call_id: String,
        /// The tool.
        pub name: String,
        /// What it is called with; free.
        pub arguments: Extra,
        /// What it answered; free.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<Value>,
    }
}

item! {
    /// `widget`: a widget.
    pub struct WidgetItem {
        /// What it shows.
        pub widget: WidgetRoot,
        /// What is copied when the user copies the message.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub copy_text: Option<String>,
    }
}

/// An image that the assistant made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct GeneratedImage {
    /// Names the image.
    pub id: String,
    /// Where it is loaded from; a `data:` URL is one too.
    pub url: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

item! {
    /// `generated_image`: an image that the assistant makes or made.
    #[derive(Default)]
    pub struct GeneratedImageItem {
        /// The image, as soon as there is something to see.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub image: Option<GeneratedImage>,
    }
}

words! {
    /// Whether the questions of an item were answered.
    #[derive(Default)]
    pub enum StructuredInputStatus {
        #[default]
        "pending" => Pending,
        "answered" => Answered,
        "skipped" => Skipped,
    }
}

item! {
    /// `structured_input`: questions to the user.
    #[derive(Default)]
    pub struct StructuredInputItem {
        /// Whether they were answered.
        #[serde(default)]
        pub status: StructuredInputStatus,
        /// The questions.
        pub inputs: Vec<StructuredInput>,
    }
}

item! {
    /// `workflow`: a list of tasks with a summary.
    pub struct WorkflowItem {
        /// The list.
        pub workflow: Workflow,
    }
}

item! {
    /// `task`: a task that stands alone.
    pub struct TaskItem {
        /// The task.
        pub task: Task,
    }
}

item! {
    /// `end_of_turn`: the assistant's turn is over.
    #[derive(Default)]
    pub struct EndOfTurnItem {}
}

item! {
    /// `hidden_context_item`: what the assistant knows and the user does not see. Never sent to a client.
    #[derive(Default)]
    pub struct HiddenContextItem {
        /// Free.
        pub content: Value,
    }
}

item! {
    /// `sdk_hidden_context`: the same, written by the server itself. Never sent to a client.
    #[derive(Default)]
    pub struct SdkHiddenContextItem {
        /// In words, for the model.
        pub content: String,
    }
}

/// An item of a kind that this version does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnknownItem {
    /// `cti_…`, or what a store or agent of another maker calls it.
    pub id: String,
    /// The thread that it belongs to.
    pub thread_id: String,
    /// When it began.
    pub created_at: Time,
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Extra,
}
