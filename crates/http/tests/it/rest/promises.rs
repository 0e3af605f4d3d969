//! What a session was promised is what the conversation endpoint holds it to.

use std::time::Duration;

use chatkitd_core::sessions::REFRESH_GRACE;
use serde_json::{Value, json};

use super::client::{Backend, minimal};
use crate::app::{Setup, send, site, token};
use crate::chatkit::client::{add, create, get, operations_on, said};

fn with(field: &str, value: Value) -> Value {
    let mut body = minimal("ann");
    body[field] = value;
    body
}

fn history(history: &Value) -> Value {
    with("chatkit_configuration", json!({"history": history}))
}

fn list() -> Value {
    json!({"type": "threads.list", "params": {"limit": 9, "order": "desc"}})
}

impl Backend {
    async fn listed(&self, secret: &str) -> Vec<String> {
        let list = send(self.app.conversation(&list()).bearer_auth(secret)).await;
        assert_eq!(list.status, 200, "{}", list.text);
        let list = list.json();
        assert_eq!(list["has_more"], false);
        list["data"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap().into()).collect()
    }

    async fn opens(&self, secret: &str, thread: &str) -> bool {
        let opened = send(self.app.conversation(&get(thread)).bearer_auth(secret)).await;
        if opened.status == 200 {
            return true;
        }
        opened.is_openai_error(404, "thread_not_found");
        false
    }
}

#[tokio::test]
async fn a_secret_ends_when_it_was_promised_to_and_so_does_the_next() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let expiring = with("expires_after", json!({"anchor": "created_at", "seconds": 30}));
    let made = backend.create(&expiring).await;
    let secret = made.field("client_secret");
    app.clock.advance(Duration::from_secs(29));
    assert_eq!(send(app.conversation(&list()).bearer_auth(&secret)).await.status, 200);
    app.clock.advance(Duration::from_secs(1));
    send(app.conversation(&list()).bearer_auth(&secret)).await.is_openai_error(401, "secret_expired");
    let fresh = send(app.refresh(&made.field("id")).bearer_auth(&secret)).await.field("client_secret");
    app.clock.advance(Duration::from_secs(30));
    send(app.conversation(&list()).bearer_auth(&fresh)).await.is_openai_error(401, "secret_expired");
    app.clock.advance(REFRESH_GRACE);
    send(app.refresh(&made.field("id")).bearer_auth(&fresh)).await.is_error(401, "secret_expired");
}

#[tokio::test]
async fn a_session_makes_as_many_requests_a_minute_as_it_was_promised() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let made = backend.create(&with("rate_limits", json!({"max_requests_per_1_minute": 3}))).await;
    let secret = made.field("client_secret");
    for _ in 0..3 {
        assert_eq!(send(app.conversation(&list()).bearer_auth(&secret)).await.status, 200);
    }
    let refused = send(app.chat(&list()).bearer_auth(&secret)).await;
    refused.is_openai_error(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "60");
    let fresh = send(app.refresh(&made.field("id")).bearer_auth(&secret)).await.field("client_secret");
    send(app.chat(&list()).bearer_auth(&fresh)).await.is_openai_error(429, "rate_limited");
    let other = backend.secret(&minimal("ann")).await;
    assert_eq!(
        send(app.chat(&list()).bearer_auth(&other)).await.status,
        200,
        "another session counts for itself"
    );
    app.clock.advance(Duration::from_secs(60));
    assert_eq!(send(app.chat(&list()).bearer_auth(&fresh)).await.status, 200);
}

#[tokio::test]
async fn ten_requests_a_minute_where_nothing_was_said() {
    let backend = Backend::start(Setup::default()).await;
    let secret = backend.secret(&minimal("ann")).await;
    for _ in 0..10 {
        assert_eq!(send(backend.app.chat(&list()).bearer_auth(&secret)).await.status, 200);
    }
    send(backend.app.chat(&list()).bearer_auth(&secret)).await.is_openai_error(429, "rate_limited");
}

#[tokio::test]
async fn without_history_nothing_is_listed_and_only_the_sessions_own_threads_are_found() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let before = backend.thread(&backend.secret(&minimal("ann")).await, "hi").await;
    app.clock.advance(Duration::from_secs(1));
    let secret = backend.secret(&history(&json!({"enabled": false}))).await;
    let own = backend.thread(&secret, "hello").await;
    assert!(backend.listed(&secret).await.is_empty());
    assert!(backend.opens(&secret, &own).await);
    assert_eq!(send(app.conversation(&add(&own, "and")).bearer_auth(&secret)).await.status, 200);
    assert!(!backend.opens(&secret, &before).await);
    let generous = with("rate_limits", json!({"max_requests_per_1_minute": 100}));
    let mut generous = generous;
    generous["chatkit_configuration"] = json!({"history": {"enabled": false}});
    let secret = backend.secret(&generous).await;
    for operation in operations_on(&before) {
        let refused = send(app.conversation(&operation).bearer_auth(&secret)).await;
        refused.is_openai_error(404, "thread_not_found");
    }
    assert!(backend.get(&format!("/threads/{before}")).await.status == 200, "operators see it");
}

#[tokio::test]
async fn a_run_on_a_thread_that_is_not_found_is_neither_watched_nor_stopped() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let run = async |secret: &str| {
        let answer = send(app.conversation(&create("hi")).bearer_auth(secret)).await;
        answer.header("x-chatkit-run-id").to_owned()
    };
    let everybody = || minimal("anonymous");
    for (before, since) in [(minimal("ann"), history(&json!({"enabled": false}))), (everybody(), everybody())]
    {
        let earlier = run(&backend.secret(&before).await).await;
        app.clock.advance(Duration::from_secs(1));
        let secret = backend.secret(&since).await;
        let own = run(&secret).await;
        for request in [app.events(&own), app.cancel(&own)] {
            assert_eq!(send(request.bearer_auth(&secret)).await.status, 200);
        }
        for request in [app.events(&earlier), app.cancel(&earlier)] {
            send(request.bearer_auth(&secret)).await.is_openai_error(404, "run_not_found");
        }
    }
}

#[tokio::test]
async fn only_the_recent_threads_are_listed_and_found() {
    let backend = Backend::start(Setup::default()).await;
    let secret = backend.secret(&history(&json!({"recent_threads": 2}))).await;
    let mut threads = Vec::new();
    for _ in 0..3 {
        threads.push(backend.thread(&secret, "hi").await);
        backend.app.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(backend.listed(&secret).await, [threads[2].clone(), threads[1].clone()]);
    assert!(backend.opens(&secret, &threads[2]).await);
    assert!(backend.opens(&secret, &threads[1]).await);
    assert!(!backend.opens(&secret, &threads[0]).await);
}

#[tokio::test]
async fn a_session_takes_as_many_files_as_it_was_promised() {
    let mut site = site();
    site.configuration = serde_json::from_value(json!({"file_upload": {"enabled": true}})).unwrap();
    let backend = Backend::start(Setup { files: true, ..Setup::of(site) }).await;
    let params = json!({"name": "a.pdf", "mime_type": "application/pdf", "size": 7});
    let announcement = json!({"type": "attachments.create", "params": params});
    let announce =
        async |bearer: &str| send(backend.app.conversation(&announcement).bearer_auth(bearer)).await;
    let promised = with("chatkit_configuration", json!({"file_upload": {"enabled": true, "max_files": 1}}));
    let secret = backend.secret(&promised).await;
    assert_eq!(announce(&secret).await.status, 200);
    announce(&secret).await.is_openai_error(400, "too_many_attachments");

    backend.app.clock.advance(Duration::from_secs(1));
    let next = backend.secret(&promised).await;
    assert_eq!(announce(&next).await.status, 200, "each session counts from its own beginning");
    for _ in 0..11 {
        assert_eq!(announce(&token("ann")).await.status, 200, "nobody promised a page's visitor a number");
    }
}

#[tokio::test]
async fn uploads_that_nobody_asked_for_are_not_promised_though_the_sites_pages_have_them() {
    let mut site = site();
    site.configuration = serde_json::from_value(json!({"file_upload": {"enabled": true}})).unwrap();
    let backend = Backend::start(Setup { files: true, ..Setup::of(site) }).await;
    for asked in [minimal("ann"), with("chatkit_configuration", json!({"file_upload": {"max_files": 1}}))] {
        let made = backend.create(&asked).await;
        assert_eq!(made.json()["chatkit_configuration"]["file_upload"]["enabled"], false, "{}", made.text);
        let params = json!({"name": "a.pdf", "mime_type": "application/pdf", "size": 7});
        let announcement = json!({"type": "attachments.create", "params": params});
        let refused =
            send(backend.app.conversation(&announcement).bearer_auth(made.field("client_secret"))).await;
        refused.is_openai_error(403, "chatkit.file_upload_disabled");
    }
}

#[tokio::test]
async fn uploads_that_the_site_does_not_speak_of_are_promised_and_those_that_it_forbids_are_not() {
    for (site_says, promised, status) in [(json!({}), true, 200), (json!({"enabled": false}), false, 403)] {
        let mut site = site();
        site.configuration = serde_json::from_value(json!({"file_upload": site_says})).unwrap();
        let backend = Backend::start(Setup { files: true, ..Setup::of(site) }).await;
        let asked = with("chatkit_configuration", json!({"file_upload": {"enabled": true}}));
        let made = backend.create(&asked).await;
        assert_eq!(made.json()["chatkit_configuration"]["file_upload"]["enabled"], promised);
        let params = json!({"name": "a.pdf", "mime_type": "application/pdf", "size": 7});
        let announcement = json!({"type": "attachments.create", "params": params});
        let answer =
            send(backend.app.conversation(&announcement).bearer_auth(made.field("client_secret"))).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

#[tokio::test]
async fn the_agent_is_told_what_was_promised_within_what_the_site_says() {
    let mut site = site();
    site.configuration = serde_json::from_value(json!({"file_upload": {"max_files": 2}})).unwrap();
    let backend = Backend::start(Setup::of(site)).await;
    let promised = json!({
        "automatic_thread_titling": {"enabled": false},
        "file_upload": {"enabled": true, "max_file_size": 3},
    });
    let secret = backend.secret(&with("chatkit_configuration", promised)).await;
    let answer = send(backend.app.conversation(&create("who")).bearer_auth(&secret)).await;
    let told: Value = serde_json::from_str(&said(&answer.events())).unwrap();
    let expected = json!({
        "automatic_thread_titling": {"enabled": false},
        "file_upload": {"enabled": true, "max_file_size": 3, "max_files": 2},
        "history": {"enabled": true},
    });
    assert_eq!(told["configuration"], expected);
}

/// Back ends that know of no user name one that all share.
#[tokio::test]
async fn whoever_shares_a_name_with_everybody_sees_nobodys_threads() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let pulled = backend.thread(&backend.secret(&minimal("anonymous")).await, "a pulled thread").await;
    app.clock.advance(Duration::from_secs(1));
    let secret = backend.secret(&minimal("anonymous")).await;
    let own = backend.thread(&secret, "hi").await;
    assert!(backend.listed(&secret).await.is_empty());
    assert!(backend.opens(&secret, &own).await);
    assert!(!backend.opens(&secret, &pulled).await);
    assert!(!backend.opens(&token("Anonymous"), &pulled).await);
    let shown = backend.get("/threads?user=anonymous").await.json();
    assert_eq!(shown["data"].as_array().unwrap().len(), 2, "operators see both");
}
