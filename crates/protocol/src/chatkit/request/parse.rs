use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::object::Object;
use super::{MAX_DEPTH, Operation, Request, RequestError, check_body, locate};
use crate::chatkit::{InferenceOptions, UserMessageContent, UserMessageInput};

/// A first look at a request: the rest is skipped, not kept. It makes any order of the fields equally cheap, and
/// gives errors in the rest the place that they have in the body.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    operation: Cow<'a, str>,
}

impl Request {
    /// Reads the body of a request. Fields that are not known here are dropped (design section 3).
    ///
    /// # Errors
    /// When the body is not JSON, lies more than [`MAX_DEPTH`] deep, has a NUL in a text or a reserved
    /// name, names an unknown operation, or is not of the operation's shape; the error says which field.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        check_body(body, MAX_DEPTH)?;
        let Object(head) =
            serde_json::from_slice::<Object<Head<'_>>>(body).map_err(|error| envelope_error(body, error))?;
        let read = Operation::read(&head.operation, body)
            .map_err(|error| params_error(&head.operation, body, error))?;
        let Some((mut operation, metadata)) = read else {
            return Err(RequestError::UnknownOperation(head.operation.into_owned()));
        };
        let name = operation.name();
        if let Some(input) = operation.message_mut() {
            refuse_unknown_content(name, input)?;
            drop_unknown_fields(input);
        }
        Ok(Self { operation, metadata })
    }
}

impl Operation {
    fn message_mut(&mut self) -> Option<&mut UserMessageInput> {
        match self {
            Self::ThreadsCreate(params) => Some(&mut params.input),
            Self::ThreadsAddUserMessage(params) => Some(&mut params.input),
            _ => None,
        }
    }
}

fn envelope_error(body: &[u8], error: serde_json::Error) -> RequestError {
    if !is_about_data(body, &error) {
        return RequestError::Json(error);
    }
    let message = locate::message(&error);
    RequestError::Envelope { param: locate::path(body, &error, &message), message }
}

fn params_error(operation: &str, body: &[u8], error: serde_json::Error) -> RequestError {
    let Some(operation) = Operation::known(operation) else {
        return RequestError::UnknownOperation(operation.to_owned());
    };
    if !is_about_data(body, &error) {
        return RequestError::Json(error);
    }
    let message = locate::message(&error);
    let mut param = locate::path(body, &error, &message);
    // Absent params are read as empty ones, which have no place.
    if error.line() == 0 {
        param = format!("params.{param}");
    }
    RequestError::Params { operation, param, message }
}

/// Whether the body is JSON, and not what was expected. serde_json calls it a fault of syntax too where a word is
/// expected and the value is no text.
fn is_about_data(body: &[u8], error: &serde_json::Error) -> bool {
    error.classify() == Category::Data || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// A message of a kind that is not known here cannot be stored in good faith: the sender believes it was understood.
fn refuse_unknown_content(operation: &'static str, input: &UserMessageInput) -> Result<(), RequestError> {
    for (index, content) in input.content.iter().enumerate() {
        if let UserMessageContent::Unknown(unknown) = content {
            return Err(RequestError::Params {
                operation,
                param: format!("params.input.content[{index}].type"),
                message: format!("unknown type {:?}, expected `input_text` or `input_tag`", unknown.kind),
            });
        }
    }
    Ok(())
}

/// Items keep what they do not know, messages of browsers do not. They share these types.
fn drop_unknown_fields(input: &mut UserMessageInput) {
    for content in &mut input.content {
        match content {
            UserMessageContent::InputText(text) => text.extra.clear(),
            UserMessageContent::InputTag(tag) => tag.extra.clear(),
            UserMessageContent::Unknown(unknown) => unknown.extra.clear(),
        }
    }
    let InferenceOptions { tool_choice, extra, .. } = &mut input.inference_options;
    extra.clear();
    if let Some(tool) = tool_choice {
        tool.extra.clear();
    }
}
