//! The binary that is shipped: what it survives, and what it does not say.

use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tempfile::tempdir;

use crate::binary::{Process, run_with_input};
use crate::chat::{Chat, Events};
use crate::databases::free_port;
use crate::e2e_roles::token;
use crate::server::{Answer, Env, OPENAI_KEY, REFRESH, SECRET, SESSION, send};
use crate::upstream_standin::{Reply, UpstreamStandin};
use crate::wait::until;

async fn create(node: &Process) -> Answer {
    send(Client::new().post(format!("{}{SESSION}", node.url))).await
}

async fn refresh(node: &Process, secret: &str) -> Answer {
    let request = Client::new().post(format!("{}{REFRESH}", node.url));
    send(request.json(&json!({"currentClientSecret": secret}))).await
}

#[tokio::test]
async fn a_session_survives_kill_9() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder);
    let mut node = Process::serve(folder.path(), &env);
    let mut made = Vec::new();
    for _ in 0..20 {
        made.push(create(&node).await.text("client_secret"));
    }
    node.kill();
    let node = Process::serve(folder.path(), &env);
    for secret in made {
        let fresh = refresh(&node, &secret).await;
        assert_eq!(fresh.status, 200, "{fresh:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_with_success() {
    let folder = tempdir().unwrap();
    let mut node = Process::serve(folder.path(), &Env::sqlite(&folder));
    assert_eq!(create(&node).await.status, 200);
    assert_eq!(node.terminate(), 0, "{}", node.log());
}

/// Each line is JSON, requests have ids, and no line holds anything that opens a door.
#[tokio::test]
async fn the_log_holds_request_ids_and_no_secret() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let app_secret = "the-apps-own-secret-of-forty-bytes-12345";
    let env = Env::sqlite(&folder)
        .hosted(&standin.base)
        .set("CHATKITD_AUTH_HS256_SECRET", app_secret)
        .set("CHATKITD_ANONYMOUS", "true")
        .set("CHATKITD_LOG", "debug");
    let mut node = Process::serve(folder.path(), &env);
    let mut secrets = vec![SECRET.to_owned(), OPENAI_KEY.to_owned(), app_secret.to_owned()];
    let signed_in = token("user_1");
    let url = format!("{}{SESSION}", node.url);
    for request in [
        Client::new().post(&url),
        Client::new().post(&url).json(&json!({"workflowId": "wf_demo"})),
        Client::new().post(&url).bearer_auth(&signed_in),
    ] {
        let made = send(request).await;
        secrets.push(made.text("client_secret"));
        if let Some(cookie) = made.headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(['=', ';']).nth(1).unwrap();
            secrets.push(cookie.to_owned());
        }
        secrets.push(refresh(&node, &made.text("client_secret")).await.text("client_secret"));
    }
    standin.reply([Reply::Status(401, vec![]), Reply::Cut]);
    assert_eq!(create(&node).await.status, 502);
    assert_eq!(create(&node).await.status, 502);
    for bad in
        [format!("{signed_in}x"), "ek_a_secret_that_is_unknown".to_owned(), "sk-pasted-by-mistake".to_owned()]
    {
        let answer = send(Client::new().post(&url).bearer_auth(&bad)).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(!answer.body.to_string().contains(&bad));
        secrets.push(bad);
    }
    secrets.push(signed_in);
    let probe = send(Client::new().get(format!("{}/healthz?token=ek_in_a_query", node.url))).await;
    assert_eq!(probe.status, 200);
    secrets.push("ek_in_a_query".to_owned());
    assert_eq!(node.terminate(), 0);

    let log = node.log();
    assert_untold(&log, &secrets);
    assert!(log.contains("request_id"), "{log}");
    for line in log.lines() {
        let _: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    }
}

/// Neither what was said and sent, nor what proves who said it.
#[tokio::test]
async fn no_log_holds_a_message_a_file_or_a_key() {
    for format in ["json", "text"] {
        let folder = tempdir().unwrap();
        let uploads = "[sites.default.configuration.file_upload]\nenabled = true\n";
        std::fs::write(folder.path().join("chatkitd.toml"), uploads).unwrap();
        let env = Env::sqlite(&folder)
            .set("CHATKIT_WORKFLOW_ID", "wf_echo")
            .set("CHATKITD_LOG", "debug")
            .set("CHATKITD_LOG_FORMAT", format);
        let key = "a-key-that-our-servers-have-held-for-years-0123456789";
        let imported = run_with_input(folder.path(), &env, &["keys", "import"], key);
        assert_eq!(imported.code, 0, "{imported:?}");
        let mut node = Process::serve(folder.path(), &env);
        let chat = Chat::with_key(&node.url, "wf_echo", key).await;
        let said = converse(&chat).await;
        let proof = device_token(&node).await;
        node.terminate();
        let log = [node.log(), imported.err].concat();
        assert!(log.matches("answered").count() >= 9, "{log}");
        let known = [SECRET.to_owned(), key.to_owned(), chat.secret().to_owned(), proof];
        assert_untold(&log, &[&known[..], &said].concat());
    }
}

/// Says and sends words that stand nowhere else, some of them in requests that are refused; these words, and what
/// opens the file.
async fn converse(chat: &Chat) -> Vec<String> {
    let mut events = chat.create("heliotrope").await;
    let thread = events.thread().await;
    events.rest().await;
    let title = json!({"thread_id": thread, "title": "vermilion"});
    assert_eq!(chat.ask("threads.update", title).await.status, 200);
    assert_eq!(chat.ask("threads.add_user_message", json!({"input": "chartreuse"})).await.status, 400);

    let content = "cerulean, every line of it";
    let params = json!({"name": "amaranth.txt", "mime_type": "text/plain", "size": content.len()});
    let announced = chat.ask("attachments.create", params).await;
    assert_eq!(announced.status, 200, "{announced:?}");
    let url = announced.body["upload_descriptor"]["url"].as_str().unwrap();
    let put = async |body: &'static str| send(Client::new().put(url).body(body)).await.status;
    assert_eq!(put("cerulean, and longer than it was said to be").await, 413);
    assert_eq!(put(content).await, 204);
    let file = announced.text("id");
    let with_file = json!({"content": [{"type": "input_text", "text": "heliotrope"}], "attachments": [file], "inference_options": {}});
    let params = json!({"thread_id": thread, "input": with_file});
    Events::of(chat.request("threads.add_user_message", &params)).await.rest().await;

    let (_, signature) = url.split_once("signature=").unwrap();
    ["heliotrope", "vermilion", "chartreuse", "cerulean", "amaranth", signature].map(str::to_owned).to_vec()
}

/// What an anonymous visitor is known by where there are no cookies, once it was used.
async fn device_token(node: &Process) -> String {
    let elsewhere = |request: RequestBuilder| {
        request.header("origin", "https://shop.example").header("sec-fetch-site", "cross-site")
    };
    let made = send(elsewhere(Client::new().post(format!("{}{SESSION}", node.url)))).await;
    let token = made.text("device_token");
    let list = Client::new().post(format!("{}/chatkit", node.url)).header("chatkit-device-token", &token);
    let listed = send(elsewhere(list).json(&json!({"type": "threads.list", "params": {}}))).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    token
}

#[track_caller]
fn assert_untold(log: &str, secrets: &[String]) {
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

/// With a shared limiter that is away, which is to be counted.
#[tokio::test]
async fn operators_see_metrics_on_a_listener_of_their_own() {
    let folder = tempdir().unwrap();
    let nobody = free_port().await;
    let env = Env::sqlite(&folder)
        .set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0")
        .set("CHATKITD_REDIS_URL", format!("redis://127.0.0.1:{nobody}"))
        .unset("CHATKITD_LIMIT_ANONYMOUS");
    let node = Process::serve(folder.path(), &env);
    assert_eq!(create(&node).await.status, 200);
    let metrics = reqwest::get(format!("{}/metrics", node.operators())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for name in [
        "chatkitd_http_requests_total",
        "chatkitd_http_request_seconds_bucket",
        "chatkitd_sessions_issued_total",
        "chatkitd_limiter_failures_total",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "{name}: {metrics}");
    }
    until("the log says why", async || node.log().contains("the shared limiter cannot be asked")).await;
    assert_eq!(reqwest::get(format!("{}/metrics", node.url)).await.unwrap().status(), 404);
}
