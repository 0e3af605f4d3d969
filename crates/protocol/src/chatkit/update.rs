use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Annotation, AssistantMessageContent, GeneratedImage, Task, WidgetComponent, WidgetRoot};

/// What changes of an item that is being produced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[expect(clippy::large_enum_variant, reason = "an update is passed on, never kept in numbers")]
pub enum ItemUpdate {
    /// A part of a message begins.
    #[serde(rename = "assistant_message.content_part.added")]
    ContentPartAdded {
        /// Which part.
        content_index: u32,
        /// As it begins.
        content: AssistantMessageContent,
    },
    /// A part grows.
    #[serde(rename = "assistant_message.content_part.text_delta")]
    ContentPartTextDelta {
        /// Which part.
        content_index: u32,
        /// What is added.
        delta: String,
    },
    /// A part gets a source.
    #[serde(rename = "assistant_message.content_part.annotation_added")]
    ContentPartAnnotationAdded {
        /// Which part.
        content_index: u32,
        /// At which place among its annotations.
        annotation_index: u32,
        /// The annotation.
        annotation: Annotation,
    },
    /// A part is done.
    #[serde(rename = "assistant_message.content_part.done")]
    ContentPartDone {
        /// Which part.
        content_index: u32,
        /// As it ends.
        content: AssistantMessageContent,
    },
    /// A text in a widget grows.
    #[serde(rename = "widget.streaming_text.value_delta")]
    WidgetTextDelta {
        /// The component's id.
        component_id: String,
        /// What is added.
        delta: String,
        /// Whether no more will be.
        done: bool,
    },
    /// A component is exchanged.
    #[serde(rename = "widget.component.updated")]
    WidgetComponentUpdated {
        /// The component's id.
        component_id: String,
        /// The new one.
        component: WidgetComponent,
    },
    /// The whole widget is exchanged.
    #[serde(rename = "widget.root.updated")]
    WidgetRootUpdated {
        /// The new one.
        widget: WidgetRoot,
    },
    /// A workflow gets a task.
    #[serde(rename = "workflow.task.added")]
    WorkflowTaskAdded {
        /// At which place.
        task_index: u32,
        /// The task.
        task: Task,
    },
    /// A workflow's task changes.
    #[serde(rename = "workflow.task.updated")]
    WorkflowTaskUpdated {
        /// Which.
        task_index: u32,
        /// As it is now.
        task: Task,
    },
    /// A picture takes shape.
    #[serde(rename = "generated_image.updated")]
    GeneratedImageUpdated {
        /// As it is now.
        image: GeneratedImage,
        /// From 0 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress: Option<f64>,
    },
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}
