//! What a widget sends, and how it reads what comes back.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, send};

/// Longer than any test waits for what comes: what does not come by then does not come.
pub const TOO_LONG: Duration = Duration::from_secs(10);

/// `threads.create`.
pub fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

/// `threads.add_user_message`.
pub fn add(thread: &str, text: &str) -> Value {
    json!({"type": "threads.add_user_message", "params": {"thread_id": thread, "input": input(text)}})
}

/// `threads.get_by_id`.
pub fn get(thread: &str) -> Value {
    json!({"type": "threads.get_by_id", "params": {"thread_id": thread}})
}

fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}})
}

/// Every operation that names a thread, about this one.
pub fn operations_on(thread: &str) -> Vec<Value> {
    let action = json!({"type": "x"});
    [
        ("threads.get_by_id", json!({})),
        ("threads.update", json!({"title": "Mine"})),
        ("threads.delete", json!({})),
        ("threads.add_user_message", json!({"input": input("hello")})),
        ("threads.add_client_tool_output", json!({"result": 1})),
        (
            "threads.add_structured_input",
            json!({"item_id": "cti_1", "input": {"status": "skipped", "answers": {}}}),
        ),
        ("threads.retry_after_item", json!({"item_id": "cti_1"})),
        ("threads.custom_action", json!({"item_id": "cti_1", "action": action})),
        ("threads.sync_custom_action", json!({"item_id": "cti_1", "action": action})),
        ("items.list", json!({})),
        ("items.feedback", json!({"item_ids": ["cti_1"], "kind": "positive"})),
    ]
    .into_iter()
    .map(|(operation, mut params)| {
        params["thread_id"] = json!(thread);
        json!({"type": operation, "params": params})
    })
    .collect()
}

impl TestApp {
    /// A request to `/chatkit`.
    pub fn chat(&self, body: &Value) -> RequestBuilder {
        self.post("/chatkit").json(body)
    }

    /// A request to `/v1/chatkit/conversation`.
    pub fn conversation(&self, body: &Value) -> RequestBuilder {
        self.post("/v1/chatkit/conversation").json(body)
    }

    /// A run's events.
    pub fn events(&self, run: &str) -> RequestBuilder {
        self.get(&format!("/chatkit/runs/{run}/events"))
    }

    /// Stops a run.
    pub fn cancel(&self, run: &str) -> RequestBuilder {
        self.post(&format!("/chatkit/runs/{run}/cancel"))
    }

    /// Loads a thread until no run is going on it.
    pub async fn settled(&self, thread: &str, user: &str) -> Value {
        let load = async || send(self.chat(&get(thread)).bearer_auth(user)).await;
        let settled = async {
            loop {
                let answer = load().await;
                if answer.header("x-chatkit-run-id").is_empty() {
                    return answer.json();
                }
            }
        };
        tokio::time::timeout(TOO_LONG, settled).await.expect("the run ends")
    }
}

impl Answer {
    /// Asserts status and error code, and that `OpenAI`'s envelope is whole.
    #[track_caller]
    pub fn is_openai_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        let error = &self.json()["error"];
        let keys: Vec<_> = error.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["message", "type", "param", "code"], "{error}");
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|text| text.len() > 5), "{error}");
        let kind = match status {
            429 => "rate_limit_error",
            503 => "service_unavailable_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        assert_eq!(error["type"], kind);
        assert!(!self.header("x-request-id").is_empty());
        assert_eq!(matches!(status, 429 | 503), !self.header("retry-after").is_empty(), "{error}");
    }

    /// The parameter that an error names.
    pub fn param(&self) -> Value {
        self.json()["error"]["param"].clone()
    }

    /// The events of a stream that was read whole.
    pub fn events(&self) -> Vec<Value> {
        let mut events = Events { response: None, buffer: self.text.clone() };
        std::iter::from_fn(|| events.buffered()).filter_map(Frame::event).collect()
    }
}

/// A frame of a stream.
#[derive(Debug)]
pub enum Frame {
    Event(u64, Value),
    Comment,
}

impl Frame {
    fn parse(text: &str) -> Self {
        if text.starts_with(':') {
            return Self::Comment;
        }
        let (id, data) = text.split_once('\n').unwrap_or_else(|| panic!("no two lines: {text:?}"));
        let id = id.strip_prefix("id: ").and_then(|id| id.parse().ok());
        let data = data.strip_prefix("data: ").expect("one line of data");
        Self::Event(id.expect("a number"), serde_json::from_str(data).expect("JSON"))
    }

    fn event(self) -> Option<Value> {
        match self {
            Self::Event(_, event) => Some(event),
            Self::Comment => None,
        }
    }
}

/// A stream that is being read. Dropping it closes the connection.
pub struct Events {
    response: Option<Response>,
    buffer: String,
}

impl Events {
    /// Begins to read a stream.
    pub async fn of(request: RequestBuilder) -> (String, Self) {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let run = response.headers()["x-chatkit-run-id"].to_str().unwrap().to_owned();
        (run, Self { response: Some(response), buffer: String::new() })
    }

    fn buffered(&mut self) -> Option<Frame> {
        let (frame, rest) = self.buffer.split_once("\n\n")?;
        let frame = Frame::parse(frame);
        self.buffer = rest.to_owned();
        Some(frame)
    }

    /// The next frame; `None` at the end. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Frame> {
        let reading = async {
            loop {
                if let Some(frame) = self.buffered() {
                    return Some(frame);
                }
                let chunk = self.response.as_mut().unwrap().chunk().await.unwrap()?;
                self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(TOO_LONG, reading).await.expect("something comes, or the end")
    }

    /// Reads up to the first event of this type, and returns its number and itself.
    pub async fn until(&mut self, kind: &str) -> (u64, Value) {
        loop {
            match self.next().await {
                Some(Frame::Event(number, event)) if event["type"] == kind => return (number, event),
                Some(_) => {}
                None => panic!("the stream ended before {kind}"),
            }
        }
    }

    /// The rest of the events, to the end.
    pub async fn rest(&mut self) -> Vec<(u64, Value)> {
        let mut events = Vec::new();
        while let Some(frame) = self.next().await {
            if let Frame::Event(number, event) = frame {
                events.push((number, event));
            }
        }
        events
    }
}

/// The types of events, in their order.
pub fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// The text of the last assistant's message.
pub fn said(events: &[Value]) -> String {
    let texts = events.iter().filter(|event| event["item"]["type"] == "assistant_message");
    texts
        .filter_map(|event| event["item"]["content"][0]["text"].as_str())
        .next_back()
        .unwrap_or("")
        .to_owned()
}
