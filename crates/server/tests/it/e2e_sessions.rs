//! A session's life through the whole server, on each database.

use crate::databases::{count, postgres};
use crate::server::{Env, Node, SESSION, send};
use crate::upstream_standin::UpstreamStandin;
use crate::wait::until;
use serde_json::json;
use tempfile::tempdir;

async fn a_whole_life(env: &Env) {
    let node = Node::start(env).await;
    let made = node.create().await;
    assert_eq!(made.status, 200, "{made:?}");
    assert!(made.text("client_secret").starts_with("ek_"));
    assert_eq!(made.text("workflow_id"), "wf_demo");
    let valid = node.validate(&made).await;
    assert_eq!((valid.status, &valid.body["valid"]), (200, &json!(true)));

    let path = format!("{SESSION}/{}/refresh", made.text("session_id"));
    let fresh = send(node.post(&path).bearer_auth(made.text("client_secret"))).await;
    assert_eq!(fresh.status, 200, "{fresh:?}");
    assert_eq!(fresh.text("session_id"), made.text("session_id"));
    assert_eq!(fresh.text("user_id"), made.text("user_id"));
    assert_ne!(fresh.text("client_secret"), made.text("client_secret"));

    assert_eq!(node.delete(&fresh).await.status, 204);
    assert_ne!(node.validate(&fresh).await.body["valid"], json!(true));
    node.refresh(&fresh.text("client_secret")).await.assert_error(401, "secret_revoked");
    assert_eq!((node.status("/healthz").await, node.status("/readyz").await), (200, 200));
    node.stop().await;
}

#[tokio::test]
async fn a_session_lives_and_ends_on_sqlite() {
    let folder = tempdir().unwrap();
    a_whole_life(&Env::sqlite(&folder)).await;
}

#[tokio::test]
async fn a_session_lives_and_ends_on_postgresql() {
    let folder = tempdir().unwrap();
    let url = postgres().await;
    a_whole_life(&Env::sqlite(&folder).set("CHATKITD_DATABASE_URL", &url)).await;
    assert_eq!(count(&url, "SELECT count(*) FROM chatkitd.sessions WHERE revoked_at IS NOT NULL").await, 1);
    assert!(!folder.path().join("chatkitd.db").exists());
}

/// HTTP/2 has no `Host` header.
#[tokio::test]
async fn over_http_2_a_page_of_this_server_is_known_by_its_cookie() {
    let folder = tempdir().unwrap();
    let node = Node::start(&Env::sqlite(&folder)).await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let made = send(client.post(format!("{}{SESSION}", node.url))).await;
    let cookie = made.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let url = format!("{}{SESSION}/{}", node.url, made.text("session_id"));
    for (origin, status) in [("http://evil.example", 401), (node.url.as_str(), 204)] {
        let page = client.delete(&url).header("cookie", cookie).header("origin", origin);
        assert_eq!(send(page).await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn another_users_session_is_not_found_and_stays() {
    let folder = tempdir().unwrap();
    let node = Node::start(&Env::sqlite(&folder)).await;
    let (mine, other) = (node.create().await, node.create().await);
    let path = format!("{SESSION}/{}", other.text("session_id"));
    for method in [reqwest::Method::DELETE, reqwest::Method::GET] {
        let path = if method == reqwest::Method::GET { format!("{path}/validate") } else { path.clone() };
        let request = reqwest::Client::new().request(method, format!("{}{path}", node.url));
        send(request.bearer_auth(mine.text("client_secret"))).await.assert_error(404, "not_found");
    }
    assert_eq!(node.validate(&other).await.body["valid"], json!(true));
}

/// Also the secret that chatkitd makes for itself is there again.
#[tokio::test]
async fn a_restart_keeps_sessions_and_their_secrets() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).unset("CHATKIT_SECRET");
    let node = Node::start(&env).await;
    let made = node.create().await;
    node.stop().await;
    let node = Node::start(&env).await;
    assert_eq!(node.validate(&made).await.body["valid"], json!(true));
    assert_eq!(node.refresh(&made.text("client_secret")).await.status, 200);
}

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_server_goes() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let node = Node::start(&Env::sqlite(&folder).hosted(&standin.base)).await;
    standin.close_gate();
    let in_flight = tokio::spawn(send(node.post(SESSION)));
    standin.asked(1).await;
    node.begin_shutdown();
    until("nobody new is let in", async || tokio::net::TcpStream::connect(&node.url[7..]).await.is_err())
        .await;
    standin.open_gate();
    let answer = in_flight.await.unwrap();
    assert_eq!((answer.status, answer.text("client_secret").as_str()), (200, "ek_upstream_secret_1"));
    node.stop().await;
}

#[tokio::test]
async fn without_a_database_hosted_sessions_are_brokered_and_nothing_is_kept() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let env = Env::sqlite(&folder)
        .hosted(&standin.base)
        .unset("CHATKIT_SECRET")
        .set("CHATKITD_DATABASE_URL", "none");
    let node = Node::start(&env).await;
    let made = node.create().await;
    assert_eq!(made.text("client_secret"), "ek_upstream_secret_1");
    assert_eq!(made.text("workflow_id"), "wf_hosted");
    let cookie = made.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let request = node.post(crate::server::REFRESH).header("cookie", &cookie);
    let fresh = send(request.json(&json!({"currentClientSecret": made.text("client_secret")}))).await;
    assert_eq!(fresh.text("client_secret"), "ek_upstream_secret_2");
    let users: Vec<_> = standin.seen().iter().map(|seen| seen.body["user"].clone()).collect();
    assert_eq!(users[0], users[1], "the user lives in the cookie");

    let local = send(node.post(SESSION).json(&json!({"workflowId": "wf_demo"}))).await;
    local.assert_error(500, "database_not_configured");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(node.status("/readyz").await, 200);
}

#[tokio::test]
async fn what_the_upstream_refuses_is_told_in_words_that_name_the_setting_and_nothing_is_stored() {
    use crate::upstream_standin::Reply;
    let (folder, standin, url) = (tempdir().unwrap(), UpstreamStandin::start().await, postgres().await);
    let env = Env::sqlite(&folder).hosted(&standin.base).set("CHATKITD_DATABASE_URL", &url);
    let node = Node::start(&env).await;
    for (reply, status, code) in [
        (Reply::Status(401, vec![]), 502, "upstream_unauthorized"),
        (Reply::Status(404, vec![]), 502, "upstream_refused"),
        (Reply::Status(429, vec![("retry-after", "60")]), 503, "upstream_rate_limited"),
        (Reply::Status(500, vec![]), 502, "upstream_failed"),
        (Reply::Body("<html>"), 502, "upstream_failed"),
        (Reply::Cut, 502, "upstream_failed"),
        (Reply::Flood, 502, "upstream_failed"),
    ] {
        standin.reply([reply]);
        let answer = node.create().await;
        answer.assert_error(status, code);
        assert!(!answer.body.to_string().contains("sk-"), "{answer:?}");
    }
    assert_eq!(count(&url, "SELECT count(*) FROM chatkitd.sessions").await, 0);
    assert_eq!(count(&url, "SELECT count(*) FROM chatkitd.secrets").await, 0);
}
