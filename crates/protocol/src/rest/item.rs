use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extra;

/// An entry of a thread, told apart by `type`.
///
/// An item of a known type whose shape is not the expected one is [`Unknown`](Self::Unknown) as well:
/// reading and writing an item never loses a field and never fails on an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ThreadItem {
    /// What the user wrote.
    #[serde(rename = "chatkit.user_message")]
    UserMessage(UserMessage),
    /// What the assistant answered.
    #[serde(rename = "chatkit.assistant_message")]
    AssistantMessage(AssistantMessage),
    /// A widget that was shown.
    #[serde(rename = "chatkit.widget")]
    Widget(Widget),
    /// A call of a tool that runs in the page.
    #[serde(rename = "chatkit.client_tool_call")]
    ClientToolCall(ClientToolCall),
    /// A step that was shown while the assistant worked.
    #[serde(rename = "chatkit.task")]
    Task(Task),
    /// Several such steps.
    #[serde(rename = "chatkit.task_group")]
    TaskGroup(TaskGroup),
    /// Anything else, kept whole (`type` included).
    #[serde(untagged)]
    Unknown(Extra),
}

/// What all items have in common besides `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemHead {
    /// `cti_…` or `cthi_…`; opaque.
    pub id: String,
    /// Always `chatkit.thread_item`.
    pub object: ItemObject,
    /// Unix seconds.
    pub created_at: i64,
    /// The thread that it belongs to.
    pub thread_id: String,
}

/// The `object` of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemObject {
    /// `chatkit.thread_item`
    #[default]
    #[serde(rename = "chatkit.thread_item")]
    ThreadItem,
}

/// `chatkit.user_message`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserMessage {
    /// Id, time and thread.
    #[serde(flatten)]
    pub head: ItemHead,
    /// What was typed or quoted.
    pub content: Vec<ContentPart>,
    /// Empty if there are none.
    pub attachments: Vec<Attachment>,
    /// The model and tool that the user chose, if any.
    pub inference_options: Option<InferenceOptions>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A part of what a user wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentPart {
    /// Typed.
    InputText {
        /// The text.
        text: String,
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// Quoted from the thread.
    QuotedText {
        /// The text.
        text: String,
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// A part that is not known here, kept whole.
    #[serde(untagged)]
    Unknown(Extra),
}

/// A file that a user sent along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// `cfile_…`; opaque.
    pub id: String,
    /// Image or other file.
    #[serde(rename = "type")]
    pub kind: AttachmentType,
    /// The name of the file at the user's.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// Where it can be seen for now. May be a signed URL that runs out.
    pub preview_url: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The `type` of an [`Attachment`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentType {
    /// An image.
    Image,
    /// Any other file.
    File,
    /// A type that is not known here.
    #[serde(untagged)]
    Unknown(String),
}

/// What the user chose for one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InferenceOptions {
    /// The model's id.
    pub model: Option<String>,
    /// The tool to use.
    pub tool_choice: Option<ToolChoice>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A tool that the user chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolChoice {
    /// The tool's id.
    pub id: String,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `chatkit.assistant_message`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssistantMessage {
    /// Id, time and thread.
    #[serde(flatten)]
    pub head: ItemHead,
    /// The answer.
    pub content: Vec<OutputPart>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputPart {
    /// Always `output_text` so far.
    #[serde(rename = "type")]
    pub kind: OutputTextType,
    /// The text.
    pub text: String,
    /// Sources; may be empty.
    pub annotations: Vec<Annotation>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The `type` of an [`OutputPart`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputTextType {
    /// `output_text`
    #[default]
    #[serde(rename = "output_text")]
    OutputText,
}

/// A source of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Annotation {
    /// A file.
    File {
        /// Which one.
        source: FileSource,
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// A page.
    Url {
        /// Which one.
        source: UrlSource,
        /// Fields that are not known here.
        #[serde(flatten)]
        extra: Extra,
    },
    /// A source that is not known here, kept whole.
    #[serde(untagged)]
    Unknown(Extra),
}

/// The file of an [`Annotation`]. On the wire it repeats `type: "file"`, which stays in `extra`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSource {
    /// The name of the file.
    pub filename: String,
    /// `type`, and fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The page of an [`Annotation`]. On the wire it repeats `type: "url"`, which stays in `extra`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UrlSource {
    /// The address of the page.
    pub url: String,
    /// `type`, and fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `chatkit.widget`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Widget {
    /// Id, time and thread.
    #[serde(flatten)]
    pub head: ItemHead,
    /// The widget as JSON text: a string on the wire, not an object.
    pub widget: String,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `chatkit.client_tool_call`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientToolCall {
    /// Id, time and thread.
    #[serde(flatten)]
    pub head: ItemHead,
    /// Whether the page has answered.
    pub status: ToolCallStatus,
    /// The call's id at the model.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// JSON text.
    pub arguments: String,
    /// JSON text; `None` until the page has answered.
    pub output: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The `status` of a [`ClientToolCall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolCallStatus {
    /// The page has not answered.
    InProgress,
    /// It has.
    Completed,
}

/// `chatkit.task`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Id, time and thread.
    #[serde(flatten)]
    pub head: ItemHead,
    /// What kind of step.
    pub task_type: TaskType,
    /// Its heading.
    pub heading: Option<String>,
    /// Its text.
    pub summary: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskType {
    /// Any step.
    Custom,
    /// A thought of the model.
    Thought,
}

/// `chatkit.task_group`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskGroup {
    /// Id, time and thread.
    #[serde(flatten)]
    pub head: ItemHead,
    /// The steps, which have no ids of their own.
    pub tasks: Vec<TaskGroupEntry>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A step of a [`TaskGroup`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskGroupEntry {
    /// What kind of step.
    #[serde(rename = "type")]
    pub kind: TaskType,
    /// Its heading.
    pub heading: Option<String>,
    /// Its text.
    pub summary: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ThreadItem {
    /// The item's id; `None` for an unknown item without one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::UserMessage(item) => Some(&item.head.id),
            Self::AssistantMessage(item) => Some(&item.head.id),
            Self::Widget(item) => Some(&item.head.id),
            Self::ClientToolCall(item) => Some(&item.head.id),
            Self::Task(item) => Some(&item.head.id),
            Self::TaskGroup(item) => Some(&item.head.id),
            Self::Unknown(fields) => fields.get("id").and_then(Value::as_str),
        }
    }
}
