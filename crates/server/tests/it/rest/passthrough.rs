//! Calls that are passed through to `OpenAI`, where that is switched on.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use reqwest::Client;
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::service_key;
use crate::server::{Answer, Env, Node, OPENAI_KEY, send};
use crate::wait::until;

/// An `OpenAI` that keeps what it is asked and streams what a test says.
#[derive(Clone)]
struct OpenAi {
    base: String,
    seen: Arc<Mutex<Vec<(String, HeaderMap, usize)>>>,
    /// What the next stream says.
    words: Arc<Mutex<Option<mpsc::UnboundedReceiver<Bytes>>>>,
}

impl OpenAi {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let openai = Self { base, seen: Arc::default(), words: Arc::default() };
        let routes = Router::new().fallback(answer).with_state(openai.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        openai
    }

    fn last(&self) -> (String, HeaderMap, usize) {
        self.seen.lock().unwrap().last().cloned().expect("a request")
    }
}

async fn answer(State(openai): State<OpenAi>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let size = body.into_data_stream().fold(0, async |size, chunk| size + chunk.unwrap().len()).await;
    openai.seen.lock().unwrap().push((parts.uri.to_string(), parts.headers, size));
    let headers = [
        ("content-type", "text/event-stream"),
        ("x-request-id", "req_of_openai"),
        ("set-cookie", "__cf_bm=x"),
        ("access-control-allow-origin", "*"),
        ("keep-alive", "timeout=5"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("alt-svc", "h3=\":443\""),
    ];
    let Some(words) = openai.words.lock().unwrap().take() else {
        return ([("content-encoding", "gzip")], headers, "not gzip, and nobody looks").into_response();
    };
    let said =
        stream::unfold(words, async |mut words| Some((Ok::<_, std::io::Error>(words.recv().await?), words)));
    (headers, Body::from_stream(said)).into_response()
}

struct Passing {
    openai: OpenAi,
    node: Node,
    key: String,
    _folder: TempDir,
}

async fn passing() -> Passing {
    let (folder, openai) = (tempdir().unwrap(), OpenAi::start().await);
    let env = Env::sqlite(&folder).hosted(&openai.base).set("CHATKITD_PASSTHROUGH", "true");
    let node = Node::start(&env).await;
    assert_eq!(node.status("/readyz").await, 200);
    let key = service_key(folder.path(), &env);
    Passing { openai, node, key, _folder: folder }
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.body["error"]["code"].as_str()), (status, Some(code)), "{answer:?}");
}

#[tokio::test]
async fn a_call_goes_out_with_the_operators_key_and_comes_back_as_it_is() {
    let passing = passing().await;
    let body = vec![b'x'; 3 * 1024 * 1024];
    let request = passing.node.post("/v1/responses?stream=true&a=%2F").bearer_auth(&passing.key);
    let request = request
        .header("openai-beta", "x=v1")
        .header("cookie", "chatkit=1")
        .header("x-forwarded-for", "1.2.3.4")
        .header("chatkit-device-id", "device")
        .header("chatkit-device-token", "a device's proof")
        .header("chatkit-frame-instance-id", "frame")
        .header("accept-encoding", "gzip")
        .header("connection", "x-mine")
        .header("x-mine", "1");
    let answer = Client::builder().no_gzip().build().unwrap().execute(request.body(body).build().unwrap());
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert_eq!(headers["x-request-id"], "req_of_openai");
    assert_eq!(headers["content-encoding"], "gzip");
    for ours in
        ["set-cookie", "access-control-allow-origin", "keep-alive", "strict-transport-security", "alt-svc"]
    {
        assert!(!headers.contains_key(ours), "{ours}");
    }
    assert_eq!(answer.bytes().await.unwrap(), "not gzip, and nobody looks");
    let (uri, headers, size) = passing.openai.last();
    assert_eq!((uri.as_str(), size), ("/v1/responses?stream=true&a=%2F", 3 * 1024 * 1024));
    assert_eq!(headers["authorization"], format!("Bearer {OPENAI_KEY}"));
    assert_eq!(headers["content-length"], (3 * 1024 * 1024).to_string());
    assert_eq!(
        (&headers["openai-beta"], &headers["accept-encoding"]),
        (&"x=v1".parse().unwrap(), &"gzip".parse().unwrap())
    );
    let page = ["chatkit-device-id", "chatkit-device-token", "chatkit-frame-instance-id"];
    for ours in ["cookie", "x-forwarded-for", "x-mine"].into_iter().chain(page) {
        assert!(!headers.contains_key(ours), "{ours}");
    }
    let read = passing.node.get("/v1/models").bearer_auth(&passing.key).send().await.unwrap();
    assert_eq!(read.status(), 200);
    let (_, headers, size) = passing.openai.last();
    assert!(size == 0 && !headers.contains_key("transfer-encoding"), "{headers:?}");
}

#[tokio::test]
async fn a_stream_is_passed_on_word_by_word_and_ends_with_its_reader() {
    let passing = passing().await;
    let (say, words) = mpsc::unbounded_channel();
    *passing.openai.words.lock().unwrap() = Some(words);
    let request = passing.node.post("/v1/responses").bearer_auth(&passing.key);
    let mut answer = request.send().await.unwrap();
    // Nothing is held back until more comes, half a letter as little as half an event.
    for word in [b"data: 1".as_slice(), b"\xc3", b"\xa4\n\n"] {
        say.send(Bytes::from_static(word)).unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), word);
    }
    drop(answer);
    // Whoever writes to a connection that is gone learns of it.
    until("the upstream's stream is dropped", async || say.send(Bytes::from_static(b"more")).is_err()).await;
}

#[tokio::test]
async fn chatkits_own_paths_and_strangers_are_never_passed_through() {
    let passing = passing().await;
    let node = &passing.node;
    refused(&send(node.post("/v1/responses")).await, 401, "invalid_api_key");
    refused(&send(node.post("/v1/responses").bearer_auth("sk-wrong")).await, 401, "invalid_api_key");
    let made = node.post(crate::server::SESSION).json(&serde_json::json!({"workflowId": "wf_demo"}));
    let secret = send(made).await.text("client_secret");
    refused(&send(node.post("/v1/responses").bearer_auth(&secret)).await, 403, "service_key_required");
    for path in ["/v1/chatkit/nowhere", "/v1/chatkit", "/v1/%63hatkit/threads", "/v1/"] {
        refused(&send(node.get(path).bearer_auth(&passing.key)).await, 404, "not_found");
    }
    refused(
        &send(node.get("/v1/chatkit/sessions").bearer_auth(&passing.key)).await,
        405,
        "method_not_allowed",
    );
    assert!(passing.openai.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_passed_through_unless_it_is_switched_on() {
    let (folder, openai) = (tempdir().unwrap(), OpenAi::start().await);
    let env = Env::sqlite(&folder).hosted(&openai.base);
    let node = Node::start(&env).await;
    assert_eq!(node.status("/readyz").await, 200);
    let key = service_key(folder.path(), &env);
    refused(&send(node.post("/v1/responses").bearer_auth(&key)).await, 404, "not_found");
    assert!(openai.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_upstream_that_is_away_is_a_502() {
    let folder = tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let env = Env::sqlite(&folder).hosted(&format!("http://{free}/v1")).set("CHATKITD_PASSTHROUGH", "true");
    let node = Node::start(&env).await;
    assert_eq!(node.status("/readyz").await, 200);
    let key = service_key(folder.path(), &env);
    refused(&send(node.post("/v1/responses").bearer_auth(&key)).await, 502, "upstream_failed");
}
