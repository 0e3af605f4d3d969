//! Creating and cancelling.

use std::num::NonZeroU32;

use chatkitd_core::id::{SessionId, SiteName, UserId};
use chatkitd_core::ports::{Scope, Store};
use chatkitd_core::sessions::UpstreamError;
use chatkitd_core::testing::conformance::fixture::Fixture;
use serde_json::{Value, json};

use super::client::{Backend, minimal};
use crate::app::{START, Setup, send, site, site_of, token};
use crate::chatkit::client::{Events, create};

#[tokio::test]
async fn a_session_has_every_field_with_openais_defaults() {
    let backend = Backend::start(Setup::default()).await;
    let made = backend.create(&minimal("user_1")).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let mut session = made.json();
    assert!(session["id"].as_str().unwrap().starts_with("cksess_"));
    assert!(session["client_secret"].as_str().unwrap().starts_with("ek_"));
    (session["id"], session["client_secret"]) = (json!("cksess"), json!("ek"));
    let expected = json!({
        "id": "cksess",
        "object": "chatkit.session",
        "client_secret": "ek",
        "expires_at": START + 600,
        "status": "active",
        "user": "user_1",
        "max_requests_per_1_minute": 10,
        "rate_limits": {"max_requests_per_1_minute": 10},
        "workflow": {"id": "wf_demo", "version": null, "state_variables": null, "tracing": {"enabled": true}},
        "chatkit_configuration": {
            "automatic_thread_titling": {"enabled": true},
            "file_upload": {"enabled": false, "max_file_size": 512, "max_files": 10},
            "history": {"enabled": true, "recent_threads": null},
        },
    });
    assert_eq!(session.to_string(), expected.to_string(), "in the order of the reference, too");
}

#[tokio::test]
async fn what_is_asked_for_is_promised() {
    let backend = Backend::start(Setup::default()).await;
    let asked = json!({
        "user": "user_1",
        "workflow": {
            "id": "wf_demo",
            "version": "3",
            "state_variables": {"foo": "string", "vip": true, "n": 3, "rate": 0.5},
            "tracing": {"enabled": false},
        },
        "expires_after": {"anchor": "created_at", "seconds": 1},
        "rate_limits": {"max_requests_per_1_minute": 1},
        "chatkit_configuration": {
            "automatic_thread_titling": {"enabled": false},
            "file_upload": {"enabled": true, "max_file_size": 1, "max_files": 1},
            "history": {"enabled": true, "recent_threads": 1},
        },
        "scope": {"user_id": "an old example's"},
    });
    let made = backend.create(&asked).await;
    let session = made.json();
    assert_eq!(session["workflow"], asked["workflow"], "{}", made.text);
    assert_eq!(session["rate_limits"], asked["rate_limits"]);
    assert_eq!(session["expires_at"], START + 1);
    assert_eq!(session["chatkit_configuration"], asked["chatkit_configuration"]);
}

#[tokio::test]
async fn null_is_as_if_it_were_not_there() {
    let backend = Backend::start(Setup::default()).await;
    let body = json!({
        "user": "user_1",
        "workflow": {"id": "wf_demo", "version": null, "state_variables": null, "tracing": null},
        "expires_after": null, "rate_limits": null, "chatkit_configuration": null,
    });
    assert_eq!(backend.create(&body).await.status, 200);
}

#[tokio::test]
async fn a_site_sets_the_ends_of_what_can_be_promised() {
    let mut site = site();
    site.configuration = serde_json::from_value(json!({
        "file_upload": {"max_file_size": 5},
        "history": {"enabled": false},
    }))
    .unwrap();
    site.max_requests_per_1_minute = NonZeroU32::new(7);
    site.lifetimes.secret = std::time::Duration::from_secs(60);
    let backend = Backend::start(Setup::of(site)).await;
    let mut body = minimal("user_1");
    body["chatkit_configuration"] = json!({
        "file_upload": {"enabled": true, "max_file_size": 100},
        "history": {"enabled": true},
    });
    let session = backend.create(&body).await.json();
    let configuration = &session["chatkit_configuration"];
    assert_eq!(configuration["file_upload"], json!({"enabled": true, "max_file_size": 5, "max_files": 10}));
    assert_eq!(configuration["history"]["enabled"], false);
    assert_eq!(
        (&session["max_requests_per_1_minute"], &session["expires_at"]),
        (&json!(7), &json!(START + 60))
    );
}

#[tokio::test]
async fn each_creation_makes_a_session_of_its_own() {
    let backend = Backend::start(Setup::default()).await;
    let first = backend.create(&minimal("user_1")).await.field("id");
    assert_ne!(backend.create(&minimal("user_1")).await.field("id"), first);
    let made = send(backend.app.create().bearer_auth(token("user_1"))).await;
    assert_ne!(made.field("session_id"), first, "a page's session is not one that was promised something");
    let again = send(backend.app.create().bearer_auth(token("user_1"))).await;
    assert_eq!(again.field("session_id"), made.field("session_id"), "and is reused as ever");
}

#[tokio::test]
async fn a_session_of_rest_works_at_the_session_contracts_and_in_conversations() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let made = backend.create(&minimal("user_1")).await;
    let (id, secret) = (made.field("id"), made.field("client_secret"));
    let valid = send(app.validate(&id).bearer_auth(&secret)).await.json();
    assert_eq!((&valid["valid"], &valid["user_id"]), (&json!(true), &json!("user_1")));
    for request in [app.conversation(&create("who")), app.chat(&create("who"))] {
        let said = send(request.bearer_auth(&secret)).await;
        assert!(said.text.contains(&id), "{}", said.text);
    }
    let fresh = send(app.refresh(&id).bearer_auth(&secret)).await;
    assert_eq!(fresh.json()["expires_after"], 600, "a refresh keeps the promised lifetime: {}", fresh.text);
    let fresh = fresh.field("client_secret");
    assert_eq!(send(app.conversation(&create("hi")).bearer_auth(&fresh)).await.status, 200);
    let ended = send(app.delete(&format!("/api/chatkit/session/{id}")).bearer_auth(&fresh)).await;
    assert_eq!(ended.status, 204);
    send(app.conversation(&create("hi")).bearer_auth(&fresh)).await.is_openai_error(401, "secret_revoked");
}

#[tokio::test]
async fn cancelling_takes_no_body_and_ends_sessions_whoever_made_them() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let made = backend.create(&minimal("user_1")).await;
    let cancel = format!("/sessions/{}/cancel", made.field("id"));
    // As the Python SDK does it.
    let request =
        backend.post(&cancel).header("content-type", "application/json").header("content-length", "0");
    let cancelled = send(request).await;
    let mut expected = made.json();
    (expected["status"], expected["client_secret"]) = (json!("cancelled"), json!(""));
    assert_eq!(cancelled.json(), expected);
    let secret = made.field("client_secret");
    send(app.conversation(&create("hi")).bearer_auth(&secret)).await.is_openai_error(401, "secret_revoked");
    assert_eq!(backend.cancel(&made.field("id")).await.json(), expected, "again: a retry is no error");

    let page = send(app.create()).await;
    let cancelled = backend.cancel(&page.field("session_id")).await.json();
    assert_eq!(
        (&cancelled["status"], &cancelled["user"]),
        (&json!("cancelled"), &json!(page.field("user_id")))
    );
    assert_eq!(cancelled["max_requests_per_1_minute"], 2_147_483_647, "nothing bounds it");
    let told = send(app.validate(&page.field("session_id")).bearer_auth(page.field("client_secret"))).await;
    assert_eq!(told.json()["status"], "revoked", "{}", told.text);
}

#[tokio::test]
async fn an_answer_that_a_cancelled_session_started_is_stopped() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let made = backend.create(&minimal("user_1")).await;
    let other = backend.secret(&minimal("user_2")).await;
    let hold =
        |secret: &str| app.conversation(&create("hold")).bearer_auth(secret).header("x-chatkit-resume", "1");
    let (_, mut theirs) = Events::of(hold(&made.field("client_secret"))).await;
    let (_, mut others) = Events::of(hold(&other)).await;
    theirs.until("thread.item.updated").await;
    others.until("thread.item.updated").await;
    backend.cancel(&made.field("id")).await;
    // What the server does twice a second.
    app.keeper().keep().await.unwrap();
    let (_, last) = theirs.rest().await.pop().unwrap();
    assert_eq!(
        (&last["type"], &last["item"]["content"][0]["text"]),
        (&json!("thread.item.done"), &json!("half"))
    );
    app.agent.go_on.add_permits(1);
    let (_, last) = others.rest().await.pop().unwrap();
    assert_eq!(last["item"]["content"][0]["text"], "half and whole", "another's goes on");
}

#[tokio::test]
async fn a_hosted_workflow_is_brokered_and_unknown_ones_are_told_in_openais_words() {
    let backend = Backend::start(Setup::default()).await;
    let mut body = minimal("user_1");
    body["workflow"]["id"] = json!("wf_elsewhere");
    body["expires_after"] = json!({"anchor": "created_at", "seconds": 120});
    let made = backend.create(&body).await.json();
    assert_eq!((&made["client_secret"], &made["expires_at"]), (&json!("ek_hosted_1"), &json!(START + 600)));
    assert_eq!(made["chatkit_configuration"]["file_upload"]["max_files"], 3, "it is OpenAI's that holds");
    let grant = backend.app.upstream.grants.lock().unwrap()[0].clone();
    assert_eq!((&grant["user"], &grant["workflow"]), (&json!("user_1"), &json!("wf_elsewhere")));

    *backend.app.upstream.failure.lock().unwrap() = Some(|| UpstreamError::Refused { status: 404 });
    let refused = backend.create(&body).await;
    refused.is_openai_error(404, "workflow_not_found");
    assert_eq!(refused.json()["error"]["message"], "Workflow with id 'wf_elsewhere' not found.");
    *backend.app.upstream.failure.lock().unwrap() = Some(|| UpstreamError::Refused { status: 400 });
    backend.create(&body).await.is_openai_error(400, "upstream_refused");
    let keyless = Backend::start(Setup { hosted: false, ..Setup::default() }).await;
    keyless.create(&body).await.is_openai_error(404, "workflow_not_found");
}

#[tokio::test]
async fn a_key_reaches_the_sessions_of_its_own_site_only() {
    let backend =
        Backend::start(Setup { sites: vec![site(), site_of("shop", &[])], ..Setup::default() }).await;
    let id = backend.create(&minimal("user_1")).await.field("id");
    let key = backend.app.service_key("shop").await;
    let path = format!("/v1/chatkit/sessions/{id}/cancel");
    let refused = send(backend.app.post(&path).bearer_auth(&key)).await;
    refused.is_openai_error(404, "session_not_found");
    assert_eq!(refused.json()["error"]["message"], format!("Chatkit Session with id '{id}' not found."));
    let refused = send(backend.app.post(&format!("/s/default{path}")).bearer_auth(&key)).await;
    refused.is_openai_error(403, "wrong_site");
    assert_eq!(backend.cancel(&id).await.status, 200);
}

/// As `OpenAI`'s SDKs do in their own tests.
#[tokio::test]
async fn a_session_with_an_id_from_elsewhere_is_cancelled_as_any_other() {
    let backend = Backend::start(Setup::default()).await;
    let make = Fixture::default();
    let scope = Scope::User(SiteName::default_site(), UserId::recorded("x"));
    let mut session = make.session_of(&scope, 0);
    session.id = SessionId::parse("cksess_123").unwrap();
    backend.app.store.create_session(&scope, &session, &make.secret(0)).await.unwrap();
    let cancelled: Value = backend.cancel("cksess_123").await.json();
    assert_eq!((&cancelled["id"], &cancelled["status"]), (&json!("cksess_123"), &json!("cancelled")));
}
