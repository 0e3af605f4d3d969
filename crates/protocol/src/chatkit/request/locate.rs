//! Says which field an error of serde_json is about. The error only has a line and a column, so the text up to there
//! is walked through once more. That is done for bodies that are refused anyway.

use std::fmt::Write;

use serde_json::error::Category;

/// What is expected, as serde_json calls it at the end of a message, and in words.
const TYPES: [(&str, &str); 4] = [
    (", expected u32", ", expected a whole number from 0 to 4294967295"),
    (", expected u64", ", expected a whole number from 0 to 18446744073709551615"),
    (", expected a map", ", expected an object"),
    (", expected a sequence", ", expected a list"),
];

enum Step {
    Field(String),
    Element(usize),
}

/// The path of what `error` is about in `body`, e.g. `params.input.content[0].text`; empty for the body itself.
pub(super) fn path(body: &[u8], error: &serde_json::Error, message: &str) -> String {
    let mut steps = steps(&body[..offset(body, error)]);
    if let Some(field) = named_field(message) {
        steps.push(Step::Field(field.into()));
    }
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Field(name) if path.is_empty() => path = name,
            Step::Field(name) if !name.is_empty() => _ = write!(path, ".{name}"),
            Step::Field(_) => {}
            Step::Element(index) => _ = write!(path, "[{index}]"),
        }
    }
    path
}

/// What is wrong, without the place.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    let message = &text[..end];
    // What serde_json says where one of several words is expected and the value is no text.
    if message == "expected value" {
        return "expected a string".to_owned();
    }
    // The names that Rust has for them.
    for (name, words) in TYPES {
        if let Some(found) = message.strip_suffix(name) {
            return format!("{found}{words}");
        }
    }
    message.to_owned()
}

/// The field within the place of the error.
fn named_field(message: &str) -> Option<&str> {
    let name =
        message.strip_prefix("missing field `").or_else(|| message.strip_prefix("duplicate field `"))?;
    name.split('`').next()
}

/// How many bytes the parser had read. Lines and columns count from 1; a column counts bytes. What is called a fault of
/// syntax counts the byte that was not expected, too.
fn offset(body: &[u8], error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let start: usize = body.split_inclusive(|byte| *byte == b'\n').take(lines_before).map(<[u8]>::len).sum();
    let unexpected = usize::from(error.classify() == Category::Syntax);
    (start + error.column().saturating_sub(unexpected)).min(body.len())
}

/// The fields and elements that are open at the end of `json`, outermost first.
fn steps(json: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = 0;
    let mut last_string = &json[..0];
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = at + string_length(&json[at..]);
                last_string = &json[at..end];
                at = end + 1;
            }
            b'{' => steps.push(Step::Field(String::new())),
            b'[' => steps.push(Step::Element(0)),
            b'}' | b']' => _ = steps.pop(),
            b':' => {
                if let Some(Step::Field(name)) = steps.last_mut() {
                    *name = String::from_utf8_lossy(last_string).into_owned();
                }
            }
            b',' => match steps.last_mut() {
                Some(Step::Element(index)) => *index += 1,
                Some(Step::Field(name)) => name.clear(),
                None => {}
            },
            _ => {}
        }
    }
    steps
}

/// The length of a string up to its closing quote, or to the end.
fn string_length(json: &[u8]) -> usize {
    let mut escaped = false;
    json.iter()
        .position(|byte| {
            let closes = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            closes
        })
        .unwrap_or(json.len())
}
