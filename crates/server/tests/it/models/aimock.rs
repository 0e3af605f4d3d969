//! The same against a model server that was not written here: `@copilotkit/aimock`. What it cannot do is in
//! `docs/MODELS.md`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use chatkitd::models::{Deadlines, HttpModel, HttpTranscriber, ModelServer, TranscriptionServer};
use chatkitd_core::models::{
    EndReason, ModelError, ModelEvent, ModelMessage, ModelPart, ModelRequest, Role, Usage,
};
use chatkitd_core::ports::{Model as _, Transcriber as _};
use chatkitd_workflow::providers::Api;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use super::{KEY, client};
use crate::server::required;

const APIS: [Api; 2] = [Api::Responses, Api::ChatCompletions];

struct Aimock {
    base: String,
    process: Child,
}

impl Drop for Aimock {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Aimock {
    fn start() -> Self {
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/aimock.mjs"))
            .env("CHATKITD_TEST_NODE_DIR", required("CHATKITD_TEST_NODE_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed; run `make test`, which looks for it");
        writeln!(process.stdin.as_mut().unwrap(), "{}", script()).unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(!address.is_empty(), "aimock.mjs failed; its words are above");
        Self { base: format!("{}/v1", address.trim_end()), process }
    }

    async fn ask(&self, api: Api, question: &str) -> Result<Vec<ModelEvent>, ModelError> {
        self.ask_as(KEY, api, question).await
    }

    async fn ask_as(&self, key: &str, api: Api, question: &str) -> Result<Vec<ModelEvent>, ModelError> {
        let image =
            ModelPart::Image { mime_type: "image/png".to_owned(), content: Bytes::from_static(b"PNG") };
        let said = |role, text: &str| ModelMessage { role, parts: vec![ModelPart::Text(text.to_owned())] };
        let mut last = said(Role::User, question);
        last.parts.push(image);
        let request = ModelRequest {
            model: "a-model".to_owned(),
            instructions: "Be brief.".to_owned(),
            messages: vec![said(Role::User, "Good day"), said(Role::Assistant, "Good day to you"), last],
            reasoning_effort: Some("low".to_owned()),
            max_output_tokens: Some(100),
            ..ModelRequest::default()
        };
        let server = ModelServer { base: self.base.parse().unwrap(), key: Some(key.into()), api };
        let model = HttpModel::new(client(Deadlines::default()).0, server);
        model.answer(request).await?.try_collect().await
    }
}

fn script() -> Value {
    let fixture =
        |question: &str, response: Value| json!({"match": {"userMessage": question}, "response": response});
    let refusal =
        |status: u16, code: &str| json!({"error": {"message": "No.", "code": code}, "status": status});
    let mut cut = fixture("cut", json!({"content": "A sentence that is never finished"}));
    cut["truncateAfterChunks"] = 2.into();
    json!({
        "options": {"auth": {"apiKeys": [KEY]}, "chunkSize": 3},
        "transcription": "Hello there.",
        "fixtures": [
            fixture("words", json!({"content": "Grüße, wie geht's? 👋"})),
            fixture("wave", json!({"content": "👋👋👋👋👋"})),
            fixture("think", json!({"content": "Four.", "reasoning": "Two and two."})),
            fixture("search", json!({"content": "Found.", "webSearches": ["rust"]})),
            fixture("limit", refusal(429, "rate_limit_exceeded")),
            fixture("broken", refusal(500, "server_error")),
            fixture("bad", refusal(400, "invalid_request")),
            fixture("counted", json!({"content": "One.", "usage": {
                "prompt_tokens": 7, "completion_tokens": 3, "input_tokens": 7, "output_tokens": 3}})),
            fixture("long", json!({"content": "Once upon a", "finishReason": "length"})),
            cut,
        ],
    })
}

fn words(events: &[ModelEvent]) -> String {
    let words = events.iter().filter_map(|event| match event {
        ModelEvent::Text(text) => Some(text.as_str()),
        _ => None,
    });
    words.collect()
}

#[tokio::test]
async fn aimock_streams_words_and_thoughts_in_both_apis() {
    let aimock = Aimock::start();
    for api in APIS {
        let events = aimock.ask(api, "words").await.unwrap();
        assert_eq!(words(&events), "Grüße, wie geht's? 👋", "{api:?}");
        assert!(events.len() > 7, "piece by piece: {events:?}");
        assert_eq!(events[0], ModelEvent::MessageBegan);
        assert!(matches!(events.last(), Some(ModelEvent::Ended { reason: EndReason::Complete, .. })));

        // It cuts by UTF-16, and with that in the middle of a hand.
        assert_eq!(words(&aimock.ask(api, "wave").await.unwrap()), "👋👋👋👋👋", "{api:?}");

        let events = aimock.ask(api, "think").await.unwrap();
        let thoughts: Vec<_> =
            events.iter().take_while(|event| **event != ModelEvent::MessageBegan).collect();
        assert_eq!(thoughts.first(), Some(&&ModelEvent::ThoughtBegan), "{api:?}");
        assert_eq!(thoughts.last(), Some(&&ModelEvent::ThoughtEnded), "{api:?}");
        assert_eq!(words(&events), "Four.");

        assert_eq!(words(&aimock.ask(api, "search").await.unwrap()), "Found.", "{api:?}");
    }
}

#[tokio::test]
async fn aimock_counts_tokens_and_says_why_it_ended() {
    let aimock = Aimock::start();
    let usage = Some(Usage { input_tokens: 7, output_tokens: 3 });
    for api in APIS {
        let events = aimock.ask(api, "counted").await.unwrap();
        assert_eq!(events.last(), Some(&ModelEvent::Ended { reason: EndReason::Complete, usage }), "{api:?}");
        let events = aimock.ask(api, "long").await.unwrap();
        let last = events.last();
        assert!(
            matches!(last, Some(ModelEvent::Ended { reason: EndReason::TooLong, .. })),
            "{api:?}: {last:?}"
        );
    }
}

#[tokio::test]
async fn aimock_refuses_fails_and_breaks_off_as_servers_do() {
    let aimock = Aimock::start();
    for api in APIS {
        let error = async |question| aimock.ask(api, question).await.unwrap_err();
        assert!(matches!(error("limit").await, ModelError::RateLimited { .. }), "{api:?}");
        assert!(
            matches!(error("broken").await, ModelError::Failed { message } if message == "No."),
            "{api:?}"
        );
        assert!(matches!(error("bad").await, ModelError::Refused { status: 400, .. }), "{api:?}");
        assert!(matches!(error("of something else").await, ModelError::NotFound { .. }), "{api:?}");
        let cut = error("cut").await;
        // It may hang up before its first words are on the way.
        assert!(matches!(cut, ModelError::Broken(_) | ModelError::Connection(_)), "{api:?}: {cut:?}");
        let wrong_key = aimock.ask_as("sk-wrong", api, "words").await.unwrap_err();
        assert!(matches!(wrong_key, ModelError::Unauthorized { status: 401, .. }), "{api:?}: {wrong_key:?}");
    }
}

#[tokio::test]
async fn aimock_writes_down_what_was_said() {
    let aimock = Aimock::start();
    let server = TranscriptionServer {
        base: aimock.base.parse().unwrap(),
        key: Some(KEY.into()),
        model: "whisper-1".to_owned(),
    };
    let transcriber = HttpTranscriber::new(client(Deadlines::default()).0, server);
    let words = transcriber.transcribe(Bytes::from_static(b"RECORDED"), "audio/webm").await.unwrap();
    assert_eq!(words, "Hello there.");
}
