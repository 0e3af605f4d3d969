//! Design 4.1: a page's own `getClientSecret` says nothing of who was there before, and the widget does.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{create, get, said};
use crate::app::{Answer, Setup, TestApp, send, token};

async fn session(app: &TestApp) -> (String, String) {
    let made = send(app.create()).await;
    (made.field("client_secret"), made.field("user_id"))
}

/// Asks under `secret`, and shows what the page was known by before.
async fn ask(app: &TestApp, secret: &str, earlier: &str, body: &Value) -> Answer {
    send(app.conversation(body).bearer_auth(secret).header("chatkit-device-token", earlier)).await
}

fn user(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told: Value = serde_json::from_str(&said(&answer.events())).unwrap();
    told["user"].as_str().unwrap().to_owned()
}

fn list() -> Value {
    json!({"type": "threads.list", "params": {}})
}

#[tokio::test]
async fn who_shows_the_secret_from_before_keeps_name_and_threads() {
    let app = Setup::default().start().await;
    let (first, name) = session(&app).await;
    let thread =
        send(app.conversation(&create("hello")).bearer_auth(&first)).await.events()[0]["thread"]["id"]
            .clone();
    let (second, newcomer) = session(&app).await;
    assert_ne!(newcomer, name);
    assert_eq!(user(&ask(&app, &second, &first, &create("who")).await), name);
    let found = send(app.conversation(&get(thread.as_str().unwrap())).bearer_auth(&second)).await;
    assert_eq!(found.status, 200, "the session stays the visitor's: {}", found.text);
}

#[tokio::test]
async fn a_secret_that_ran_out_counts_for_a_day() {
    let app = Setup::default().start().await;
    let (first, name) = session(&app).await;
    app.clock.advance(Duration::from_secs(24 * 3600));
    let (second, _) = session(&app).await;
    assert_eq!(user(&ask(&app, &second, &first, &create("who")).await), name);
    app.clock.advance(Duration::from_secs(2 * 3600));
    let (third, newcomer) = session(&app).await;
    assert_eq!(user(&ask(&app, &third, &first, &create("who")).await), newcomer);
}

#[tokio::test]
async fn who_shows_something_gets_a_device_token_that_counts_for_longer() {
    let app = Setup::default().start().await;
    let (first, name) = session(&app).await;
    let (second, _) = session(&app).await;
    let answer = ask(&app, &second, &first, &list()).await;
    let token = answer.header("chatkit-device-token");
    assert!(token.starts_with("eyJ"), "{token}");
    app.clock.advance(Duration::from_secs(20 * 24 * 3600));
    let (third, _) = session(&app).await;
    assert_eq!(user(&ask(&app, &third, token, &create("who")).await), name);
}

#[tokio::test]
async fn what_proves_nothing_changes_nothing() {
    let app = Setup::default().start().await;
    let (revoked, _) = session(&app).await;
    let id = revoked_session(&app, &revoked).await;
    send(app.delete(&format!("/api/chatkit/session/{id}")).bearer_auth(&revoked)).await;
    for nothing in [revoked.as_str(), "ek_nonsense", "eyJ.e30.x", ""] {
        let (secret, name) = session(&app).await;
        assert_eq!(user(&ask(&app, &secret, nothing, &create("who")).await), name, "{nothing}");
        app.clock.advance(Duration::from_secs(60));
    }
}

async fn revoked_session(app: &TestApp, secret: &str) -> String {
    let told = send(app.conversation(&create("who")).bearer_auth(secret)).await;
    let told: Value = serde_json::from_str(&said(&told.events())).unwrap();
    told["session"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_signed_in_becomes_nobody_else_and_nobody_becomes_them() {
    let app = Setup::default().start().await;
    let (anonymous, name) = session(&app).await;
    let signed_in = send(app.create().bearer_auth(token("ann"))).await.field("client_secret");
    assert_eq!(user(&ask(&app, &signed_in, &anonymous, &create("who")).await), "ann");
    let (other, newcomer) = session(&app).await;
    assert_eq!(user(&ask(&app, &other, &signed_in, &create("who")).await), newcomer);
    assert_ne!(newcomer, name);
}

#[tokio::test]
async fn who_has_said_something_already_stays_who_said_it() {
    let app = Setup::default().start().await;
    let (first, _) = session(&app).await;
    let (second, newcomer) = session(&app).await;
    send(app.conversation(&create("hello")).bearer_auth(&second)).await;
    assert_eq!(user(&ask(&app, &second, &first, &create("who")).await), newcomer);
}
