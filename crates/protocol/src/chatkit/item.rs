use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Annotation, Attachment, Extra, InferenceOptions, StructuredInput, StructuredInputStatus, Task, Time,
    UserMessageContent, WidgetRoot, Workflow,
};

/// An entry of a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThreadItem {
    /// What the visitor said.
    UserMessage(UserMessageItem),
    /// What the assistant said.
    AssistantMessage(AssistantMessageItem),
    /// Something the page is asked to do.
    ClientToolCall(ClientToolCallItem),
    /// A widget.
    Widget(WidgetItem),
    /// A generated picture.
    GeneratedImage(GeneratedImageItem),
    /// Questions.
    StructuredInput(StructuredInputItem),
    /// Several tasks.
    Workflow(WorkflowItem),
    /// One task.
    Task(TaskItem),
    /// The assistant's turn ends.
    EndOfTurn(EndOfTurnItem),
    /// Known to agents only; never sent.
    HiddenContextItem(HiddenContextItem),
    /// Known to the server and agents only; never sent.
    SdkHiddenContext(SdkHiddenContextItem),
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

macro_rules! items {
    ($($variant:ident $kind:literal),*) => {
        impl ThreadItem {
            /// Its id; empty when it has none yet.
            pub fn id(&self) -> &str {
                match self {
                    $(Self::$variant(item) => &item.id,)*
                    Self::Unknown(fields) => text(fields, "id"),
                }
            }

            /// The thread it is in; empty when not filled in yet.
            pub fn thread_id(&self) -> &str {
                match self {
                    $(Self::$variant(item) => &item.thread_id,)*
                    Self::Unknown(fields) => text(fields, "thread_id"),
                }
            }

            /// When it was made, as it is written; empty when not filled in yet.
            pub fn created_at(&self) -> &str {
                match self {
                    $(Self::$variant(item) => item.created_at.as_str(),)*
                    Self::Unknown(fields) => text(fields, "created_at"),
                }
            }

            /// Its type's name on the wire.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                    Self::Unknown(fields) => text(fields, "type"),
                }
            }

            /// Gives it an id.
            pub fn set_id(&mut self, id: String) {
                match self {
                    $(Self::$variant(item) => item.id = id,)*
                    Self::Unknown(fields) => set(fields, "id", id),
                }
            }

            /// Puts it into a thread.
            pub fn set_thread_id(&mut self, id: String) {
                match self {
                    $(Self::$variant(item) => item.thread_id = id,)*
                    Self::Unknown(fields) => set(fields, "thread_id", id),
                }
            }

            /// Says when it was made.
            pub fn set_created_at(&mut self, at: Time) {
                match self {
                    $(Self::$variant(item) => item.created_at = at,)*
                    Self::Unknown(fields) => set(fields, "created_at", at.as_str().to_owned()),
                }
            }
        }

        $(impl From<items!(@type $variant)> for ThreadItem {
            fn from(item: items!(@type $variant)) -> Self {
                Self::$variant(item)
            }
        })*
    };
    (@type UserMessage) => { UserMessageItem };
    (@type AssistantMessage) => { AssistantMessageItem };
    (@type ClientToolCall) => { ClientToolCallItem };
    (@type Widget) => { WidgetItem };
    (@type GeneratedImage) => { GeneratedImageItem };
    (@type StructuredInput) => { StructuredInputItem };
    (@type Workflow) => { WorkflowItem };
    (@type Task) => { TaskItem };
    (@type EndOfTurn) => { EndOfTurnItem };
    (@type HiddenContextItem) => { HiddenContextItem };
    (@type SdkHiddenContext) => { SdkHiddenContextItem };
}

items!(
    UserMessage "user_message",
    AssistantMessage "assistant_message",
    ClientToolCall "client_tool_call",
    Widget "widget",
    GeneratedImage "generated_image",
    StructuredInput "structured_input",
    Workflow "workflow",
    Task "task",
    EndOfTurn "end_of_turn",
    HiddenContextItem "hidden_context_item",
    SdkHiddenContext "sdk_hidden_context"
);

impl ThreadItem {
    /// Whether it is never sent to a client (rule 4).
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::HiddenContextItem(_) | Self::SdkHiddenContext(_))
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn set(fields: &mut Map<String, Value>, name: &str, value: String) {
    fields.insert(name.to_owned(), Value::String(value));
}

macro_rules! item {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            /// `cti_…`, or whatever its maker chose.
            pub id: String,
            /// The thread it is in.
            pub thread_id: String,
            /// When it was made.
            pub created_at: Time,
            $($(#[$field_doc])* pub $field: $type,)*
            /// Fields that this version does not know.
            #[serde(flatten)]
            pub extra: Extra,
        }
    };
}

item!(
    /// What the visitor said.
    UserMessageItem {
        /// The parts of the message.
        content: Vec<UserMessageContent>,
        /// Files that came with it.
        attachments: Vec<Attachment>,
        /// What it refers to.
        #[serde(skip_serializing_if = "Option::is_none")]
        quoted_text: Option<String>,
        /// What the visitor chose in the composer.
        inference_options: InferenceOptions,
    }
);
item!(
    /// What the assistant said.
    AssistantMessageItem {
        /// The parts of the message.
        content: Vec<AssistantMessageContent>,
    }
);
item!(
    /// Something the page is asked to do.
    ClientToolCallItem {
        /// Whether the page has answered.
        status: ClientToolCallStatus,
        /// The model's id for the call.
        call_id: String,
        /// The tool.
        name: String,
        /// With what.
        arguments: Map<String, Value>,
        /// What the page answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
    }
);
item!(
    /// A widget.
    WidgetItem {
        /// What is shown.
        widget: WidgetRoot,
        /// What is copied.
        #[serde(skip_serializing_if = "Option::is_none")]
        copy_text: Option<String>,
    }
);
item!(
    /// A generated picture.
    GeneratedImageItem {
        /// The picture, once there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<GeneratedImage>,
    }
);
item!(
    /// Questions.
    StructuredInputItem {
        /// Whether they were answered.
        status: StructuredInputStatus,
        /// The questions.
        inputs: Vec<StructuredInput>,
    }
);
item!(
    /// Several tasks.
    WorkflowItem {
        /// The workflow.
        workflow: Workflow,
    }
);
item!(
    /// The assistant's turn ends.
    EndOfTurnItem {}
);
item!(
    /// Known to agents only; never sent.
    HiddenContextItem {
        /// Anything.
        content: Value,
    }
);
item!(
    /// Known to the server and agents only; never sent.
    SdkHiddenContextItem {
        /// In words.
        content: String,
    }
);

impl UserMessageItem {
    /// What the visitor sees of the message, its parts joined by blanks.
    pub fn text(&self) -> String {
        let parts: Vec<_> = self.content.iter().map(UserMessageContent::text).collect();
        parts.join(" ")
    }
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskItem {
    /// `cti_…`, or whatever its maker chose.
    #[serde(default)]
    pub id: String,
    /// The thread it is in.
    #[serde(default)]
    pub thread_id: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: Time,
    /// The task.
    pub task: Task,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether the page has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientToolCallStatus {
    /// Not yet.
    #[default]
    Pending,
    /// It has.
    Completed,
}

/// A generated picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratedImage {
    /// Its id.
    pub id: String,
    /// Where to see it.
    pub url: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A part of what the assistant said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AssistantMessageContent {
    /// What it rests on.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// Markdown.
    pub text: String,
    /// Always `output_text`.
    #[serde(rename = "type", default)]
    pub kind: OutputText,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The one kind of assistant content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputText {
    /// `output_text`.
    #[default]
    OutputText,
}

/// What a sync action answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncCustomActionResponse {
    /// The item as it looks from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_item: Option<ThreadItem>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
