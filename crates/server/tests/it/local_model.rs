//! A model server of one's own, as Ollama or llama.cpp are: answers every request to `/v1/chat/completions` by saying
//! which model it is, what it was told and with which key, and writes down recordings.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A request as it came.
#[derive(Clone)]
pub struct Asked {
    pub path: String,
    /// The `authorization` header; empty where there was none.
    pub key: String,
    pub body: Bytes,
}

#[derive(Clone)]
pub struct LocalModel {
    /// Ends in `/v1`.
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// An answer to somebody who says "wait" has its second half after this.
    gate: Arc<Semaphore>,
}

impl LocalModel {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let model = Self { base, asked: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
        let routes = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/audio/transcriptions", post(transcribe))
            .with_state(model.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        model
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn open_gate(&self) {
        self.gate.add_permits(1);
    }

    async fn note(&self, request: Request) -> Asked {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let asked = Asked { path: head.uri.path().to_owned(), key: key(&head.headers), body };
        self.asked.lock().unwrap().push(asked.clone());
        asked
    }
}

fn key(headers: &HeaderMap) -> String {
    headers.get(header::AUTHORIZATION).map_or("", |key| key.to_str().unwrap()).to_owned()
}

async fn complete(State(model): State<LocalModel>, request: Request) -> Response {
    let asked = model.note(request).await;
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let said = |role: &str| {
        let messages = body["messages"].as_array().unwrap().iter();
        messages
            .filter(|message| message["role"] == role)
            .map(|message| message["content"].to_string())
            .collect()
    };
    let (told, words): (String, String) = (said("system"), said("user"));
    let halves =
        [format!("{}, told {told}", body["model"].as_str().unwrap()), format!(", with {:?}", asked.key)];
    let waits = words.contains("wait");
    let mut frames: Vec<String> = halves.iter().map(|half| frame(half, None)).collect();
    frames.push(frame("", Some("stop")) + "data: [DONE]\n\n");
    let gate = model.gate;
    let frames = stream::iter(frames.into_iter().enumerate()).then(move |(number, frame)| {
        let gate = Arc::clone(&gate);
        async move {
            if waits && number == 1 {
                gate.acquire().await.unwrap().forget();
            }
            Ok::<_, Infallible>(frame)
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(frames)).into_response()
}

fn frame(text: &str, finish: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}))
}

async fn transcribe(State(model): State<LocalModel>, request: Request) -> Response {
    let asked = model.note(request).await;
    let heard = String::from_utf8_lossy(&asked.body).contains("sound of words");
    axum::Json(json!({"text": if heard { "words" } else { "noise" }})).into_response()
}
