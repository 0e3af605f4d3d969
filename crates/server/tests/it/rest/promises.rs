//! Promises that need a whole server: on several nodes, and at a collector of traces.

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{post, service_key};
use crate::binary::Process;
use crate::chat::{Chat, text_of};
use crate::databases::postgres;
use crate::e2e_runs::{PUPPET, puppet};
use crate::server::{Env, required};
use crate::telemetry::collector;

fn session(workflow: &str) -> Value {
    json!({"user": "ann", "workflow": {"id": workflow}})
}

/// The node that cancels is not the one that gives the answer.
#[tokio::test]
async fn a_cancel_is_felt_on_every_node() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder)
        .set("CHATKITD_DATABASE_URL", postgres().await)
        .set("CHATKITD_REDIS_URL", required("CHATKITD_TEST_REDIS_URL"))
        .set("CHATKIT_WORKFLOW_ID", PUPPET);
    let ((a, say), (b, _)) = tokio::join!(puppet(&env), puppet(&env));
    assert_eq!(b.status("/readyz").await, 200);
    let key = service_key(folder.path(), &env);
    let made = post(&a.url, "/v1/chatkit/sessions", &key, &session(PUPPET)).await;
    assert_eq!(made.status, 200, "{made:?}");
    let on_a = Chat::with_secret(&a.url, &made.text("client_secret"));
    let mut events = on_a.create("hi").await;
    let thread = events.thread().await;
    say.send("Half of it".to_owned()).unwrap();
    events.deltas(1).await;

    let path = format!("/v1/chatkit/sessions/{}/cancel", made.text("id"));
    let cancelled = post(&b.url, &path, &key, &json!({})).await;
    assert_eq!((cancelled.status, cancelled.text("status").as_str()), (200, "cancelled"));
    for url in [&a.url, &b.url] {
        assert_eq!(on_a.at(url).ask("threads.list", json!({})).await.status, 401);
    }
    // The agent waits for words that never come: the answer ends because its session did.
    let last = events.rest().await.pop().unwrap();
    assert_eq!(last.done().map(text_of).as_deref(), Some("Half of it"));
    let url = format!("{}/v1/chatkit/threads/{thread}/items?order=asc", b.url);
    let kept: Value = Client::new().get(url).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
    assert_eq!(kept["data"][1]["content"][0]["text"], "Half of it");
}

#[tokio::test]
async fn a_session_that_is_not_to_be_traced_is_not() {
    let (folder, (collector, received)) = (tempdir().unwrap(), collector().await);
    let env = Env::sqlite(&folder)
        .set("CHATKIT_WORKFLOW_ID", "wf_echo")
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
    let mut node = Process::serve(folder.path(), &env);
    let key = service_key(folder.path(), &env);
    let mut threads = Vec::new();
    for tracing in [true, false] {
        let mut body = session("wf_echo");
        body["workflow"]["tracing"] = json!({"enabled": tracing});
        let made = post(&node.url, "/v1/chatkit/sessions", &key, &body).await;
        let chat = Chat::with_secret(&node.url, &made.text("client_secret"));
        let mut events = chat.create("hi").await;
        threads.push(events.thread().await);
        events.rest().await;
        let request = chat.request("threads.list", &json!({}));
        let named = request.header("x-request-id", format!("req-traced-{tracing}"));
        assert_eq!(named.send().await.unwrap().status(), 200);
        let refresh = Client::new().post(format!("{}/.netlify/functions/chatkit-refresh", node.url));
        let refresh = refresh.header("x-request-id", format!("req-refreshed-{tracing}"));
        let secret = json!({"currentClientSecret": made.text("client_secret")});
        assert_eq!(refresh.json(&secret).send().await.unwrap().status(), 200);
    }
    let ended = tokio::task::spawn_blocking(move || node.terminate()).await.unwrap();
    assert_eq!(ended, 0);
    let batches = received.lock().unwrap().clone();
    let text: String = batches.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect();
    for (shown, expected) in [
        ("req-traced-true", true),
        ("req-refreshed-true", true),
        (&threads[0], true),
        ("req-traced-false", false),
        ("req-refreshed-false", false),
        (&threads[1], false),
    ] {
        assert_eq!(text.contains(shown), expected, "{shown}");
    }
}
