//! An issuer on a port of its own that answers as it is told and counts what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chatkitd_core::identity::{Jwk, JwksSource};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

/// What the issuer answers. JSON bodies are sent as they are.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(body: &Value) -> Self {
        Self { status: 200, headers: HeaderMap::new(), body: body.to_string() }
    }

    pub fn keys(keys: &[Jwk]) -> Self {
        Self::json(&json!({ "keys": keys }))
    }

    pub fn status(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: String::new() }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (http::StatusCode::from_u16(self.status).unwrap(), self.headers, self.body).into_response()
    }
}

struct Script {
    keys: Mutex<Answer>,
    discovery: Mutex<Answer>,
    /// How often keys were asked for.
    fetches: AtomicUsize,
    /// One permit for each answer that may be given.
    gate: Semaphore,
}

pub struct Issuer {
    pub url: String,
    script: Arc<Script>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Issuer {
    /// Publishes these keys.
    pub async fn start(keys: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let discovery = Answer::json(&json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }));
        let script = Arc::new(Script {
            keys: Mutex::new(keys),
            discovery: Mutex::new(discovery),
            fetches: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let routes = Router::new()
            .route("/keys", get(keys_route))
            .route("/.well-known/openid-configuration", get(discovery_route))
            .with_state(Arc::clone(&script));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, script, server }
    }

    pub async fn publish(&self, keys: Answer) {
        *self.script.keys.lock().await = keys;
    }

    pub async fn describe(&self, discovery: Answer) {
        *self.script.discovery.lock().await = discovery;
    }

    pub fn fetches(&self) -> usize {
        self.script.fetches.load(Ordering::SeqCst)
    }

    /// From now on nothing is answered until [`Issuer::answer_one`] says so.
    pub fn hold(&self) {
        self.script.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn answer_one(&self) {
        self.script.gate.add_permits(1);
    }

    pub fn keys_source(&self) -> JwksSource {
        JwksSource::KeySet(Url::parse(&format!("{}/keys", self.url)).unwrap())
    }

    pub fn discovery_source(&self) -> JwksSource {
        let document = format!("{}/.well-known/openid-configuration", self.url);
        JwksSource::Discovery { issuer: self.url.clone(), document: Url::parse(&document).unwrap() }
    }
}

async fn keys_route(State(script): State<Arc<Script>>) -> Answer {
    script.fetches.fetch_add(1, Ordering::SeqCst);
    script.gate.acquire().await.unwrap().forget();
    script.keys.lock().await.clone()
}

async fn discovery_route(State(script): State<Arc<Script>>) -> Answer {
    script.discovery.lock().await.clone()
}
