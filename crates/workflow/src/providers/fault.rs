//! What a model server says when it does not answer: one meaning for the shapes in which servers say it.

use std::time::Duration;

use chatkitd_core::foreign_text::for_operators;
use chatkitd_core::models::ModelError;
use serde_json::Value;

/// An error object, with whatever looks like a key taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In the server's words, for operators; empty where it said nothing that can be read.
    pub message: String,
    /// A stable word such as `rate_limit_exceeded`, or a status; empty where there is none.
    pub code: String,
}

impl Fault {
    /// What a body says: `OpenAI`'s envelope, and what Ollama (`{"error": "…"}`), vLLM (`{"message": "…"}`) and
    /// FastAPI (`{"detail": "…"}`) make of it.
    pub fn in_body(body: &[u8]) -> Self {
        let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
        Self::in_envelope(&body).unwrap_or_else(|| {
            let message = ["message", "detail"].into_iter().find_map(|field| body[field].as_str());
            Self { message: for_operators(message.unwrap_or_default()), code: word(&body["code"]) }
        })
    }

    /// The error that an event of a stream reports, if it does.
    pub(super) fn in_event(data: &str) -> Option<Self> {
        let event: Value = serde_json::from_str(data).ok()?;
        Self::in_envelope(&event)
    }

    /// What `{"error": …}` says.
    pub(super) fn in_envelope(envelope: &Value) -> Option<Self> {
        match envelope.get("error")? {
            Value::String(message) => Some(Self { message: for_operators(message), code: String::new() }),
            Value::Object(error) => {
                let field = |name| error.get(name).unwrap_or(&Value::Null);
                let message = for_operators(field("message").as_str().unwrap_or_default());
                let code = [field("code"), field("type")].into_iter().map(word).find(|code| !code.is_empty());
                Some(Self { message, code: code.unwrap_or_default() })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }

    /// An answer with this status.
    pub fn with_status(self, status: u16, retry_after: Option<Duration>) -> ModelError {
        let message = self.reason();
        match status {
            300..=399 => ModelError::NotFound {
                message: format!(
                    "status {status} leads elsewhere, and the key must not go there: set the final address"
                ),
            },
            401 | 403 => ModelError::Unauthorized { status, message },
            404 => ModelError::NotFound { message },
            408 | 500.. => ModelError::Failed { message },
            429 => ModelError::RateLimited { message, retry_after },
            _ => ModelError::Refused { status, message },
        }
    }

    /// An error within a stream.
    pub(super) fn within_answer(self) -> ModelError {
        let message = self.reason();
        match self.code.as_str() {
            "rate_limit_exceeded" | "insufficient_quota" | "429" => {
                ModelError::RateLimited { message, retry_after: None }
            }
            _ => ModelError::Failed { message },
        }
    }

    fn reason(&self) -> String {
        match (self.message.as_str(), self.code.as_str()) {
            ("", "") => "it gave no reason".to_owned(),
            ("", code) => code.to_owned(),
            (message, _) => message.to_owned(),
        }
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(word) => for_operators(word),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &str, code: &str) -> Fault {
        Fault { message: message.to_owned(), code: code.to_owned() }
    }

    #[test]
    fn each_servers_shape_is_understood() {
        for (body, expected) in [
            (r#"{"error":{"message":"No.","type":"t","param":null,"code":"c"}}"#, fault("No.", "c")),
            (r#"{"error":{"message":"No.","type":"t","code":null}}"#, fault("No.", "t")),
            (r#"{"error":{"message":"No.","code":400}}"#, fault("No.", "400")),
            (r#"{"error":"model \"x\" not found"}"#, fault("model \"x\" not found", "")),
            (r#"{"object":"error","message":"No.","code":404}"#, fault("No.", "404")),
            (r#"{"detail":"Not Found"}"#, fault("Not Found", "")),
            (r#"{"error":{"message":"Wrong key: sk-abc"}}"#, fault("Wrong key: [masked]", "")),
            ("<html>Bad Gateway</html>", fault("", "")),
            ("", fault("", "")),
        ] {
            assert_eq!(Fault::in_body(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn each_status_has_one_meaning() {
        let of = |status| fault("m", "c").with_status(status, Some(Duration::from_secs(3)));
        assert!(matches!(of(400), ModelError::Refused { status: 400, message } if message == "m"));
        assert!(matches!(of(402), ModelError::Refused { status: 402, .. }));
        assert!(matches!(of(422), ModelError::Refused { status: 422, .. }));
        assert!(matches!(of(401), ModelError::Unauthorized { status: 401, .. }));
        assert!(matches!(of(403), ModelError::Unauthorized { status: 403, .. }));
        assert!(matches!(of(404), ModelError::NotFound { .. }));
        assert!(matches!(of(307), ModelError::NotFound { .. }));
        assert!(matches!(of(408), ModelError::Failed { .. }));
        assert!(matches!(of(503), ModelError::Failed { .. }));
        assert!(
            matches!(of(429), ModelError::RateLimited { retry_after: Some(wait), .. } if wait.as_secs() == 3)
        );
    }

    #[test]
    fn an_error_without_a_word_says_so() {
        let error = fault("", "").with_status(502, None);
        assert_eq!(error.to_string(), "the model server failed: it gave no reason");
    }
}
