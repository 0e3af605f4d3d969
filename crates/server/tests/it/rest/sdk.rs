//! The official SDKs, the newest that run here and the first that had ChatKit: `tests/sdk`, and the examples.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rusqlite::Connection;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::flaky::flaky;
use super::{post, service_key};
use crate::binary::{Process, run_with_input};
use crate::chat::Chat;
use crate::server::{Env, required};

/// What the SDKs are given: a server with threads, one that takes no request any more, and a proxy that fails.
struct Given {
    server: Process,
    _limited: Process,
    variables: Vec<(&'static str, String)>,
    _folders: [TempDir; 2],
}

const THREADS: usize = 23;
/// In one thread; each has an answer.
const MESSAGES: usize = 13;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn env(folder: &TempDir) -> Env {
    Env::sqlite(folder).set("CHATKIT_WORKFLOW_ID", "wf_echo")
}

/// What an SDK's own tests take for granted (reference, section 7).
fn seed(folder: &TempDir) {
    let database = Connection::open(folder.path().join("chatkitd.db")).unwrap();
    database
        .execute_batch(
            r#"INSERT INTO sessions (id, site, user_id, workflow, state_variables, metadata, configuration,
                   created_at, expires_at)
               VALUES ('cksess_123', 'default', 'x', 'wf_echo', '{}', '{}', '{}', 1767225600000, 4102444800000);
               INSERT INTO threads (id, site, user_id, created_at, status, metadata)
               VALUES ('cthr_123', 'default', 'x', 1767225600000, '{"type":"active"}', '{}');"#,
        )
        .unwrap();
}

impl Given {
    async fn prepare() -> Self {
        let (folder, limited_folder) = (tempdir().unwrap(), tempdir().unwrap());
        let server = Process::serve(folder.path(), &env(&folder));
        let key = service_key(folder.path(), &env(&folder));
        seed(&folder);

        // Its one request a minute is spent.
        let limits = env(&limited_folder).set("CHATKITD_LIMIT_SITE", "1");
        let limited = Process::serve(limited_folder.path(), &limits);
        run_with_input(limited_folder.path(), &limits, &["keys", "import"], &key).ok();
        let body = json!({"user": "x", "workflow": {"id": "wf_echo"}});
        assert_eq!(post(&limited.url, "/v1/chatkit/sessions", &key, &body).await.status, 200);

        let session = json!({
            "user": "paging", "workflow": {"id": "wf_echo"}, "rate_limits": {"max_requests_per_1_minute": 1000},
        });
        let made = post(&server.url, "/v1/chatkit/sessions", &key, &session).await;
        let secret = made.text("client_secret");
        let chat = Chat::with_secret(&server.url, &secret);
        let mut thread = String::new();
        for number in 0..THREADS {
            let mut events = chat.create(&format!("Thread {number}")).await;
            thread = events.thread().await;
            events.rest().await;
        }
        for number in 1..MESSAGES {
            chat.say(&thread, &format!("Message {number}")).await.rest().await;
        }
        let variables = vec![
            ("SDK_BASE_URL", format!("{}/v1", server.url)),
            ("SDK_FLAKY_URL", format!("{}/v1", flaky(server.url.clone()).await)),
            ("SDK_LIMITED_URL", format!("{}/v1", limited.url)),
            ("SDK_API_KEY", key),
            ("SDK_USER", "paging".to_owned()),
            ("SDK_THREADS", THREADS.to_string()),
            ("SDK_THREAD", thread),
            ("SDK_ITEMS", (2 * MESSAGES).to_string()),
            ("SDK_CLIENT_SECRET", secret),
        ];
        Self { server, _limited: limited, variables, _folders: [folder, limited_folder] }
    }

    async fn runs(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(arguments).envs(self.variables.iter().map(|(name, value)| (name, value.as_str())));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        said(output)
    }

    async fn python(&self, variable: &str) -> String {
        let script = repository().join("tests/sdk/sdk.py");
        self.runs(&required(variable), &[script.to_str().unwrap()]).await
    }

    async fn node(&self, package: &str) -> String {
        let script = repository().join("tests/sdk/sdk.mjs");
        self.runs("node", &[script.to_str().unwrap(), package]).await
    }

    fn key(&self) -> &str {
        let found = self.variables.iter().find(|(name, _)| *name == "SDK_API_KEY");
        &found.unwrap().1
    }
}

#[track_caller]
fn said(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn the_newest_python_sdk_is_content() {
    let said = Given::prepare().await.python("CHATKITD_TEST_PYTHON").await;
    assert_eq!(said.trim(), "openai 3.52.0 is content");
}

#[tokio::test]
async fn the_first_python_sdk_with_chatkit_is_content() {
    let said = Given::prepare().await.python("CHATKITD_TEST_PYTHON_OPENAI_2_2_0").await;
    assert_eq!(said.trim(), "openai 2.2.0 is content");
}

#[tokio::test]
async fn the_newest_node_sdk_for_node_20_is_content() {
    let said = Given::prepare().await.node("openai").await;
    assert_eq!(said.trim(), "openai 6.49.0 is content");
}

#[tokio::test]
async fn the_first_node_sdk_with_chatkit_is_content() {
    let said = Given::prepare().await.node("openai-6.2.0").await;
    assert_eq!(said.trim(), "openai 6.2.0 is content");
}

#[tokio::test]
async fn the_newest_node_sdk_is_content() {
    let said = Given::prepare().await.node("openai-7.55.0").await;
    assert_eq!(said.trim(), "openai 7.55.0 is content");
}

/// A thread of the examples' user, so that there is something to show.
async fn example_thread(given: &Given) {
    let body = json!({"user": "user_123", "workflow": {"id": "wf_echo"}});
    let made = post(&given.server.url, "/v1/chatkit/sessions", given.key(), &body).await;
    Chat::with_secret(&given.server.url, &made.text("client_secret"))
        .create("Good morning")
        .await
        .rest()
        .await;
}

#[track_caller]
fn shows_everything(said: &str) {
    for expected in [
        "For the page: ek_",
        "user_message: Good morning",
        "assistant_message: Good morning",
        "is cancelled.",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[tokio::test]
async fn the_python_example_does_what_it_says() {
    let given = Given::prepare().await;
    example_thread(&given).await;
    let script = repository().join("examples/python-sdk/sessions.py");
    for python in ["CHATKITD_TEST_PYTHON", "CHATKITD_TEST_PYTHON_OPENAI_2_2_0"] {
        let output = example(&given, &required(python), script.to_str().unwrap()).output().unwrap();
        shows_everything(&said(output));
    }
}

#[tokio::test]
async fn the_node_example_does_what_it_says() {
    let given = Given::prepare().await;
    example_thread(&given).await;
    // Beside its packages, as after `npm install`.
    let folder = tempdir().unwrap();
    let packages = Path::new(&required("CHATKITD_TEST_NODE_DIR")).join("node_modules");
    std::os::unix::fs::symlink(packages.canonicalize().unwrap(), folder.path().join("node_modules")).unwrap();
    let script = folder.path().join("sessions.mjs");
    std::fs::copy(repository().join("examples/node-sdk/sessions.mjs"), &script).unwrap();
    let output = example(&given, "node", script.to_str().unwrap()).output().unwrap();
    shows_everything(&said(output));
}

fn example(given: &Given, program: &str, script: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(script).env("CHATKITD_URL", &given.server.url).env("WORKFLOW", "wf_echo");
    command.env("OPENAI_API_KEY", given.key());
    command
}
