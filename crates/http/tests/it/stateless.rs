//! Design 4.4: brokering without a database.

use serde_json::json;

use crate::app::{Setup, TestApp, send, token};

async fn stateless() -> TestApp {
    Setup { database: false, ..Setup::default() }.start().await
}

#[tokio::test]
async fn hosted_sessions_are_brokered_and_the_user_lives_in_the_cookie() {
    let app = stateless().await;
    let body = json!({"workflowId": "wf_hosted"});
    let made = send(app.create().json(&body)).await;
    assert_eq!(made.field("client_secret"), "ek_hosted_1");
    let again = send(app.create().header("cookie", made.cookie()).json(&body)).await;
    assert_eq!(again.field("user_id"), made.field("user_id"));
}

#[tokio::test]
async fn a_local_workflow_needs_a_database() {
    let app = stateless().await;
    let answer = send(app.create()).await;
    answer.is_error(500, "database_not_configured");
    assert!(answer.text.contains("CHATKITD_DATABASE_URL"));
}

#[tokio::test]
async fn validate_and_end_say_that_nothing_is_kept() {
    let app = stateless().await;
    let id = "cksess_000000000000000000000000000000000000000000000000";
    send(app.validate(id).bearer_auth(token("ann"))).await.is_error(501, "needs_database");
    let end = app.delete(&format!("/api/chatkit/session/{id}")).bearer_auth(token("ann"));
    send(end).await.is_error(501, "needs_database");
    send(app.validate(id)).await.is_error(401, "not_signed_in");
}
