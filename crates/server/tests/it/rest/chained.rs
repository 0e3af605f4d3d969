//! A second chatkitd as the hosted upstream of the first: what it takes for `OpenAI` is this server's own `/v1`.

use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::{post, service_key};
use crate::binary::Process;
use crate::chat::{Chat, text_of};
use crate::server::{Env, Node, OPENAI_KEY, SESSION, send};
use crate::upstream_standin::UpstreamStandin;
use crate::wait::until;

/// Two servers, of which one is the other's upstream.
struct Chain {
    front: Process,
    back: Process,
    /// A service key of the one in front.
    key: String,
    _folders: [TempDir; 2],
}

impl Chain {
    fn start() -> Self {
        let (front_folder, back_folder) = (tempdir().unwrap(), tempdir().unwrap());
        let settings = back_folder.path().join("chatkitd.toml");
        std::fs::write(&settings, "[workflows.wf_back]\nagent = \"echo\"\n").unwrap();
        let back_env = Env::sqlite(&back_folder)
            .set("CHATKIT_WORKFLOW_ID", "wf_echo")
            .set("CHATKIT_SECRET", "x".repeat(40))
            .set("CHATKITD_CONFIG", settings.to_str().unwrap());
        let back = Process::serve(back_folder.path(), &back_env);
        let front_env = Env::sqlite(&front_folder)
            .set("OPENAI_API_KEY", service_key(back_folder.path(), &back_env))
            .set("CHATKIT_API_BASE", format!("{}/v1", back.url))
            .set("CHATKIT_WORKFLOW_ID", "wf_back");
        let front = Process::serve(front_folder.path(), &front_env);
        let key = service_key(front_folder.path(), &front_env);
        Self { front, back, key, _folders: [front_folder, back_folder] }
    }

    /// A new conversation there, with a secret of here.
    async fn talk(&self, secret: &str, words: &str) -> String {
        let chat = Chat::with_secret(&self.back.url, secret);
        let mut events = chat.create(words).await;
        let thread = events.thread().await;
        events.rest().await;
        assert_eq!(text_of(&chat.items(&thread).await[1]).trim(), words);
        thread
    }

    /// The session's next secret.
    async fn refresh(&self, session: &str, secret: &str) -> String {
        let url = format!("{}{SESSION}/{session}/refresh", self.front.url);
        let fresh = send(reqwest::Client::new().post(url).bearer_auth(secret)).await;
        assert_eq!(fresh.status, 200, "{fresh:?}");
        fresh.text("client_secret")
    }
}

#[tokio::test]
async fn what_is_hosted_at_another_chatkitd_is_served_there() {
    let chain = Chain::start();
    let body = json!({"user": "ann", "workflowId": "wf_back"});
    let made = post(&chain.front.url, SESSION, &chain.key, &body).await;
    assert_eq!(made.status, 200, "{made:?} {}", chain.front.log());
    let secret = made.text("client_secret");
    let thread = chain.talk(&secret, "Good morning").await;
    let refused = Chat::with_secret(&chain.front.url, &secret).ask("threads.list", json!({})).await;
    assert_eq!(refused.body["error"]["code"], "hosted_needs_cdn", "{refused:?}");
    let fresh = chain.refresh(&made.text("session_id"), &secret).await;
    let fresh = Chat::with_secret(&chain.back.url, &fresh);
    assert_eq!(fresh.items(&thread).await.len(), 2, "the same person");
}

#[tokio::test]
async fn a_visitor_of_one_chatkitd_is_the_same_person_at_the_other() {
    let chain = Chain::start();
    let visitor = send(reqwest::Client::new().post(format!("{}{SESSION}", chain.front.url))).await;
    assert_eq!(visitor.status, 200, "{visitor:?} {}", chain.front.log());
    assert!(visitor.text("user_id").starts_with("anon_"), "{visitor:?}");
    let secret = visitor.text("client_secret");
    let thread = chain.talk(&secret, "Good evening").await;
    let later = chain.refresh(&visitor.text("session_id"), &secret).await;
    assert_eq!(Chat::with_secret(&chain.back.url, &later).items(&thread).await.len(), 2);
}

#[tokio::test]
async fn what_is_promised_over_rest_is_promised_by_the_other_chatkitd() {
    let Chain { front, back, key, .. } = &Chain::start();
    let body = json!({
        "user": "ann", "workflow": {"id": "wf_back"},
        "chatkit_configuration": {"file_upload": {"enabled": true, "max_files": 3}},
        "expires_after": {"anchor": "created_at", "seconds": 300},
        "rate_limits": {"max_requests_per_1_minute": 2},
    });
    let made = post(&front.url, "/v1/chatkit/sessions", key, &body).await;
    assert_eq!(made.body["chatkit_configuration"]["file_upload"]["max_files"], 3, "{made:?}");
    let promised = Chat::with_secret(&back.url, &made.text("client_secret"));
    for expected in [200, 200, 429] {
        assert_eq!(promised.ask("threads.list", json!({})).await.status, expected);
    }
    let unknown = json!({"user": "ann", "workflow": {"id": "wf_nowhere"}});
    let refused = post(&front.url, "/v1/chatkit/sessions", key, &unknown).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    assert_eq!(refused.body["error"]["message"], "Workflow with id 'wf_nowhere' not found.");

    // Whoever ends it here ends it there, a moment later.
    let cancelled =
        post(&front.url, &format!("/v1/chatkit/sessions/{}/cancel", made.text("id")), key, &json!({})).await;
    assert_eq!(cancelled.body["status"], "cancelled");
    until("the other one has heard of it", async || {
        promised.ask("threads.list", json!({})).await.status == 401
    })
    .await;
}

#[tokio::test]
async fn an_upstream_that_turns_out_to_be_this_server_is_refused() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let node = Node::start(&Env::sqlite(&folder).hosted(&standin.base)).await;
    assert_eq!(node.create().await.status, 200);
    let sent = standin.seen().remove(0);
    // As it would come back, had the address been another name of this server.
    let create = |via: &str| {
        let request = node.post("/v1/chatkit/sessions").bearer_auth(OPENAI_KEY).header("via", via);
        send(request.json(&sent.body))
    };
    let refused = create(sent.headers["via"].to_str().unwrap()).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["code"]),
        (508, &json!("loop_detected")),
        "{refused:?}"
    );
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("OPENAI_BASE_URL") && message.contains("api_base"), "{message}");
    let of_another = create("1.1 chatkitd-00000000").await;
    assert_eq!(of_another.status, 401, "it is the key that is looked at: {of_another:?}");
}
