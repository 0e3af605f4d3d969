use super::{
    Annotation, AssistantMessageContent, GeneratedImage, Task, WidgetComponent, WidgetRoot,
    tagged::tagged_variants,
};

tagged_variants! {
    /// What changed in an item that is not complete yet.
    pub enum ItemUpdate {
        /// An assistant message has one more part.
        "assistant_message.content_part.added" => ContentPartAdded as content_part_added {
            /// Which part, from 0.
            content_index: u32,
            /// As far as it is.
            content: AssistantMessageContent,
        },
        /// A part of an assistant message has more text.
        "assistant_message.content_part.text_delta" => ContentPartTextDelta as content_part_text_delta {
            /// Which part, from 0.
            content_index: u32,
            /// What is to be appended.
            delta: String,
        },
        /// A part of an assistant message has one more annotation.
        "assistant_message.content_part.annotation_added" => ContentPartAnnotationAdded as content_part_annotation_added {
            /// Which part, from 0.
            content_index: u32,
            /// Which annotation of that part, from 0.
            annotation_index: u32,
            /// The annotation.
            annotation: Annotation,
        },
        /// A part of an assistant message is complete.
        "assistant_message.content_part.done" => ContentPartDone as content_part_done {
            /// Which part, from 0.
            content_index: u32,
            /// The whole part.
            content: AssistantMessageContent,
        },
        /// A text within a widget has more text.
        "widget.streaming_text.value_delta" => WidgetStreamingTextValueDelta as widget_streaming_text_value_delta {
            /// The id of the `Text` or `Markdown`.
            component_id: String,
            /// What is to be appended to its `value`.
            delta: String,
            /// Whether that was the last of it.
            done: bool,
        },
        /// A component of a widget is another now.
        "widget.component.updated" => WidgetComponentUpdated as widget_component_updated {
            /// The id of the component.
            component_id: String,
            /// The whole component.
            component: WidgetComponent,
        },
        /// A widget is another now.
        "widget.root.updated" => WidgetRootUpdated as widget_root_updated {
            /// The whole widget.
            widget: WidgetRoot,
        },
        /// A workflow has one more task.
        "workflow.task.added" => WorkflowTaskAdded as workflow_task_added {
            /// Which task, from 0.
            task_index: u32,
            /// The task.
            task: Task,
        },
        /// A task of a workflow is another now.
        "workflow.task.updated" => WorkflowTaskUpdated as workflow_task_updated {
            /// Which task, from 0.
            task_index: u32,
            /// The whole task.
            task: Task,
        },
        /// There is more to see of a generated image.
        "generated_image.updated" => GeneratedImageUpdated as generated_image_updated {
            /// The image as far as it is.
            image: GeneratedImage,
            /// How far it is, from 0 to 1.
            #[serde(skip_serializing_if = "Option::is_none")]
            progress: Option<f64>,
        },
    }
}
