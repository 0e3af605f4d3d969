//! `fixtures/exchanges/*.yaml`: what a client sends, one request after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::improvements::Improvement;

/// One file; fixtures/README.md explains its keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    #[expect(dead_code, reason = "for people")]
    about: String,
    script: Option<String>,
    pub requests: Vec<Request>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    create: Option<Message>,
    say: Option<Message>,
    send: Option<Value>,
    walk: Option<Value>,
    body: Option<String>,
    /// How often it is sent.
    #[serde(default = "once")]
    pub repeat: usize,
    /// The client is gone after so many events.
    pub leave_after: Option<usize>,
    /// An error is among the events. Declared, so that a slip in a script is not taken for an answer.
    #[serde(default)]
    pub error: bool,
    pub differs: Option<Differs>,
}

fn once() -> usize {
    1
}

/// A text, or the fields of a `UserMessageInput` that matter.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Input(Map<String, Value>),
}

/// The servers answer this differently, on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    pub improvement: Improvement,
    /// What the reference makes of it, where it refuses nothing properly.
    pub reference: Option<Outcome>,
    /// The status that chatkitd answers with.
    pub status: Option<u16>,
}

/// How the reference takes what it should have refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A status of an error.
    Failed,
    /// 200, and a stream that breaks off.
    Broken,
    /// 200, and a stream of no events.
    Nothing,
    /// 200, as if all were well.
    Answered,
}

/// How a request is sent.
pub enum Sending {
    /// These bytes.
    Body(String),
    /// This request.
    Json(Value),
    /// This request, and again with the `after` of each page, until there are no more.
    Walk(Value),
}

impl Exchange {
    /// Every file there is, by name.
    pub fn all() -> BTreeMap<String, Self> {
        let files = std::fs::read_dir(fixtures().join("exchanges")).unwrap();
        files.map(|file| Self::read(&file.unwrap().path())).collect()
    }

    fn read(path: &Path) -> (String, Self) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let exchange = serde_saphyr::from_str(&text);
        (name, exchange.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The script that is played: the file's own name, unless it says another.
    pub fn script<'a>(&'a self, name: &'a str) -> &'a str {
        self.script.as_deref().unwrap_or(name)
    }
}

impl Request {
    /// What to send; `thread` is the newest thread's id, which `say` speaks in.
    pub fn sending(&self, thread: Option<&str>) -> Sending {
        match self {
            Self { create: Some(message), .. } => {
                Sending::Json(json!({"type": "threads.create", "params": {"input": message.input()}}))
            }
            Self { say: Some(message), .. } => {
                let params =
                    json!({"thread_id": thread.expect("a thread to speak in"), "input": message.input()});
                Sending::Json(json!({"type": "threads.add_user_message", "params": params}))
            }
            Self { send: Some(request), .. } => Sending::Json(request.clone()),
            Self { walk: Some(request), .. } => Sending::Walk(request.clone()),
            Self { body: Some(body), .. } => Sending::Body(body.clone()),
            _ => panic!("a request needs one of create, say, send, walk and body"),
        }
    }
}

impl Request {
    /// What it asks for, where it asks for an operation.
    pub fn operation(&self) -> Option<String> {
        let sending = match self {
            Self { say: Some(_), .. } => return Some("threads.add_user_message".to_owned()),
            request => request.sending(None),
        };
        match sending {
            Sending::Json(json) | Sending::Walk(json) => Some(json["type"].as_str()?.to_owned()),
            Sending::Body(_) => None,
        }
    }
}

impl Message {
    fn input(&self) -> Value {
        let mut input = json!({"content": [], "attachments": [], "inference_options": {}});
        match self {
            Self::Text(text) => input["content"] = json!([{"type": "input_text", "text": text}]),
            Self::Input(fields) => input.as_object_mut().unwrap().extend(fields.clone()),
        }
        input
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}
