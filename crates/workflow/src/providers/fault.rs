//! What a model server says when it does not answer: one meaning for the shapes in which servers say it.

use std::time::Duration;

use chatkitd_core::foreign_text::for_operators;
use chatkitd_core::models::ModelError;
use serde_json::Value;

/// An error object, with whatever looks like a key taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// In the server's words, for operators; empty where it said nothing that can be read.
    pub message: String,
    /// A stable word such as `rate_limit_exceeded`, or a status; empty where there is none.
    pub code: String,
    /// A word for all errors of its kind, such as `invalid_request_error`; empty where there is none.
    pub kind: String,
}

impl Fault {
    /// What a body says: `OpenAI`'s envelope (Google's is in a list), and what Ollama (`{"error": "…"}`), vLLM (`{"message": "…"}`) and
    /// FastAPI (`{"detail": …}`) make of it, or the plain words of a proxy.
    pub fn in_body(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Self::saying(&plain_words(body));
        };
        let envelope = body.get(0).unwrap_or(&body);
        Self::in_envelope(envelope).unwrap_or_else(|| {
            let message = body["message"].as_str().map(str::to_owned);
            let message = message.or_else(|| details(&body["detail"])).unwrap_or_default();
            Self { code: word(&body["code"]), ..Self::saying(&message) }
        })
    }

    fn saying(message: &str) -> Self {
        Self { message: for_operators(message), ..Self::default() }
    }

    /// The error that an event of a stream reports, if it does.
    pub(super) fn in_event(data: &str) -> Option<Self> {
        let event: Value = serde_json::from_str(data).ok()?;
        Self::in_envelope(&event).or_else(|| Self::bare(&event))
    }

    /// An error without an envelope: vLLM, llama.cpp.
    fn bare(event: &Value) -> Option<Self> {
        let message = event["message"].as_str().filter(|_| event.get("code").is_some())?;
        Some(Self { code: word(&event["code"]), kind: word(&event["type"]), ..Self::saying(message) })
    }

    /// What `{"error": …}` says.
    pub(super) fn in_envelope(envelope: &Value) -> Option<Self> {
        Self::of_error(envelope.get("error")?)
    }

    /// What an error itself says: a text, or an object.
    pub(super) fn of_error(error: &Value) -> Option<Self> {
        match error {
            Value::String(message) => Some(Self::saying(message)),
            Value::Object(error) => {
                let field = |name| error.get(name).unwrap_or(&Value::Null);
                let message = field("message").as_str().unwrap_or_default();
                let (code, kind) = (word(field("code")), word(field("type")));
                Some(Self { code, kind, ..Self::saying(message) })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }

    /// Whether somebody has to pay first.
    pub fn is_about_quota(&self) -> bool {
        [&self.code, &self.kind].into_iter().any(|word| word == "insufficient_quota")
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
            // 402 (OpenRouter, DeepSeek): no credit is left.
            402 | 429 => ModelError::RateLimited { message, retry_after },
            _ => ModelError::Refused { status, message },
        }
    }

    /// An error within an answer, whose status said that all is well.
    pub fn within_answer(self) -> ModelError {
        let status = [&self.code, &self.kind].into_iter().find_map(|word| status_of(word));
        match status {
            Some(status) => self.with_status(status, None),
            None => ModelError::Failed { message: self.reason() },
        }
    }

    fn reason(&self) -> String {
        let said = [&self.message, &self.code, &self.kind].into_iter().find(|word| !word.is_empty());
        said.map_or("it gave no reason", String::as_str).to_owned()
    }
}

/// The status with which the same error comes where an answer has not begun. Servers spell the words in two ways:
/// `rate_limit_error`, `RateLimitError`.
fn status_of(word: &str) -> Option<u16> {
    if let Ok(status) = word.parse() {
        return Some(status).filter(|status| (400..600).contains(status));
    }
    match word.replace('_', "").to_ascii_lowercase().as_str() {
        "invalidapikey" | "authenticationerror" | "permissionerror" | "permissiondeniederror" => Some(401),
        "modelnotfound" | "notfounderror" => Some(404),
        "ratelimitexceeded" | "ratelimiterror" | "insufficientquota" => Some(429),
        "contextlengthexceeded"
        | "contextwindowexceedederror"
        | "exceedcontextsizeerror"
        | "contentfilter"
        | "contentpolicyviolationerror"
        | "invalidprompt"
        | "invalidrequesterror"
        | "badrequesterror"
        | "notsupportederror" => Some(400),
        // The Responses API has a dozen words for pictures that it cannot use.
        word if word.contains("image") => Some(400),
        _ => None,
    }
}

/// A page for people says nothing that fits a line of the log.
fn plain_words(body: &[u8]) -> String {
    let words = String::from_utf8_lossy(body);
    Some(words.trim()).filter(|words| !words.starts_with('<')).unwrap_or_default().to_owned()
}

/// FastAPI's `detail`: a text, or what is wrong at which place. What stood there (`input`) is the visitor's.
fn details(detail: &Value) -> Option<String> {
    let place = |at: &Value| at.as_str().map_or_else(|| at.to_string(), str::to_owned);
    let one = |detail: &Value| {
        let message = detail["msg"].as_str()?;
        let places: Vec<_> = detail["loc"].as_array().into_iter().flatten().map(place).collect();
        Some(match places.join(".") {
            places if places.is_empty() => message.to_owned(),
            places => format!("{places}: {message}"),
        })
    };
    match detail {
        Value::String(detail) => Some(detail.clone()),
        Value::Array(details) => Some(details.iter().filter_map(one).collect::<Vec<_>>().join("; ")),
        _ => None,
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
    use serde_json::json;

    use super::*;

    fn fault(message: &str, code: &str) -> Fault {
        Fault { message: message.to_owned(), code: code.to_owned(), kind: String::new() }
    }

    fn in_stream(error: &Value) -> ModelError {
        Fault::in_event(&json!({"error": error}).to_string()).unwrap().within_answer()
    }

    #[test]
    fn each_servers_shape_is_understood() {
        for (body, expected) in [
            (
                r#"{"error":{"message":"No.","type":"t","param":null,"code":"c"}}"#,
                Fault { kind: "t".to_owned(), ..fault("No.", "c") },
            ),
            (r#"{"error":{"message":"No.","code":400}}"#, fault("No.", "400")),
            (r#"{"error":"model \"x\" not found"}"#, fault("model \"x\" not found", "")),
            (r#"{"object":"error","message":"No.","code":404}"#, fault("No.", "404")),
            (r#"{"detail":"Not Found"}"#, fault("Not Found", "")),
            (
                r#"{"detail":[{"loc":["body","messages",0],"msg":"Field required","input":"Hi"},{"msg":"No."}]}"#,
                fault("body.messages.0: Field required; No.", ""),
            ),
            (r#"[{"error":{"message":"No.","code":400}}]"#, fault("No.", "400")),
            ("upstream request timeout\n", fault("upstream request timeout", "")),
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
        assert!(matches!(of(402), ModelError::RateLimited { .. }));
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
    fn an_error_within_an_answer_means_what_it_would_as_a_status() {
        type Expected = fn(&ModelError) -> bool;
        let refused: Expected = |error| matches!(error, ModelError::Refused { status: 400, .. });
        let unauthorized: Expected = |error| matches!(error, ModelError::Unauthorized { status: 401, .. });
        let not_found: Expected = |error| matches!(error, ModelError::NotFound { .. });
        let limited: Expected = |error| matches!(error, ModelError::RateLimited { .. });
        let failed: Expected = |error| matches!(error, ModelError::Failed { .. });
        for (error, expected) in [
            (json!({"code": 400, "type": "BadRequestError"}), refused),
            (json!({"code": "400"}), refused),
            (json!({"code": "context_length_exceeded"}), refused),
            (json!({"code": "content_filter"}), refused),
            (json!({"code": "invalid_prompt"}), refused),
            (json!({"code": "image_too_large"}), refused),
            (json!({"code": null, "type": "invalid_request_error"}), refused),
            (json!({"code": "string_above_max_length", "type": "invalid_request_error"}), refused),
            (json!({"code": 401}), unauthorized),
            (json!({"code": "invalid_api_key", "type": "invalid_request_error"}), unauthorized),
            (json!({"type": "AuthenticationError"}), unauthorized),
            (json!({"code": "404"}), not_found),
            (json!({"code": "model_not_found", "type": "invalid_request_error"}), not_found),
            (json!({"type": "not_found_error"}), not_found),
            (json!({"code": 402}), limited),
            (json!({"code": 429}), limited),
            (json!({"code": "insufficient_quota"}), limited),
            (json!({"code": "rate_limit_exceeded", "type": "requests"}), limited),
            (json!({"type": "rate_limit_error"}), limited),
            (json!({"code": 502}), failed),
            (json!({"code": "server_error"}), failed),
            (json!({"code": 1234}), failed),
            (json!({"message": "Oh."}), failed),
        ] {
            let told = in_stream(&error);
            assert!(expected(&told), "{error}: {told:?}");
        }
    }

    #[test]
    fn an_error_without_a_word_says_so() {
        let error = fault("", "").with_status(502, None);
        assert_eq!(error.to_string(), "the model server failed: it gave no reason");
    }
}
