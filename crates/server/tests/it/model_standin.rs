//! A model server on a port of its own that does as it is told, and keeps what it was asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{BoxStream, pending};
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::Value;
use tokio::net::TcpListener;

/// What one request is answered with.
pub enum Reply {
    /// A stream of events, whole, in these pieces.
    Stream(Vec<Bytes>),
    /// This much of a stream, and then nothing more, while the connection stays.
    Stall(Bytes),
    /// Not even a status.
    Silence,
    /// This much of a stream, and then the connection breaks.
    Cut(Bytes),
    /// This piece of a stream, over and over.
    Endless(Bytes),
    /// An answer of another kind: status, media type, body.
    Other(u16, &'static str, Bytes),
    /// A stream that says it is packed in this way.
    Packed(u16, &'static str),
    /// A refusal with a header.
    Refusal(u16, (&'static str, String)),
    /// Status 500 with a hundred megabytes.
    Flood,
}

impl Reply {
    pub fn text(stream: &str) -> Self {
        Self::Stream(vec![Bytes::copy_from_slice(stream.as_bytes())])
    }
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
    /// Answers that were let go: given to the end, or left by the client.
    let_go: AtomicUsize,
    /// Bytes of [`Reply::Flood`] and [`Reply::Endless`] that were handed to the socket.
    flooded: AtomicUsize,
}

#[derive(Clone)]
pub struct ModelStandin {
    /// Ends in `/v1`.
    pub base: String,
    script: Arc<Script>,
}

impl ModelStandin {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let standin = Self { base, script: Arc::default() };
        let app = Router::new().fallback(answer).with_state(standin.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        standin
    }

    /// The next requests are answered with these; any other is a failure of the test.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.replies.lock().unwrap().extend(replies);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    pub fn let_go(&self) -> usize {
        self.script.let_go.load(Ordering::SeqCst)
    }

    pub fn flooded(&self) -> usize {
        self.script.flooded.load(Ordering::SeqCst)
    }

    fn flood(&self, piece: Bytes) -> BoxStream<'static, io::Result<Bytes>> {
        let script = self.script.clone();
        let counted = move || {
            script.flooded.fetch_add(piece.len(), Ordering::SeqCst);
            Ok(piece.clone())
        };
        stream::repeat_with(counted).boxed()
    }

    fn body(&self, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
        Body::from_stream(LetGo { pieces: pieces.boxed(), script: self.script.clone() })
    }

    fn events(&self, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
        ([(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], self.body(pieces)).into_response()
    }
}

/// Counts when it is dropped.
struct LetGo {
    pieces: BoxStream<'static, io::Result<Bytes>>,
    script: Arc<Script>,
}

impl Stream for LetGo {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.poll_next_unpin(context)
    }
}

impl Drop for LetGo {
    fn drop(&mut self) {
        self.script.let_go.fetch_add(1, Ordering::SeqCst);
    }
}

async fn answer(State(standin): State<ModelStandin>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = head.uri.path_and_query().unwrap().to_string();
    standin.script.seen.lock().unwrap().push(Seen { path, headers: head.headers, body });
    let reply = standin.script.replies.lock().unwrap().pop_front().expect("a request that nobody foresaw");
    match reply {
        Reply::Stream(pieces) => {
            // One by one, so that each is a chunk of its own.
            let pieces = stream::iter(pieces).then(|piece| async {
                tokio::task::yield_now().await;
                Ok(piece)
            });
            standin.events(pieces)
        }
        Reply::Stall(piece) => standin.events(stream::iter([Ok(piece)]).chain(pending())),
        Reply::Silence => {
            // Lives as long as the request does.
            let _held = standin.body(pending());
            std::future::pending::<Infallible>().await;
            unreachable!("it waits for ever")
        }
        Reply::Cut(piece) => {
            let broken = stream::once(async {
                tokio::task::yield_now().await;
                Err(io::Error::other("cut"))
            });
            standin.events(stream::iter([Ok(piece)]).chain(broken))
        }
        Reply::Endless(piece) => standin.events(standin.flood(piece)),
        Reply::Other(status, media_type, body) => {
            (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, media_type)], body)
                .into_response()
        }
        Reply::Packed(status, encoding) => {
            let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CONTENT_ENCODING, encoding)];
            (StatusCode::from_u16(status).unwrap(), headers, &b"\x1f\x8b\x08"[..]).into_response()
        }
        Reply::Refusal(status, (name, value)) => {
            let body = r#"{"error":{"message":"Incorrect API key provided: sk-test-key.","code":"c"}}"#;
            (StatusCode::from_u16(status).unwrap(), [(name, value)], body).into_response()
        }
        Reply::Flood => {
            let pieces = standin.flood(vec![b' '; 64 * 1024].into()).take(100 * 16);
            (StatusCode::INTERNAL_SERVER_ERROR, standin.body(pieces)).into_response()
        }
    }
}
