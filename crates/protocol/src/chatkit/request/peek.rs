//! What a body asks for, told from its beginning: whoever reads it decides by that how much they take.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::Request;

impl Request {
    /// The `type` that the beginning of a body names; `None` where it is not there yet or the body is no object.
    pub fn peek_operation(beginning: &[u8]) -> Option<String> {
        let mut operation = None;
        // Ends in an error each time: the rest of the body is missing, or not looked at.
        let _ = serde_json::Deserializer::from_slice(beginning).deserialize_map(Peek(&mut operation));
        operation
    }
}

struct Peek<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for Peek<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<Cow<'_, str>>()? {
            if name == "type" {
                *self.0 = Some(fields.next_value()?);
                return Ok(());
            }
            fields.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_is_told_from_the_beginning_of_a_body() {
        for (beginning, operation) in [
            (r#"{"type": "input.transcribe", "params": {"audio_base64": "AAAA"#, Some("input.transcribe")),
            (r#"{"metadata": {"type": "a"}, "\u0074ype": "threads.list"}"#, Some("threads.list")),
            (r#"{"params": {"type": "input.transcribe", "audio_base64": "AA"#, None),
            (r#"{"type": "input.trans"#, None),
            (r#"{"type": 5}"#, None),
            (r#"["type", "input.transcribe"]"#, None),
            ("", None),
        ] {
            assert_eq!(Request::peek_operation(beginning.as_bytes()).as_deref(), operation, "{beginning}");
        }
    }
}
