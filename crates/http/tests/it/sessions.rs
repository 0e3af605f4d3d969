//! Design 4.1: the five dialects of the session endpoint.

use std::time::Duration;

use serde_json::json;

use crate::app::{START, Setup, send, site, token, token_of};

#[tokio::test]
async fn an_empty_body_gets_everything_that_any_front_end_reads() {
    let app = Setup::default().start().await;
    let answer = send(app.create()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["client_secret"], body["session_token"]);
    assert_eq!(body["expires_after"], 3600);
    assert_eq!(body["expires_at"], START + 3600);
    assert_eq!(body["workflow_id"], "wf_demo");
    assert_eq!(body["metadata"], json!({}));
    assert!(answer.field("user_id").starts_with("anon_"));
    let session = &body["session"];
    assert_eq!(session["chatKitSessionId"], body["session_id"]);
    assert_eq!(session["createdAt"], "2026-11-21T00:00:00.000Z");
    assert_eq!(session["expiresAt"], "2026-11-21T01:00:00.000Z");
    assert_eq!(session["deviceId"], format!("device_{}_{START}", answer.field("user_id")));
    assert!(body.get("device_token").is_none(), "only other sites' pages need it");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_body_without_a_content_type_is_json() {
    let app = Setup::default().start().await;
    let answer = send(app.create().body(r#"{"workflowId":"wf_hosted","unknown":1,"userId":null}"#)).await;
    assert_eq!(answer.field("workflow_id"), "wf_hosted");
}

#[tokio::test]
async fn the_lambda_front_ends_fields_become_state_variables() {
    let app = Setup::default().start().await;
    let body = json!({"pageUrl": "https://shop.example/a", "workflowId": "wf_hosted"});
    send(app.create().json(&body)).await;
    let grant = app.upstream.grants.lock().unwrap()[0].clone();
    assert_eq!(grant["state_variables"], json!({"locale": "en", "page_url": "https://shop.example/a"}));
}

#[tokio::test]
async fn a_front_end_without_these_fields_sends_no_state_variables() {
    let app = Setup::default().start().await;
    send(app.create().json(&json!({"workflow": {"id": "wf_hosted"}}))).await;
    let grant = app.upstream.grants.lock().unwrap()[0].clone();
    assert_eq!(grant["state_variables"], json!({}));
    assert_eq!(grant["workflow"], "wf_hosted");
}

#[tokio::test]
async fn metadata_comes_back_in_the_order_it_was_sent() {
    let app = Setup::default().start().await;
    let answer = send(app.create().body(r#"{"metadata":{"z":1,"a":{"y":2,"b":"ü"}}}"#)).await;
    assert!(answer.text.contains(r#""metadata":{"z":1,"a":{"y":2,"b":"ü"}}"#), "{}", answer.text);
}

#[tokio::test]
async fn a_browser_never_chooses_its_user() {
    let app = Setup::default().start().await;
    for body in [json!({"userId": "boss"}), json!({"user": "boss"}), json!({"scope": {"user_id": "boss"}})] {
        let answer = send(app.create().json(&body)).await;
        assert!(answer.field("user_id").starts_with("anon_"), "{body}");
    }
}

#[tokio::test]
async fn a_user_that_nobody_can_be_is_refused_whoever_names_them() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    let long = "x".repeat(513);
    for (user, code) in
        [("anon_1", "reserved_user"), (long.as_str(), "invalid_user"), ("a\tb", "invalid_user")]
    {
        for body in [json!({"userId": user}), json!({"user": user}), json!({"scope": {"user_id": user}})] {
            send(app.create().json(&body)).await.is_error(400, code);
            send(app.create().bearer_auth(token("ann")).json(&body)).await.is_error(400, code);
            send(app.create().bearer_auth(&key).json(&body)).await.is_error(400, code);
        }
        let second = json!({"userId": "ann", "user": user});
        send(app.create().bearer_auth(&key).json(&second)).await.is_error(400, code);
    }
    assert_eq!(app.session_count().await, 0);
}

/// What front ends send of people they do not know, and of people whom the body does not prove.
#[tokio::test]
async fn a_user_that_does_not_count_is_no_error() {
    let app = Setup::default().start().await;
    for user in [" ", "anonymous", "current-user-id", "ann@shop.example", "device_user_123_1767225000"] {
        let body = json!({"userId": user, "user": user, "scope": {"user_id": user}});
        let answer = send(app.create().json(&body)).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        assert!(answer.field("user_id").starts_with("anon_"), "{body}");
    }
}

#[tokio::test]
async fn a_service_key_names_the_user() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    let answer = send(app.create().bearer_auth(&key).json(&json!({"userId": "user_123"}))).await;
    assert_eq!(answer.field("user_id"), "user_123");
    assert_eq!(answer.json()["session"]["expiresAt"], "2026-11-22T00:00:00.000Z");
    assert_eq!(answer.header("set-cookie"), "");
    let reserved = app.create().bearer_auth(&key).json(&json!({"userId": "anon_1"}));
    send(reserved).await.is_error(400, "reserved_user");
}

#[tokio::test]
async fn a_signed_in_user_keeps_the_session_and_gets_a_fresh_secret() {
    let app = Setup::default().start().await;
    let first = send(app.create().bearer_auth(token("ann")).json(&json!({"metadata": {"a": 1}}))).await;
    app.clock.advance(Duration::from_secs(60));
    let second = send(app.create().bearer_auth(token("ann")).json(&json!({"metadata": {"b": 2}}))).await;
    assert_eq!(first.field("user_id"), "ann");
    assert_eq!(first.field("session_id"), second.field("session_id"));
    assert_ne!(first.field("client_secret"), second.field("client_secret"));
    assert_eq!(second.json()["metadata"], json!({"b": 2}));
    let still = app.validate(&first.field("session_id")).bearer_auth(first.field("client_secret"));
    assert_eq!(send(still).await.json()["valid"], true, "another tab's secret lives on");
}

#[tokio::test]
async fn the_tokens_subject_counts_and_not_the_body() {
    let app = Setup::default().start().await;
    let answer = send(app.create().bearer_auth(token("ann")).json(&json!({"userId": "boss"}))).await;
    assert_eq!(answer.field("user_id"), "ann");
}

#[tokio::test]
async fn an_unlisted_workflow_is_refused() {
    let app = Setup::default().start().await;
    let answer = send(app.create().json(&json!({"workflowId": "wf_other"}))).await;
    answer.is_error(403, "workflow_not_allowed");
}

#[tokio::test]
async fn without_a_workflow_the_error_names_the_variable() {
    let mut bare = site();
    bare.workflows.clear();
    let app = Setup::of(bare).start().await;
    let answer = send(app.create()).await;
    answer.is_error(500, "workflow_not_configured");
    assert!(answer.text.contains("CHATKIT_WORKFLOW_ID"));
}

#[tokio::test]
async fn a_hosted_workflow_without_a_key_names_the_variable() {
    let app = Setup { hosted: false, ..Setup::default() }.start().await;
    let answer = send(app.create().json(&json!({"workflowId": "wf_hosted"}))).await;
    answer.is_error(500, "openai_key_not_configured");
    assert!(answer.text.contains("OPENAI_API_KEY"));
}

#[tokio::test]
async fn validate_tells_what_the_session_is() {
    let app = Setup::default().start().await;
    let made = send(app.create().bearer_auth(token("ann"))).await;
    let id = made.field("session_id");
    let valid = send(app.validate(&id).bearer_auth(made.field("client_secret"))).await;
    assert_eq!(
        valid.json(),
        json!({
            "valid": true, "session_id": id, "status": "active", "expires_at": START + 24 * 3600,
            "workflow_id": "wf_demo", "user_id": "ann"
        })
    );
    app.clock.advance(Duration::from_secs(24 * 3600));
    let fresh = token_of(&json!({"sub": "ann", "aud": "chat", "exp": START + 30 * 3600}));
    let ended = send(app.validate(&id).bearer_auth(fresh)).await;
    assert_eq!(
        (ended.json()["valid"].clone(), ended.json()["status"].clone()),
        (json!(false), json!("expired"))
    );
}

#[tokio::test]
async fn an_ended_session_stops_all_its_secrets_at_once() {
    let app = Setup::default().start().await;
    let first = send(app.create().bearer_auth(token("ann"))).await;
    let second = send(app.create().bearer_auth(token("ann"))).await;
    let id = first.field("session_id");
    let path = format!("/api/chatkit/session/{id}");
    let ended = send(app.delete(&path).bearer_auth(first.field("client_secret"))).await;
    assert_eq!(ended.status, 204);
    for made in [&first, &second] {
        let secret = made.field("client_secret");
        send(app.refresh(&id).bearer_auth(&secret)).await.is_error(401, "secret_revoked");
        send(app.delete(&path).bearer_auth(&secret)).await.is_error(401, "secret_revoked");
        send(app.create().bearer_auth(&secret)).await.is_error(401, "secret_revoked");
    }
    let seen = send(app.validate(&id).bearer_auth(token("ann"))).await;
    assert_eq!(seen.json()["status"], "revoked");
    send(app.refresh(&id).bearer_auth(token("ann"))).await.is_error(409, "session_revoked");
}

/// The front end of seed 003 holds nothing else than its `session_token`.
#[tokio::test]
async fn who_holds_nothing_but_the_secret_is_told_that_the_session_ended() {
    let app = Setup::default().start().await;
    let over = send(app.create()).await;
    let ended = send(app.create().bearer_auth(token("ann"))).await;
    let other = send(app.create().bearer_auth(token("bob"))).await.field("session_id");
    let path = format!("/api/chatkit/session/{}", ended.field("session_id"));
    assert_eq!(send(app.delete(&path).bearer_auth(ended.field("client_secret"))).await.status, 204);
    app.clock.advance(Duration::from_secs(3600));
    for (made, status) in [(&ended, "revoked"), (&over, "expired")] {
        let (id, secret) = (made.field("session_id"), made.field("client_secret"));
        let answer = send(app.validate(&id).bearer_auth(&secret)).await;
        assert_eq!(answer.status, 200, "{status}: {}", answer.text);
        let body = answer.json();
        assert_eq!((&body["valid"], &body["status"]), (&json!(false), &json!(status)));
        assert_eq!((&body["session_id"], &body["user_id"]), (&json!(id), &json!(made.field("user_id"))));
        let answer = send(app.validate(&other).bearer_auth(&secret)).await;
        assert_eq!(answer.status, 401, "{status}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_secret_that_ran_out_before_its_session_is_refused() {
    let app = Setup::default().start().await;
    let made = send(app.create().bearer_auth(token("ann"))).await;
    app.clock.advance(Duration::from_secs(3600));
    let answer = send(app.validate(&made.field("session_id")).bearer_auth(made.field("client_secret"))).await;
    answer.is_error(401, "secret_expired");
}

#[tokio::test]
async fn refresh_answers_like_create_and_the_old_secret_works_a_while() {
    let app = Setup::default().start().await;
    let made = send(app.create()).await;
    let (id, old) = (made.field("session_id"), made.field("client_secret"));
    app.clock.advance(Duration::from_secs(60));
    let fresh = send(app.refresh(&id).bearer_auth(&old)).await;
    assert_eq!(fresh.field("session_id"), id);
    assert_eq!(fresh.field("user_id"), made.field("user_id"));
    assert_ne!(fresh.field("client_secret"), old);
    assert_eq!(send(app.validate(&id).bearer_auth(&old)).await.status, 200);
    app.clock.advance(Duration::from_secs(31));
    send(app.validate(&id).bearer_auth(&old)).await.is_error(401, "secret_revoked");
    assert_eq!(send(app.validate(&id).bearer_auth(fresh.field("client_secret"))).await.status, 200);
}

#[tokio::test]
async fn a_secret_that_ran_out_renews_the_session_for_a_day() {
    let app = Setup::default().start().await;
    let made = send(app.create()).await;
    let (id, old) = (made.field("session_id"), made.field("client_secret"));
    app.clock.advance(Duration::from_secs(20 * 3600));
    assert_eq!(send(app.validate(&id).bearer_auth(&old)).await.json()["valid"], false);
    let fresh = send(app.refresh(&id).bearer_auth(&old)).await;
    assert_eq!(fresh.field("session_id"), id);
    assert_eq!(fresh.json()["session"]["expiresAt"], "2026-11-21T21:00:00.000Z");
    let late = send(app.create()).await;
    app.clock.advance(Duration::from_secs(26 * 3600));
    let answer = send(app.refresh(&late.field("session_id")).bearer_auth(late.field("client_secret"))).await;
    answer.is_error(401, "secret_expired");
}

#[tokio::test]
async fn fifty_callers_who_refresh_the_same_secret_get_the_same_new_one() {
    let app = Setup::default().start().await;
    for workflow in ["wf_demo", "wf_hosted"] {
        let made = send(app.create().json(&json!({"workflowId": workflow}))).await;
        let opened = app.upstream.opened.load(std::sync::atomic::Ordering::SeqCst);
        let (id, old) = (made.field("session_id"), made.field("client_secret"));
        let calls: Vec<_> = (0..50).map(|_| tokio::spawn(send(app.refresh(&id).bearer_auth(&old)))).collect();
        let mut fresh = Vec::new();
        for call in calls {
            fresh.push(call.await.unwrap().field("client_secret"));
        }
        fresh.dedup();
        assert_eq!(fresh.len(), 1, "{workflow}");
        let calls = app.upstream.opened.load(std::sync::atomic::Ordering::SeqCst) - opened;
        assert_eq!(calls, u32::from(workflow == "wf_hosted"));
    }
}

#[tokio::test]
async fn a_workflow_is_described_to_whoever_holds_a_session() {
    let app = Setup::default().start().await;
    let made = send(app.create()).await;
    let path = "/api/chatkit/workflows/wf_demo";
    send(app.get(path)).await.is_error(401, "not_signed_in");
    let answer = send(app.get(path).bearer_auth(made.field("client_secret"))).await;
    assert_eq!(
        answer.json(),
        json!({
            "workflow_id": "wf_demo", "id": "wf_demo", "name": "Demo",
            "description": "A guided tour of what the chat can do.", "capabilities": ["streaming"],
            "greeting": "What would you like to see?", "prompts": []
        })
    );
    let unlisted = app.get("/api/chatkit/workflows/wf_echo").bearer_auth(made.field("client_secret"));
    send(unlisted).await.is_error(404, "not_found");
}

#[tokio::test]
async fn a_session_for_a_workflow_on_no_list_is_told_about_it() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    let made = send(app.create().bearer_auth(&key).json(&json!({"workflowId": "wf_echo"}))).await;
    let answer =
        send(app.get("/api/chatkit/workflows/wf_echo").bearer_auth(made.field("client_secret"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.field("workflow_id"), "wf_echo");
}

#[tokio::test]
async fn the_transcript_path_says_that_it_is_not_there_yet() {
    let app = Setup::default().start().await;
    send(app.post("/api/chatkit/transcript").json(&json!({})))
        .await
        .is_error(501, "transcripts_not_available");
}
