//! What the exchanges have to show, so that none of it is left out of the comparison.

use std::collections::BTreeSet;

use serde_json::Value;

use super::exchange::Exchange;
use super::wire::{Answer, Body};

const OPERATIONS: [&str; 16] = [
    "threads.create",
    "threads.add_user_message",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.retry_after_item",
    "threads.custom_action",
    "threads.sync_custom_action",
    "threads.get_by_id",
    "threads.list",
    "threads.update",
    "threads.delete",
    "items.list",
    "items.feedback",
    "attachments.create",
    "attachments.delete",
    "input.transcribe",
];

/// Nothing of these is compared: the site of the exchanges takes no files and has nobody who writes down speech, so that
/// both servers refuse them, each in its own way. `files` and `models::transcription` have their answers.
pub const NEVER_ANSWERED: [&str; 3] = ["attachments.create", "attachments.delete", "input.transcribe"];

/// Events, updates, items, statuses of threads, tasks, sources, questions, contents. `file` is a task and a
/// source.
const TYPES: [&str; 53] = [
    "thread.created",
    "thread.updated",
    "thread.item.added",
    "thread.item.updated",
    "thread.item.done",
    "thread.item.removed",
    "thread.item.replaced",
    "stream_options",
    "progress_update",
    "client_effect",
    "notice",
    "error",
    "assistant_message.content_part.added",
    "assistant_message.content_part.text_delta",
    "assistant_message.content_part.annotation_added",
    "assistant_message.content_part.done",
    "widget.root.updated",
    "widget.component.updated",
    "widget.streaming_text.value_delta",
    "workflow.task.added",
    "workflow.task.updated",
    "generated_image.updated",
    "user_message",
    "assistant_message",
    "client_tool_call",
    "widget",
    "generated_image",
    "structured_input",
    "workflow",
    "task",
    "end_of_turn",
    "active",
    "locked",
    "closed",
    "custom",
    "web_search",
    "thought",
    "file",
    "image",
    "url",
    "entity",
    "annotation",
    "reasoning",
    "multiple_choice",
    "freeform",
    "input_text",
    "input_tag",
    "output_text",
    "Card",
    "ListView",
    "Basic",
    "Text",
    "Markdown",
];

/// Every `type` that was sent or answered where both servers have to answer the same.
#[derive(Default)]
pub struct Coverage(BTreeSet<String>);

impl Coverage {
    pub fn add(&mut self, exchange: &Exchange, answers: &[Vec<Answer>]) {
        let compared = exchange.requests.iter().zip(answers).filter(|(request, _)| request.differs.is_none());
        for (request, answers) in compared {
            self.0.extend(request.operation());
            for answer in answers {
                match &answer.body {
                    Body::Json(json) => self.add_types(json),
                    Body::Stream { events, .. } => events.iter().for_each(|event| self.add_types(event)),
                }
            }
        }
    }

    /// What was to be shown and was not.
    pub fn missing(&self) -> Vec<&'static str> {
        OPERATIONS.into_iter().chain(TYPES).filter(|name| !self.0.contains(*name)).collect()
    }

    fn add_types(&mut self, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.add_types(value)),
            Value::Object(fields) => {
                self.0.extend(fields.get("type").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| self.add_types(value));
            }
            _ => {}
        }
    }
}
