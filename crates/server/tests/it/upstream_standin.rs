//! `OpenAI`'s session API on a port of its own: answers rightly until it is told otherwise, and keeps
//! what it was asked.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chatkitd::clock::SystemClock;
use chatkitd_core::ports::Clock as _;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::wait::until;

/// One megabyte, of which [`Reply::Flood`] has a hundred.
const MEGABYTE: usize = 1024 * 1024;

/// What one request is answered with.
#[derive(Clone)]
pub enum Reply {
    /// A session, or `cancelled`.
    Right,
    /// This status with these headers, and an envelope that quotes the key, as `OpenAI`'s does.
    Status(u16, Vec<(&'static str, &'static str)>),
    /// The refusal of another chatkitd, which has devices of its own.
    Reserved,
    /// 200 with this body.
    Body(&'static str),
    /// Half of the right answer, then the connection is cut.
    Cut,
    /// Half of the right answer; the other half waits at the gate.
    Slow,
    /// A hundred megabytes.
    Flood,
    /// Four megabytes of headers.
    HugeHeaders,
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    /// `null` where there was none.
    pub body: Value,
}

struct Script {
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
    /// One permit for each answer that may be given.
    gate: Semaphore,
    sessions: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    flooded: AtomicUsize,
}

#[derive(Clone)]
pub struct UpstreamStandin {
    /// Ends in `/v1`.
    pub base: String,
    script: Arc<Script>,
}

impl UpstreamStandin {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let script = Arc::new(Script {
            replies: Mutex::default(),
            seen: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            sessions: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            flooded: AtomicUsize::new(0),
        });
        let standin = Self { base, script };
        let app = Router::new().fallback(answer).with_state(standin.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        standin
    }

    /// The next requests are answered with these; those after them rightly.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.replies.lock().unwrap().extend(replies);
    }

    /// From now on nothing is answered until the gate is opened.
    pub fn close_gate(&self) {
        self.script.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// What came first is answered.
    pub fn answer_one(&self) {
        self.script.gate.add_permits(1);
    }

    pub fn open_gate(&self) {
        self.script.gate.add_permits(Semaphore::MAX_PERMITS - self.script.gate.available_permits());
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    /// The paths of the sessions that were cancelled.
    pub fn cancels(&self) -> Vec<String> {
        let seen = self.seen().into_iter().map(|seen| seen.path);
        seen.filter(|path| path.ends_with("/cancel")).collect()
    }

    /// How many sessions were asked for.
    pub fn creates(&self) -> usize {
        self.seen().iter().filter(|seen| seen.path == "/v1/chatkit/sessions").count()
    }

    /// Until this many requests have come.
    pub async fn asked(&self, times: usize) {
        until("the upstream is asked", async || self.seen().len() >= times).await;
    }

    pub fn most_under_way(&self) -> usize {
        self.script.most_under_way.load(Ordering::SeqCst)
    }

    /// How many bytes of [`Reply::Flood`] were handed to the socket.
    pub fn flooded(&self) -> usize {
        self.script.flooded.load(Ordering::SeqCst)
    }

    fn right(&self, seen: &Seen) -> Value {
        if seen.path.ends_with("/cancel") {
            return json!({"id": "cksess_up", "object": "chatkit.session", "status": "cancelled"});
        }
        let number = self.script.sessions.fetch_add(1, Ordering::SeqCst) + 1;
        let now = SystemClock.now().as_second();
        json!({
            "id": format!("cksess_up_{number}"),
            "object": "chatkit.session",
            "client_secret": format!("ek_upstream_secret_{number}"),
            "expires_at": now + seen.body["expires_after"]["seconds"].as_i64().unwrap_or(600),
            "workflow": {"id": seen.body["workflow"]["id"]},
            "user": seen.body["user"],
            "rate_limits": {"max_requests_per_1_minute": 10},
            "max_requests_per_1_minute": 10,
            "status": "active",
            "a_field_of_the_future": 1,
        })
    }

    fn flood(&self) -> Response {
        let script = self.script.clone();
        let chunk = Bytes::from(vec![b' '; MEGABYTE / 16]);
        let chunks = stream::iter(0..100 * 16).map(move |_| {
            script.flooded.fetch_add(chunk.len(), Ordering::SeqCst);
            Ok::<_, io::Error>(chunk.clone())
        });
        Body::from_stream(chunks).into_response()
    }

    fn half(
        &self,
        whole: &Value,
        then: impl Future<Output = io::Result<Bytes>> + Send + 'static,
    ) -> Response {
        let whole = Bytes::from(whole.to_string());
        let half = whole.slice(..whole.len() / 2);
        let body = Body::from_stream(stream::once(async { Ok(half) }).chain(stream::once(then)));
        ([(header::CONTENT_LENGTH, whole.len())], body).into_response()
    }

    fn give(&self, reply: Reply, seen: &Seen) -> Response {
        match reply {
            Reply::Right => axum::Json(self.right(seen)).into_response(),
            Reply::Status(status, headers) => refuse(status, &headers),
            Reply::Reserved => {
                let body = json!({"error": {"message": "reserved", "code": "reserved_user"}});
                (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
            }
            Reply::Body(body) => body.into_response(),
            Reply::Cut => self.half(&self.right(seen), async { Err(io::Error::other("cut")) }),
            Reply::Slow => {
                let script = self.script.clone();
                let whole = self.right(seen);
                let rest = whole.to_string();
                let rest = Bytes::from(rest).slice(whole.to_string().len() / 2..);
                self.half(&whole, async move {
                    script.gate.acquire().await.unwrap().forget();
                    Ok(rest)
                })
            }
            Reply::Flood => self.flood(),
            Reply::HugeHeaders => {
                let mut response = axum::Json(self.right(seen)).into_response();
                for number in 0..64 {
                    let name = HeaderName::from_bytes(format!("x-huge-{number}").as_bytes()).unwrap();
                    let value = HeaderValue::from_bytes(&vec![b'x'; MEGABYTE / 16]).unwrap();
                    response.headers_mut().insert(name, value);
                }
                response
            }
        }
    }
}

async fn answer(State(standin): State<UpstreamStandin>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MEGABYTE).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let seen = Seen { method: head.method, path: head.uri.path().to_owned(), headers: head.headers, body };
    let script = &standin.script;
    script.seen.lock().unwrap().push(seen.clone());
    let under_way = script.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    script.most_under_way.fetch_max(under_way, Ordering::SeqCst);
    let reply = script.replies.lock().unwrap().pop_front().unwrap_or(Reply::Right);
    if !matches!(reply, Reply::Slow) {
        script.gate.acquire().await.unwrap().forget();
    }
    script.under_way.fetch_sub(1, Ordering::SeqCst);
    standin.give(reply, &seen)
}

fn refuse(status: u16, headers: &[(&'static str, &'static str)]) -> Response {
    let body = json!({"error": {"message": "Incorrect API key provided: sk-test-key-of-the-operator.",
        "type": "invalid_request_error", "param": null, "code": "some_code"}});
    let mut response = (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

/// An upstream that reads requests and hangs up without a word; it counts them.
pub async fn one_that_hangs_up() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = vec![0; 4096];
            let read = connection.read(&mut head).await.unwrap();
            assert!(read > 0);
            let _ = connection.shutdown().await;
        }
    });
    (base, count)
}
