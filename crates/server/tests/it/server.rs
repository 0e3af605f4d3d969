//! The real server in this process: real settings, a real listener on port 0, a real database.

use std::collections::HashMap;
use std::path::Path;

use chatkitd::Server;
use chatkitd::serve::ServeError;
use chatkitd::settings::Settings;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const SESSION: &str = "/api/chatkit/session";
pub const REFRESH: &str = "/.netlify/functions/chatkit-refresh";
pub const SECRET: &str = "a-signing-secret-for-tests-of-forty-bytes";
pub const OPENAI_KEY: &str = "sk-test-key-of-the-operator";

/// A setting of `make test`, without which a test cannot be what it says it is.
pub fn required(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set; run `make test`, which sets it"))
}

/// What a server's environment says.
#[derive(Clone, Default)]
pub struct Env(pub HashMap<String, String>);

impl Env {
    /// SQLite in `folder`, the demo workflow, any port, and no limit on anonymous visitors.
    pub fn sqlite(folder: &TempDir) -> Self {
        Self::default()
            .set("CHATKITD_DATA_DIR", folder.path().to_str().unwrap())
            .set("CHATKIT_SECRET", SECRET)
            .set("CHATKIT_WORKFLOW_ID", "wf_demo,wf_hosted")
            .set("CHATKITD_LIMIT_ANONYMOUS", "0")
            .set("CHATKITD_LISTEN", "127.0.0.1:0")
            .set("CHATKITD_ADMIN_LISTEN", "off")
    }

    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub fn unset(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// The hosted workflow is the default, at this upstream.
    pub fn hosted(self, base: &str) -> Self {
        self.set("OPENAI_API_KEY", OPENAI_KEY)
            .set("CHATKIT_API_BASE", base)
            .set("CHATKIT_WORKFLOW_ID", "wf_hosted,wf_demo")
    }

    pub fn settings(&self) -> Settings {
        self.settings_with(None)
    }

    fn settings_with(&self, file: Option<&str>) -> Settings {
        let file = file.map(|text| (Path::new("chatkitd.toml"), text));
        Settings::load(&|name| self.0.get(name).cloned(), file, false).unwrap()
    }
}

/// One node; it goes away with the test.
pub struct Node {
    pub url: String,
    shutdown: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Node {
    pub async fn start(env: &Env) -> Self {
        Self::start_with(env, |server| server).await
    }

    /// With this `chatkitd.toml`.
    pub async fn start_from(env: &Env, file: &str) -> Self {
        Self::launch(Server::new(env.settings_with(Some(file)))).await
    }

    /// With agents of the test's own.
    pub async fn start_with(env: &Env, change: impl FnOnce(Server) -> Server) -> Self {
        Self::launch(change(Server::new(env.settings()))).await
    }

    async fn launch(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(server.launch(listener, shutdown.clone()));
        Self { url, shutdown, serving }
    }

    /// Tells it to stop, and does not wait.
    pub fn begin_shutdown(&self) {
        self.shutdown.cancel();
    }

    /// Until it has finished what it had begun.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.serving).await.unwrap().unwrap();
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        client().post(format!("{}{path}", self.url))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        client().get(format!("{}{path}", self.url))
    }

    /// A new session of whoever is behind the request.
    pub async fn create(&self) -> Answer {
        send(self.post(SESSION)).await
    }

    pub async fn refresh(&self, secret: &str) -> Answer {
        send(self.post(REFRESH).json(&serde_json::json!({"currentClientSecret": secret}))).await
    }

    /// Whether the session of `made` stands, asked with its own secret.
    pub async fn validate(&self, made: &Answer) -> Answer {
        let path = format!("{SESSION}/{}/validate", made.text("session_id"));
        send(self.get(&path).bearer_auth(made.text("client_secret"))).await
    }

    pub async fn delete(&self, made: &Answer) -> Answer {
        let url = format!("{}{SESSION}/{}", self.url, made.text("session_id"));
        send(client().delete(url).bearer_auth(made.text("client_secret"))).await
    }

    pub async fn status(&self, path: &str) -> u16 {
        send(self.get(path)).await.status
    }
}

/// Each runtime has connections of its own, so that no test inherits one whose runtime is gone.
fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// A field that is text.
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}")).to_owned()
    }

    /// The whole envelope of design 4.5.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert!(!self.text("error").is_empty() && self.body["error"] == self.body["message"], "{self:?}");
        assert!(!self.text("request_id").is_empty());
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}
