//! Who is calling, and what they may not touch.

use serde_json::json;

use crate::app::{START, Setup, send, site, token, token_of};

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let app = Setup::default().start().await;
    let anns = send(app.create().bearer_auth(token("ann"))).await.field("session_id");
    let bobs = send(app.create().bearer_auth(token("bob"))).await;
    for credential in [token("bob"), bobs.field("client_secret")] {
        send(app.validate(&anns).bearer_auth(&credential)).await.is_error(404, "not_found");
        send(app.refresh(&anns).bearer_auth(&credential)).await.is_error(404, "not_found");
        let path = format!("/api/chatkit/session/{anns}");
        send(app.delete(&path).bearer_auth(&credential)).await.is_error(404, "not_found");
    }
    let own = send(app.validate(&anns).bearer_auth(token("ann"))).await;
    assert_eq!(own.json()["status"], "active");
}

#[tokio::test]
async fn a_secret_opens_its_own_session_only() {
    let app = Setup::default().start().await;
    let first = send(app.create()).await;
    let second = send(app.create().header("cookie", first.cookie())).await;
    assert_eq!(first.field("user_id"), second.field("user_id"));
    let other = app.validate(&first.field("session_id")).bearer_auth(second.field("client_secret"));
    send(other).await.is_error(404, "not_found");
}

#[tokio::test]
async fn ids_that_nobody_minted_are_not_there() {
    let app = Setup::default().start().await;
    for id in ["cksess_123", "x", "%00", "..%2f..%2fetc", &format!("cksess_{}", "0".repeat(48))] {
        send(app.validate(id).bearer_auth(token("ann"))).await.is_error(404, "not_found");
    }
}

#[tokio::test]
async fn nobody_is_told_nothing() {
    let app = Setup::default().start().await;
    let id = send(app.create()).await.field("session_id");
    send(app.validate(&id)).await.is_error(401, "not_signed_in");
    send(app.refresh(&id)).await.is_error(401, "not_signed_in");
    let answer = send(app.delete(&format!("/api/chatkit/session/{id}"))).await;
    answer.is_error(401, "not_signed_in");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_bad_credential_is_never_anonymous() {
    let app = Setup::default().start().await;
    let expired = token_of(&json!({"sub": "ann", "aud": "chat", "exp": START - 60}));
    let reserved = token_of(&json!({"sub": "anon_1", "aud": "chat", "exp": START + 60}));
    for (credential, code) in [
        ("ek_forged", "secret_unknown"),
        ("ek_eyJhbGciOiJub25lIn0.e30.", "secret_unknown"),
        ("sk_unknown", "invalid_key"),
        ("eyJhbGciOiJub25lIn0.cut-off", "invalid_key"),
        ("null", "not_signed_in"),
        ("undefined", "not_signed_in"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.", "invalid_token"),
        (expired.as_str(), "invalid_token"),
        (reserved.as_str(), "invalid_token"),
    ] {
        send(app.create().bearer_auth(credential)).await.is_error(401, code);
    }
    for header in ["Basic YTpi", "Bearer", "Bearer ", "token"] {
        send(app.create().header("authorization", header)).await.is_error(401, "invalid_authorization");
    }
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn where_sign_in_is_required_nobody_is_anonymous() {
    let mut closed = site();
    closed.anonymous = false;
    let app = Setup::of(closed).start().await;
    send(app.create()).await.is_error(401, "not_signed_in");
    assert_eq!(send(app.create().bearer_auth(token("ann"))).await.status, 200);
}

/// As after a visitor came, the operator switched sign-in on.
#[tokio::test]
async fn an_anonymous_secret_makes_no_session_where_sign_in_is_required() {
    let mut closed = site();
    closed.anonymous = false;
    let app = Setup::of(closed).start().await;
    let key = app.service_key("default").await;
    let made = send(app.create().bearer_auth(&key)).await;
    let secret = made.field("client_secret");
    send(app.create().bearer_auth(&secret)).await.is_error(401, "not_signed_in");
    let start = app.post("/.netlify/functions/chatkit-start").bearer_auth(&secret);
    send(start).await.is_error(401, "not_signed_in");
    assert_eq!(app.session_count().await, 1);
    let refreshed = send(app.refresh(&made.field("session_id")).bearer_auth(&secret)).await;
    assert_eq!(refreshed.status, 200, "a session that stands goes on: {}", refreshed.text);
}

#[tokio::test]
async fn a_role_that_is_missing_or_foreign_is_refused() {
    let app = Setup { roles: true, ..Setup::default() }.start().await;
    let with_role =
        |role: &str| token_of(&json!({"sub": "ann", "aud": "chat", "exp": START + 60, "role": role}));
    let without = send(app.create().bearer_auth(token("ann"))).await;
    without.is_error(403, "role_not_found");
    assert_eq!(without.json()["error"], "User role not found");
    send(app.create().bearer_auth(with_role("reader"))).await.is_error(403, "role_not_allowed");
    assert_eq!(send(app.create().bearer_auth(with_role("member"))).await.status, 200);
}

#[tokio::test]
async fn an_anonymous_secret_keeps_its_user_and_a_signed_in_one_needs_the_token() {
    let app = Setup::default().start().await;
    let made = send(app.create()).await;
    let again = send(app.create().bearer_auth(made.field("client_secret"))).await;
    assert_eq!(again.field("user_id"), made.field("user_id"));
    let anns = send(app.create().bearer_auth(token("ann"))).await;
    send(app.create().bearer_auth(anns.field("client_secret"))).await.is_error(401, "token_required");
}

#[tokio::test]
async fn a_service_key_sees_every_session_of_its_site() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    let id = send(app.create().bearer_auth(token("ann"))).await.field("session_id");
    assert_eq!(send(app.validate(&id).bearer_auth(&key)).await.json()["user_id"], "ann");
    assert_eq!(send(app.refresh(&id).bearer_auth(&key)).await.field("user_id"), "ann");
    let ended = send(app.delete(&format!("/api/chatkit/session/{id}")).bearer_auth(&key)).await;
    assert_eq!(ended.status, 204);
}
