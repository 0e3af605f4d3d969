//! The body of `POST /v1/chat/completions`: of the ways to say something, the one that the most servers know.

use std::borrow::Cow;

use chatkitd_core::models::{ModelMessage, ModelPart, ModelRequest, Role};
use serde_json::{Map, Value, json};

use crate::mentions::unreadable;
use crate::providers::data_url::data_url;

const PDF: &str = "application/pdf";

/// `max_tokens` and the role `system` are the older words for `max_completion_tokens` and `developer`, which only
/// `OpenAI`'s newest models insist on; those are better asked through the Responses API.
pub(in crate::providers) fn body(request: &ModelRequest) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(request.model));
    set("stream", json!(true));
    set("stream_options", json!({"include_usage": true}));
    set("messages", messages(request));
    let tools: Vec<_> = request.offered_tools().map(|tool| &tool.0).collect();
    if !tools.is_empty() {
        set("tools", json!(tools));
        if request.tool_choice.is_some() {
            set("tool_choice", json!("required"));
        }
    }
    if let Some(effort) = &request.reasoning_effort {
        set("reasoning_effort", json!(effort));
    }
    if let Some(tokens) = request.max_output_tokens {
        set("max_tokens", json!(tokens));
    }
    if let Some(temperature) = request.temperature {
        set("temperature", json!(temperature));
    }
    Value::Object(body)
}

fn messages(request: &ModelRequest) -> Value {
    let instructions = &request.instructions;
    let system = (!instructions.is_empty()).then(|| json!({"role": "system", "content": instructions}));
    system.into_iter().chain(request.messages.iter().filter_map(message)).collect()
}

/// Words alone are a text and not a list of parts: not every server reads lists. `None` where nothing is left.
fn message(message: &ModelMessage) -> Option<Value> {
    let texts: Option<Vec<_>> = message.parts.iter().map(words).collect();
    let (role, content) = match (message.role, texts) {
        (Role::User, Some(texts)) => ("user", json!(texts.join("\n\n"))),
        (Role::User, None) => ("user", message.parts.iter().map(part).collect()),
        // The API takes words only from an assistant.
        (Role::Assistant, _) => {
            let texts: Vec<_> = message.parts.iter().filter_map(words).collect();
            ("assistant", json!(texts.join("\n\n")))
        }
    };
    (content != json!("")).then(|| json!({"role": role, "content": content}))
}

/// What can be said in words: also that there is a file which the API does not take. Of files it takes PDF
/// only, and refuses a request with any other.
fn words(part: &ModelPart) -> Option<Cow<'_, str>> {
    match part {
        ModelPart::Text(text) => Some(text.into()),
        ModelPart::File { name, mime_type, .. } if mime_type != PDF => {
            Some(unreadable(name, mime_type).into())
        }
        ModelPart::Image { .. } | ModelPart::File { .. } => None,
    }
}

fn part(part: &ModelPart) -> Value {
    match part {
        ModelPart::Image { mime_type, content } => {
            json!({"type": "image_url", "image_url": {"url": data_url(mime_type, content)}})
        }
        ModelPart::File { name, mime_type, content } if mime_type == PDF => {
            json!({"type": "file", "file": {"filename": name, "file_data": data_url(mime_type, content)}})
        }
        ModelPart::Text(_) | ModelPart::File { .. } => json!({"type": "text", "text": words(part)}),
    }
}
