//! What lies in `fixtures/models/`, and how its JSON stands for the domain's types.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use chatkitd_core::models::{
    CitedSource, EndReason, HostedTool, MadeImage, ModelEvent, ModelMessage, ModelPart, ModelRequest, Role,
};
use chatkitd_workflow::providers::Api;
use serde_json::{Value, json};

pub const APIS: [(Api, &str); 2] =
    [(Api::Responses, "responses"), (Api::ChatCompletions, "chat_completions")];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/models")
}

/// The files of a folder with this ending: name without it, and content.
pub fn files(folder: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
            Some((name, std::fs::read(path).unwrap()))
        })
        .collect();
    files.sort();
    files
}

pub fn event_as_json(event: &ModelEvent) -> Value {
    match event {
        ModelEvent::MessageBegan => json!("message_began"),
        ModelEvent::Text(text) => json!({"text": text}),
        ModelEvent::Citation { source: CitedSource::Url { url, title }, at } => {
            json!({"citation": {"url": url, "title": title}, "at": at})
        }
        ModelEvent::Citation { source: CitedSource::File { name }, at } => {
            json!({"citation": {"file": name}, "at": at})
        }
        ModelEvent::MessageEnded => json!("message_ended"),
        ModelEvent::ThoughtBegan => json!("thought_began"),
        ModelEvent::Thought(text) => json!({"thought": text}),
        ModelEvent::ThoughtEnded => json!("thought_ended"),
        ModelEvent::ImageBegan { id } => json!({"image_began": id}),
        ModelEvent::ImagePartial { id, index, image } => {
            json!({"image_partial": id, "index": index, "image": image_as_json(image)})
        }
        ModelEvent::ImageDone { id, image } => json!({"image_done": id, "image": image_as_json(image)}),
        ModelEvent::Ended { reason, usage } => {
            let reason = match reason {
                EndReason::Complete => "complete",
                EndReason::TooLong => "too_long",
                EndReason::Filtered => "filtered",
            };
            json!({"ended": reason, "usage": usage.map(|usage| [usage.input_tokens, usage.output_tokens])})
        }
    }
}

fn image_as_json(image: &MadeImage) -> Value {
    json!({"base64": image.base64, "mime_type": image.mime_type})
}

pub fn request_of(json: &Value) -> ModelRequest {
    let list = |field: &str| json[field].as_array().cloned().unwrap_or_default();
    let text = |field: &str| json[field].as_str().map(str::to_owned);
    ModelRequest {
        model: text("model").unwrap(),
        instructions: text("instructions").unwrap_or_default(),
        messages: list("messages").iter().map(message_of).collect(),
        tools: list("tools").iter().map(|tool| HostedTool(tool.as_object().unwrap().clone())).collect(),
        tool_choice: text("tool_choice"),
        reasoning_effort: text("reasoning_effort"),
        max_output_tokens: json["max_output_tokens"].as_u64().map(|tokens| tokens.try_into().unwrap()),
        temperature: json["temperature"].as_f64(),
    }
}

fn message_of(json: &Value) -> ModelMessage {
    let role = if json["role"] == "user" { Role::User } else { Role::Assistant };
    ModelMessage { role, parts: json["parts"].as_array().unwrap().iter().map(part_of).collect() }
}

fn part_of(json: &Value) -> ModelPart {
    let text = |field: &str| json[field].as_str().map(str::to_owned);
    let content = Bytes::from(text("content").unwrap_or_default());
    if let Some(mime_type) = text("image") {
        return ModelPart::Image { mime_type, content };
    }
    match text("file") {
        Some(name) => ModelPart::File { name, mime_type: text("mime_type").unwrap(), content },
        None => ModelPart::Text(text("text").unwrap()),
    }
}
