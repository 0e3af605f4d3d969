//! Design 4.4: brokering without a database.

use serde_json::json;

use crate::app::{Setup, TestApp, send, site, token};

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
async fn a_refresh_is_a_new_session_of_what_the_page_sends_again() {
    let mut hosted = site();
    hosted.workflows = vec!["wf_hosted".to_owned(), "wf_other".to_owned()];
    let app = Setup { database: false, ..Setup::of(hosted) }.start().await;
    let body = json!({"workflowId": "wf_other", "pageUrl": "/a", "metadata": {"plan": "pro"}});
    let made = send(app.create().json(&body)).await;
    let refresh = || app.refresh(&made.field("session_id")).header("cookie", made.cookie());
    let fresh = send(refresh().json(&body)).await;
    assert_eq!(fresh.field("user_id"), made.field("user_id"));
    assert_eq!(
        (fresh.field("workflow_id"), &fresh.json()["metadata"]),
        ("wf_other".to_owned(), &body["metadata"])
    );
    let grants = app.upstream.grants.lock().unwrap().clone();
    assert_eq!(grants[0], grants[1]);

    assert_eq!(
        send(refresh()).await.field("workflow_id"),
        "wf_hosted",
        "nothing else is known of the old session"
    );
    let unlisted = refresh().json(&json!({"workflowId": "wf_unlisted"}));
    send(unlisted).await.is_error(403, "workflow_not_allowed");
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
