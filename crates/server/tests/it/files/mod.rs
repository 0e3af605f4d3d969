//! Files that visitors send, through the binary: over HTTP, with a real database and a real folder or S3.

mod direct;
mod faults;
mod lies;
mod two_phases;

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::binary::Process;
use crate::chat::Chat;
use crate::server::{Answer, Env, send};

const ECHO: &str = "wf_echo";
/// Megabytes.
const MAX_FILE_SIZE: usize = 8;
const UPLOADS: &str = "[sites.default.configuration.file_upload]
enabled = true
max_file_size = 8
max_files = 3
";
const MIB: usize = 1024 * 1024;

/// A server that takes files, and one of its users.
struct Files {
    node: Process,
    chat: Chat,
    http: Client,
    folder: TempDir,
    env: Env,
}

impl Files {
    async fn start() -> Self {
        Self::start_with(UPLOADS, |env| env).await
    }

    async fn start_with(toml: &str, change: impl FnOnce(Env) -> Env) -> Self {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("chatkitd.toml"), toml).unwrap();
        let env = change(Env::sqlite(&folder).set("CHATKIT_WORKFLOW_ID", ECHO));
        let node = Process::serve_ignoring(folder.path(), &env, "XFSZ");
        let chat = Chat::open(&node.url, ECHO).await;
        let http = Client::builder().no_proxy().build().unwrap();
        Self { node, chat, http, folder, env }
    }

    /// The files that the server keeps, temporary ones included.
    fn kept(&self) -> Vec<PathBuf> {
        files_below(&self.folder.path().join("files"))
    }

    /// Where the only blob of this kind is.
    fn blob(&self, kind: &str) -> PathBuf {
        let mut kept = self.kept();
        kept.retain(|path| path.ends_with(kind));
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept.remove(0)
    }

    /// The first phase.
    async fn announce(&self, name: &str, mime_type: &str, size: usize) -> Answer {
        announce(&self.chat, name, mime_type, size).await
    }

    /// The second phase, as the descriptor says.
    fn upload(&self, announced: &Answer, content: impl Into<reqwest::Body>) -> RequestBuilder {
        let descriptor = &announced.body["upload_descriptor"];
        let method: Method =
            descriptor["method"].as_str().unwrap_or_else(|| panic!("{announced:?}")).parse().unwrap();
        let mut request = self.http.request(method, descriptor["url"].as_str().unwrap());
        for (name, value) in descriptor["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(content)
    }

    /// Both phases; returns the attachment's id.
    async fn sent(&self, name: &str, mime_type: &str, content: &[u8]) -> String {
        let announced = self.announce(name, mime_type, content.len()).await;
        assert_eq!(announced.status, 200, "{announced:?}");
        let uploaded = send(self.upload(&announced, content.to_vec())).await;
        assert!(matches!(uploaded.status, 200 | 204), "{uploaded:?}");
        announced.text("id")
    }

    /// One request, as `OpenAI`'s hosted widget and its SDKs send it.
    fn file(&self, name: &str, mime_type: &str, content: &[u8]) -> RequestBuilder {
        let request =
            self.http.post(format!("{}/v1/chatkit/files", self.node.url)).bearer_auth(self.chat.secret());
        form(request, &disposition(name), mime_type, content)
    }
}

async fn announce(chat: &Chat, name: &str, mime_type: &str, size: usize) -> Answer {
    chat.ask("attachments.create", json!({"name": name, "mime_type": mime_type, "size": size})).await
}

fn disposition(name: &str) -> String {
    format!("form-data; name=\"file\"; filename=\"{name}\"")
}

/// `multipart/form-data` with one part.
fn form(request: RequestBuilder, disposition: &str, mime_type: &str, content: &[u8]) -> RequestBuilder {
    let head = format!("--edge\r\nContent-Disposition: {disposition}\r\nContent-Type: {mime_type}\r\n\r\n");
    let body = [head.as_bytes(), content, b"\r\n--edge--\r\n"].concat();
    request.header("content-type", "multipart/form-data; boundary=edge").body(body)
}

/// A message that brings these along.
fn message(text: &str, attachments: &[&str]) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": attachments, "inference_options": {}})
}

/// The smallest thing that is a PDF.
fn pdf(size: usize) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.resize(size.max(pdf.len()), b'x');
    pdf
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let below = |path: PathBuf| if path.is_dir() { files_below(&path) } else { vec![path] };
    entries.flat_map(|entry| below(entry.unwrap().path())).collect()
}

/// The envelope of `OpenAI`.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.body["error"]["code"].as_str()), (status, Some(code)), "{answer:?}");
}
