//! Design 4.2: the two Netlify functions.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, Setup, TestApp, send, token};

const START: &str = "/.netlify/functions/chatkit-start";
const REFRESH: &str = "/.netlify/functions/chatkit-refresh";

async fn refresh(app: &TestApp, secret: &str) -> Answer {
    send(app.post(REFRESH).json(&json!({"currentClientSecret": secret}))).await
}

#[tokio::test]
async fn start_answers_with_the_secret_alone() {
    let app = Setup::default().start().await;
    let answer = send(app.post(START).body("not even json")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().as_object().unwrap().len(), 1);
    assert!(answer.field("client_secret").starts_with("ek_"));
    assert!(answer.header("set-cookie").starts_with("chatkit_device="));
}

#[tokio::test]
async fn refresh_carries_user_and_workflow_over() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    let made = send(app.create().bearer_auth(&key).json(&json!({
        "userId": "ann", "workflowId": "wf_hosted", "pageUrl": "/a", "locale": "de", "metadata": {"a": 1}
    })))
    .await;
    let fresh = refresh(&app, &made.field("client_secret")).await;
    assert_eq!(fresh.field("client_secret"), "ek_hosted_2");
    let grants = app.upstream.grants.lock().unwrap();
    assert_eq!(grants[0], grants[1]);
    assert_eq!(grants[1]["state_variables"], json!({"locale": "de", "page_url": "/a"}));
}

#[tokio::test]
async fn the_old_secret_works_thirty_seconds_longer_and_then_no_more() {
    let app = Setup::default().start().await;
    let old = send(app.post(START)).await.field("client_secret");
    let fresh = refresh(&app, &old).await.field("client_secret");
    app.clock.advance(Duration::from_secs(29));
    assert_eq!(refresh(&app, &old).await.field("client_secret"), fresh);
    app.clock.advance(Duration::from_secs(2));
    refresh(&app, &old).await.is_error(401, "secret_revoked");
    assert_eq!(refresh(&app, &fresh).await.status, 200);
}

#[tokio::test]
async fn an_unknown_secret_acts_as_a_start_and_is_limited_as_one() {
    let app = Setup::default().start().await;
    for number in 0..5 {
        assert_eq!(refresh(&app, &format!("ek_minted_at_openai_{number}")).await.status, 200);
    }
    refresh(&app, "ek_one_more").await.is_error(429, "rate_limited");
    assert_eq!(app.session_count().await, 5);
}

#[tokio::test]
async fn a_secret_over_a_day_old_acts_as_a_start() {
    let app = Setup::default().start().await;
    let old = send(app.post(START)).await.field("client_secret");
    app.clock.advance(Duration::from_secs(26 * 3600));
    assert_eq!(refresh(&app, &old).await.status, 200);
    assert_eq!(app.session_count().await, 2);
}

#[tokio::test]
async fn a_page_that_refreshed_for_thirty_days_starts_anew() {
    let app = Setup::default().start().await;
    let mut secret = send(app.post(START)).await.field("client_secret");
    for _ in 0..37 {
        app.clock.advance(Duration::from_secs(20 * 3600));
        let refreshed = refresh(&app, &secret).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.text);
        secret = refreshed.field("client_secret");
    }
    assert_eq!(app.session_count().await, 2);
}

#[tokio::test]
async fn a_revoked_secret_is_refused() {
    let app = Setup::default().start().await;
    let made = send(app.create().bearer_auth(token("ann"))).await;
    let path = format!("/api/chatkit/session/{}", made.field("session_id"));
    send(app.delete(&path).bearer_auth(token("ann"))).await;
    refresh(&app, &made.field("client_secret")).await.is_error(401, "secret_revoked");
    assert_eq!(app.session_count().await, 1);
}

#[tokio::test]
async fn no_secret_is_a_bad_request() {
    let app = Setup::default().start().await;
    for body in ["", "{}", r#"{"currentClientSecret":""}"#, r#"{"currentClientSecret":null}"#] {
        send(app.post(REFRESH).body(body)).await.is_error(400, "secret_missing");
    }
    let wrong = send(app.post(REFRESH).body(r#"{"currentClientSecret":5}"#)).await;
    wrong.is_error(400, "invalid_type");
    assert!(wrong.text.contains("currentClientSecret"), "{}", wrong.text);
}

#[tokio::test]
async fn other_methods_are_refused_with_the_ones_allowed() {
    let app = Setup::default().start().await;
    for path in [START, REFRESH] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = send(app.client.request(method, format!("{}{path}", app.base))).await;
            answer.is_error(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), "POST");
        }
    }
}
