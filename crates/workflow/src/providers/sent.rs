//! Keeps what was sent out of the log, and the key: servers quote what they refuse.

use std::collections::HashSet;

use chatkitd_core::models::{ModelError, ModelPart, ModelRequest};

/// So many bytes in a row that were sent are a quotation.
const STRETCH: usize = 12;
/// A text that is shorter than that is one as a whole. Below this it is a syllable, of which there are many.
const SHORTEST: usize = 4;

/// What the sides of a conversation said, as it was sent to a model, and the key that it was sent with.
pub struct Sent(Vec<String>);

impl Sent {
    /// `key`: what opens the model server. One that is shorter than a stretch is a word (`ollama`) that a server
    /// without keys was given.
    pub fn new(request: ModelRequest, key: Option<&str>) -> Self {
        let parts = request.messages.into_iter().flat_map(|message| message.parts);
        let said = parts.filter_map(|part| match part {
            ModelPart::Text(text) => Some(text),
            ModelPart::File { name, .. } => Some(name),
            ModelPart::Image { .. } => None,
        });
        let key = key.filter(|key| key.len() >= STRETCH).map(str::to_owned);
        Self(said.chain(key).collect())
    }

    /// The same error, with the server's words as far as they are its own.
    pub fn taken_out_of(&self, mut error: ModelError) -> ModelError {
        match &mut error {
            ModelError::Unauthorized { message, .. }
            | ModelError::NotFound { message }
            | ModelError::Refused { message, .. }
            | ModelError::RateLimited { message, .. }
            | ModelError::Failed { message } => *message = self.masked(message),
            ModelError::Connection(_)
            | ModelError::Broken(_)
            | ModelError::Stalled { .. }
            | ModelError::CutOff
            | ModelError::Malformed(_)
            | ModelError::TooLong { .. } => {}
        }
        error
    }

    fn masked(&self, reason: &str) -> String {
        let mut quoted = vec![false; reason.len()];
        let stretches: HashSet<&[u8]> = reason.as_bytes().windows(STRETCH).collect();
        for text in self.0.iter().flat_map(|text| as_quoted(text)) {
            mark(reason, &stretches, &text, &mut quoted);
        }
        without(reason, &quoted)
    }
}

/// As servers write what they were sent: without control characters ([`chatkitd_core::foreign_text`] leaves them
/// out), or in JSON, where what is not ASCII may be escaped.
fn as_quoted(text: &str) -> [String; 3] {
    let plain = text.chars().filter(|letter| !letter.is_control()).collect();
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let escaped = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    let ascii = json.encode_utf16().map(escaped).collect();
    [plain, json, ascii]
}

fn mark(reason: &str, stretches: &HashSet<&[u8]>, text: &str, quoted: &mut [bool]) {
    let text = text.trim();
    if text.len() < STRETCH {
        let places = reason.match_indices(text).filter(|_| text.len() >= SHORTEST);
        places.for_each(|(at, _)| quoted[at..at + text.len()].fill(true));
        return;
    }
    let found: HashSet<&[u8]> =
        text.as_bytes().windows(STRETCH).filter(|stretch| stretches.contains(stretch)).collect();
    for (at, stretch) in reason.as_bytes().windows(STRETCH).enumerate() {
        if found.contains(stretch) {
            quoted[at..at + STRETCH].fill(true);
        }
    }
}

/// A letter of which a byte is quoted is quoted.
fn without(reason: &str, quoted: &[bool]) -> String {
    let mut masked = String::with_capacity(reason.len());
    let mut in_quotation = false;
    for (at, letter) in reason.char_indices() {
        let is_quoted = quoted[at..at + letter.len_utf8()].contains(&true);
        if !is_quoted {
            masked.push(letter);
        } else if !in_quotation {
            masked.push_str("[masked]");
        }
        in_quotation = is_quoted;
    }
    masked
}
