//! A stand-in for OpenAI's ChatKit REST API: a real HTTP server on a free port, with a store that a test fills and
//! a plan of faults by request number.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};
use url::Url;

/// What happens instead of the right answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A status with headers and an error envelope.
    Status(u16, Vec<(&'static str, String)>),
    /// The right head, half of the right body, then the connection is cut.
    Cut,
    /// 200 with this body.
    Body(&'static str),
    /// The right body in drops of a few bytes.
    Drops,
    /// The answer that the same path was given before.
    Repeat,
    /// A page without entries.
    Empty { has_more: bool },
    /// The thread is deleted just before the request is answered.
    Delete(&'static str),
    /// The item is deleted just before the request is answered.
    DeleteItem(&'static str),
    /// No answer, ever.
    Hang,
}

/// How a cursor is answered that is in no list.
#[derive(Clone, Copy, Debug, Default)]
pub enum UnknownCursor {
    #[default]
    NotFound,
    BadRequest,
    EmptyPage,
}

/// A request that was made.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub query: HashMap<String, String>,
    pub headers: HeaderMap,
}

/// What the server holds and does.
#[derive(Default)]
pub struct World {
    pub threads: Vec<Value>,
    pub items: BTreeMap<String, Vec<Value>>,
    /// By path.
    pub files: HashMap<String, Vec<u8>>,
    /// By path, the location.
    pub redirects: HashMap<String, String>,
    pub faults: HashMap<usize, Fault>,
    /// From this request on nothing is answered in full.
    pub dead_from: Option<usize>,
    pub unknown_cursor: UnknownCursor,
    /// Leave `has_more`, `first_id` and `last_id` out of pages.
    pub bare_pages: bool,
    pub seen: Vec<Seen>,
    last: HashMap<String, Vec<u8>>,
}

/// The running server. It ends with the test's runtime.
#[derive(Clone)]
pub struct Standin {
    pub base_url: Url,
    world: Arc<Mutex<World>>,
    hung: Arc<Notify>,
}

impl Standin {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let standin = Self {
            base_url: format!("http://{address}/v1").parse().unwrap(),
            world: Arc::default(),
            hung: Arc::default(),
        };
        let app = Router::new().fallback(answer).with_state(standin.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        standin
    }

    /// Reads or changes the world.
    pub fn world<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut self.world.lock().unwrap())
    }

    /// Forgets requests and faults.
    pub fn calm(&self) {
        self.world(|world| {
            world.seen.clear();
            world.last.clear();
            world.faults.clear();
            world.dead_from = None;
        });
    }

    pub fn fault(&self, request: usize, fault: Fault) {
        self.world(|world| world.faults.insert(request, fault));
    }

    /// Until a request meets [`Fault::Hang`].
    pub async fn hung(&self) {
        self.hung.notified().await;
    }

    pub fn origin(&self) -> String {
        self.base_url.origin().ascii_serialization()
    }
}

impl World {
    /// A thread with items; `files` of its first item by (id, URL).
    pub fn add_thread(&mut self, id: &str, created_at: i64, items: usize, files: &[(&str, Option<String>)]) {
        self.threads.push(json!({
            "id": id, "object": "chatkit.thread", "created_at": created_at, "title": null,
            "status": {"type": "active"}, "user": "u", "future_field": 12.50,
        }));
        let attachments: Vec<Value> = files
            .iter()
            .map(|(id, url)| json!({"id": id, "type": "file", "name": "a b.txt", "mime_type": "text/plain", "preview_url": url}))
            .collect();
        let items = (0..items).map(|n| {
            let mut item = json!({"id": format!("{id}_item{n}"), "object": "chatkit.thread_item", "created_at": created_at,
                "thread_id": id, "type": "chatkit.user_message", "content": [{"type": "input_text", "text": "line\nbreak"}],
                "attachments": [], "inference_options": null});
            if n == 0 {
                item["attachments"] = attachments.clone().into();
            } else if n == 1 {
                item["type"] = "chatkit.from_the_future".into();
            }
            item
        });
        self.items.insert(id.to_owned(), items.collect());
    }

    /// More items at the end of a thread; `files` of the first of them.
    pub fn add_items(&mut self, thread: &str, count: usize, files: &[(&str, Option<String>)]) {
        let mut more = Self::default();
        more.add_thread(thread, 30, count, files);
        let mut items = more.items.remove(thread).unwrap();
        for (number, item) in items.iter_mut().enumerate() {
            item["id"] = format!("{thread}_later{number}").into();
        }
        self.items.get_mut(thread).unwrap().extend(items);
    }

    fn list(&self, path: &str) -> Option<&[Value]> {
        let rest = path.strip_prefix("/v1/chatkit/threads")?;
        if rest.is_empty() {
            return Some(&self.threads);
        }
        let thread = rest.strip_prefix('/')?.strip_suffix("/items")?;
        self.items.get(thread).map(Vec::as_slice)
    }

    fn page(&self, entries: &[Value], query: &HashMap<String, String>) -> Result<Vec<u8>, StatusCode> {
        let limit: usize = query["limit"].parse().unwrap();
        let newest_first = query["order"] == "desc";
        assert!(newest_first || query["order"] == "asc");
        let entries: Vec<Value> =
            if newest_first { entries.iter().rev().cloned().collect() } else { entries.to_vec() };
        let position = |id: &String| entries.iter().position(|entry| entry["id"] == **id);
        let start = match query.get("after").map(|id| position(id).map(|at| at + 1)) {
            None => 0,
            Some(Some(start)) => start,
            Some(None) => match self.unknown_cursor {
                UnknownCursor::NotFound => return Err(StatusCode::NOT_FOUND),
                UnknownCursor::BadRequest => return Err(StatusCode::BAD_REQUEST),
                UnknownCursor::EmptyPage => entries.len(),
            },
        };
        let data: Vec<Value> = entries[start..].iter().take(limit).cloned().collect();
        let mut page = json!({"object": "list", "data": data});
        if !self.bare_pages {
            page["first_id"] = data.first().map_or(Value::Null, |entry| entry["id"].clone());
            page["last_id"] = data.last().map_or(Value::Null, |entry| entry["id"].clone());
            page["has_more"] = (start + data.len() < entries.len()).into();
        }
        // The real API indents its answers.
        Ok(serde_json::to_vec_pretty(&page).unwrap())
    }

    fn right_answer(&mut self, seen: &Seen) -> Response {
        if let Some(location) = self.redirects.get(&seen.path) {
            return (StatusCode::FOUND, [(header::LOCATION, location.clone())]).into_response();
        }
        if let Some(file) = self.files.get(&seen.path) {
            return file.clone().into_response();
        }
        let thread = seen.path.strip_prefix("/v1/chatkit/threads/");
        if let Some(thread) = self.threads.iter().find(|entry| entry["id"].as_str() == thread) {
            return json_body(serde_json::to_vec_pretty(thread).unwrap());
        }
        let Some(entries) = self.list(&seen.path) else {
            return error(404, &[]);
        };
        match self.page(entries, &seen.query) {
            Ok(body) => {
                self.last.insert(seen.path.clone(), body.clone());
                json_body(body)
            }
            Err(status) => error(status.as_u16(), &[]),
        }
    }
}

async fn answer(State(standin): State<Standin>, request: Request) -> Response {
    let query = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let seen = Seen {
        path: request.uri().path().to_owned(),
        query: query.into_owned().collect(),
        headers: request.headers().clone(),
    };
    let fault = standin.world(|world| {
        let number = world.seen.len();
        world.seen.push(seen.clone());
        let dead = world.dead_from.is_some_and(|from| number >= from);
        if dead { Some(Fault::Cut) } else { world.faults.get(&number).cloned() }
    });
    let right = || standin.world(|world| world.right_answer(&seen));
    match fault {
        None => right(),
        Some(Fault::Status(status, headers)) => error(status, &headers),
        Some(Fault::Cut) => cut(right()).await,
        Some(Fault::Body(body)) => json_body(body.into()),
        Some(Fault::Drops) => drops(right()).await,
        Some(Fault::Repeat) => json_body(standin.world(|world| world.last[&seen.path].clone())),
        Some(Fault::Empty { has_more }) => {
            let page = json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": has_more});
            json_body(page.to_string().into())
        }
        Some(Fault::Delete(id)) => {
            standin.world(|world| {
                world.threads.retain(|thread| thread["id"] != id);
                world.items.remove(id);
            });
            right()
        }
        Some(Fault::DeleteItem(id)) => {
            standin.world(|world| {
                world.items.values_mut().for_each(|items| items.retain(|item| item["id"] != id));
            });
            right()
        }
        Some(Fault::Hang) => {
            standin.hung.notify_one();
            std::future::pending().await
        }
    }
}

fn json_body(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn error(status: u16, headers: &[(&'static str, String)]) -> Response {
    let body = json!({"error": {"message": "sk-secret is wrong", "type": "invalid_request_error", "param": null, "code": "some_code"}});
    let mut response = json_body(body.to_string().into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

async fn cut(right: Response) -> Response {
    let (mut head, body) = right.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = Ok(body.slice(..body.len() / 2));
    let broken = stream::iter([half, Err(io::Error::other("cut"))]);
    Response::from_parts(head, Body::from_stream(broken))
}

async fn drops(right: Response) -> Response {
    let (mut head, body) = right.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    head.headers.remove(header::CONTENT_LENGTH);
    let drops: Vec<Bytes> = body.chunks(7).map(Bytes::copy_from_slice).collect();
    let slow = stream::iter(drops).then(|drop| async move {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(drop)
    });
    Response::from_parts(head, Body::from_stream(slow))
}
