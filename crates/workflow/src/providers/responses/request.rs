//! The body of `POST /v1/responses`.

use chatkitd_core::models::{ModelMessage, ModelPart, ModelRequest, Role};
use serde_json::{Map, Value, json};

use crate::providers::data_url::data_url;

/// Nothing is stored at the provider: the conversation is kept here.
pub(in crate::providers) fn body(request: &ModelRequest) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(request.model));
    set("stream", json!(true));
    set("store", json!(false));
    if !request.instructions.is_empty() {
        set("instructions", json!(request.instructions));
    }
    set("input", request.messages.iter().filter_map(message).collect());
    let tools: Vec<_> = request.offered_tools().map(|tool| &tool.0).collect();
    if !tools.is_empty() {
        set("tools", json!(tools));
        if request.tool_choice.is_some() {
            set("tool_choice", json!("required"));
        }
    }
    if let Some(effort) = &request.reasoning_effort {
        // Models that do not think refuse the field, so that it is sent only where somebody asked for it.
        set("reasoning", json!({"effort": effort, "summary": "auto"}));
    }
    if let Some(tokens) = request.max_output_tokens {
        set("max_output_tokens", json!(tokens));
    }
    if let Some(temperature) = request.temperature {
        set("temperature", json!(temperature));
    }
    Value::Object(body)
}

/// `None` where nothing is left. What the model said goes as a text: a list of `output_text` would be the API's own
/// record of an answer, which strict servers refuse without its id, status and annotations.
fn message(message: &ModelMessage) -> Option<Value> {
    let (role, content) = match message.role {
        Role::User => ("user", message.parts.iter().map(part).collect()),
        Role::Assistant => ("assistant", json!(words(&message.parts)?)),
    };
    Some(json!({"type": "message", "role": role, "content": content}))
}

fn part(part: &ModelPart) -> Value {
    match part {
        ModelPart::Text(text) => json!({"type": "input_text", "text": text}),
        ModelPart::Image { mime_type, content } => {
            json!({"type": "input_image", "detail": "auto", "image_url": data_url(mime_type, content)})
        }
        ModelPart::File { name, mime_type, content } => {
            json!({"type": "input_file", "filename": name, "file_data": data_url(mime_type, content)})
        }
    }
}

/// The API takes words only from an assistant.
fn words(parts: &[ModelPart]) -> Option<String> {
    let texts = parts.iter().filter_map(|part| match part {
        ModelPart::Text(text) => Some(text.as_str()),
        ModelPart::Image { .. } | ModelPart::File { .. } => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n\n");
    (!text.is_empty()).then_some(text)
}
