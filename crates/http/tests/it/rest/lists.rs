//! Lists of threads, paging, retrieving and deleting.

use std::time::Duration;

use chatkitd_core::id::SiteName;
use chatkitd_core::ports::{Scope, Store as _};
use chatkitd_core::sessions::AuditAction;
use serde_json::json;

use super::client::{Backend, ids, minimal};
use crate::app::{START, Setup, send, site, site_of};
use crate::chatkit::client::{Events, create, get};

/// Five threads of `ann` and two of `bob`, a second apart; `ann`'s ids, oldest first.
async fn seven_threads(backend: &Backend) -> Vec<String> {
    let mut limits = minimal("ann");
    limits["rate_limits"] = json!({"max_requests_per_1_minute": 100});
    let (ann, bob) = (backend.secret(&limits).await, backend.secret(&minimal("bob")).await);
    let mut threads = Vec::new();
    for number in 0..5 {
        threads.push(backend.thread(&ann, &format!("number {number}")).await);
        backend.app.clock.advance(Duration::from_secs(1));
        if number < 2 {
            backend.thread(&bob, "hi").await;
            backend.app.clock.advance(Duration::from_secs(1));
        }
    }
    threads
}

#[tokio::test]
async fn a_thread_has_every_field() {
    let backend = Backend::start(Setup::default()).await;
    let secret = backend.secret(&minimal("ann")).await;
    let id = backend.thread(&secret, "hi").await;
    let thread = backend.get(&format!("/threads/{id}")).await;
    let expected = json!({
        "id": id, "object": "chatkit.thread", "created_at": START, "title": null,
        "status": {"type": "active"}, "user": "ann",
    });
    assert_eq!(thread.json().to_string(), expected.to_string());
    assert_eq!(thread.header("openai-version"), "2020-10-01");
    assert!(thread.header("openai-processing-ms").parse::<u64>().is_ok());
    assert!(!thread.header("x-request-id").is_empty());
    for (text, status) in [
        ("lock", json!({"type": "locked", "reason": "It is late."})),
        ("close", json!({"type": "closed", "reason": null})),
    ] {
        let id = backend.thread(&secret, text).await;
        assert_eq!(backend.get(&format!("/threads/{id}")).await.json()["status"], status);
    }
}

#[tokio::test]
async fn threads_are_paged_as_the_sdks_page() {
    let backend = Backend::start(Setup::default()).await;
    let threads = seven_threads(&backend).await;
    for (order, expected) in
        [("asc", threads.clone()), ("desc", threads.iter().rev().cloned().collect::<Vec<_>>())]
    {
        let (mut found, mut query) = (Vec::new(), format!("/threads?user=ann&limit=2&order={order}"));
        let first = query.clone();
        loop {
            let page = backend.get(&query).await;
            found.extend(ids(&page));
            if page.json()["has_more"] == false {
                break;
            }
            query = format!("{first}&after={}", page.field("last_id"));
        }
        assert_eq!(found, expected, "{order}");
    }
    let all = ids(&backend.get("/threads").await);
    assert_eq!((all.len(), &all[0]), (7, &threads[4]), "everybody's, the newest first");
    assert_eq!(ids(&backend.get("/threads?user=bob").await).len(), 2);
    assert!(ids(&backend.get("/threads?user=nobody").await).is_empty());
}

#[tokio::test]
async fn before_alone_is_the_page_before_and_both_cursors_bound() {
    let backend = Backend::start(Setup::default()).await;
    let threads = seven_threads(&backend).await;
    let page = async |query: String| ids(&backend.get(&format!("/threads?user=ann&{query}")).await);
    let [oldest, second, third, fourth, newest] = &threads[..] else { panic!("five") };
    assert_eq!(page(format!("before={second}&limit=2")).await, [fourth.clone(), third.clone()]);
    assert_eq!(page(format!("before={fourth}&order=asc&limit=2")).await, [second.clone(), third.clone()]);
    assert_eq!(
        page(format!("after={newest}&before={oldest}&limit=9")).await,
        [fourth, third, second].map(Clone::clone)
    );
}

#[tokio::test]
async fn a_cursor_that_is_in_no_list_gives_an_empty_page() {
    let backend = Backend::start(Setup::default()).await;
    seven_threads(&backend).await;
    for query in ["after=after", "before=before", "after=after&before=before&limit=0&order=asc&user=x"] {
        let page = backend.get(&format!("/threads?{query}")).await;
        assert!(ids(&page).is_empty(), "{query}");
        assert_eq!(page.json()["has_more"], false, "{query}");
    }
    assert_eq!(backend.get("/threads?limit=0").await.json()["has_more"], true);
    assert_eq!(ids(&backend.get("/threads?after=&before=").await).len(), 7, "an empty cursor is none");
}

#[tokio::test]
async fn whoever_deletes_what_a_page_shows_goes_on_after_it() {
    let backend = Backend::start(Setup::default()).await;
    let threads = seven_threads(&backend).await;
    let (first, mut query) = ("/threads?user=ann&limit=2", "/threads?user=ann&limit=2".to_owned());
    let mut deleted = Vec::new();
    loop {
        let page = backend.get(&query).await;
        for id in ids(&page) {
            assert_eq!(backend.delete(&format!("/threads/{id}")).await.status, 200);
            deleted.push(id);
        }
        if page.json()["has_more"] == false {
            break;
        }
        query = format!("{first}&after={}", page.field("last_id"));
    }
    assert_eq!(deleted, threads.iter().rev().cloned().collect::<Vec<_>>());
    let others = format!("/threads?user=bob&after={}", deleted[0]);
    assert!(ids(&backend.get(&others).await).is_empty(), "of no place in somebody else's list");
}

#[tokio::test]
async fn a_visitors_list_goes_on_after_a_thread_that_they_deleted() {
    let backend = Backend::start(Setup::default()).await;
    let secret = backend.secret(&minimal("ann")).await;
    let mut threads = Vec::new();
    for text in ["one", "two", "three"] {
        threads.push(backend.thread(&secret, text).await);
        backend.app.clock.advance(Duration::from_secs(1));
    }
    let ask = async |operation: &str, params| {
        let body = json!({"type": operation, "params": params});
        send(backend.app.conversation(&body).bearer_auth(&secret)).await
    };
    assert_eq!(ask("threads.delete", json!({"thread_id": threads[1]})).await.status, 200);
    let page = ask("threads.list", json!({"limit": 9, "order": "desc", "after": threads[1]})).await.json();
    assert_eq!((&page["data"][0]["id"], &page["data"][1]), (&json!(threads[0]), &json!(null)));
}

#[tokio::test]
async fn deleting_answers_with_a_body_and_stops_the_answer_first() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let secret = backend.secret(&minimal("ann")).await;
    let (run, mut events) =
        Events::of(app.conversation(&create("hold")).bearer_auth(&secret).header("x-chatkit-resume", "1"))
            .await;
    let (_, created) = events.until("thread.created").await;
    let id = created["thread"]["id"].as_str().unwrap().to_owned();
    events.until("thread.item.updated").await;
    // As the Python SDK does it.
    let request = app.delete(&format!("/v1/chatkit/threads/{id}")).bearer_auth(&backend.key);
    let deleting = send(request.header("content-type", "application/json"));
    let deleted = app.passing(deleting, Duration::from_millis(50)).await;
    assert_eq!(deleted.json(), json!({"id": id, "object": "chatkit.thread.deleted", "deleted": true}));
    events.rest().await;
    backend.get(&format!("/threads/{id}")).await.is_openai_error(404, "thread_not_found");
    backend.get(&format!("/threads/{id}/items")).await.is_openai_error(404, "thread_not_found");
    backend.delete(&format!("/threads/{id}")).await.is_openai_error(404, "thread_not_found");
    send(app.conversation(&get(&id)).bearer_auth(&secret)).await.is_openai_error(404, "thread_not_found");
    let told = app.get(&format!("/v1/chatkit/runs/{run}/events")).bearer_auth(&secret);
    send(told).await.is_openai_error(404, "run_not_found");
}

#[tokio::test]
async fn whoever_deletes_a_thread_stands_in_the_audit_log() {
    let backend = Backend::start(Setup::default()).await;
    let secret = backend.secret(&minimal("ann")).await;
    let (anns, keys) = (backend.thread(&secret, "a secret plan").await, backend.thread(&secret, "hi").await);
    let own = json!({"type": "threads.delete", "params": {"thread_id": anns}});
    assert_eq!(send(backend.app.conversation(&own).bearer_auth(&secret)).await.status, 200);
    backend.app.clock.advance(Duration::from_secs(1));
    assert_eq!(backend.delete(&format!("/threads/{keys}")).await.status, 200);
    let site = Scope::Site(SiteName::default_site());
    let key = backend.app.store.service_keys(&site).await.unwrap().remove(0).id;
    let log = backend.app.store.audit_log(&site, None, 9).await.unwrap();
    let deletions = log.iter().filter(|entry| entry.action == AuditAction::ThreadDeleted);
    let deletions: Vec<_> = deletions.map(|entry| (entry.actor.clone(), entry.target.clone())).collect();
    assert_eq!(deletions, [(format!("key:{key}"), keys), ("user:ann".to_owned(), anns)]);
}

#[tokio::test]
async fn a_key_reaches_the_threads_of_its_own_site_only() {
    let backend =
        Backend::start(Setup { sites: vec![site(), site_of("shop", &[])], ..Setup::default() }).await;
    let id = backend.thread(&backend.secret(&minimal("ann")).await, "hi").await;
    let key = backend.app.service_key("shop").await;
    for path in ["", "/items"] {
        let request = backend.app.get(&format!("/v1/chatkit/threads/{id}{path}")).bearer_auth(&key);
        send(request).await.is_openai_error(404, "thread_not_found");
    }
    let request = backend.app.delete(&format!("/v1/chatkit/threads/{id}")).bearer_auth(&key);
    send(request).await.is_openai_error(404, "thread_not_found");
    let list = send(backend.app.get("/v1/chatkit/threads").bearer_auth(&key)).await;
    assert!(ids(&list).is_empty());
    assert_eq!(backend.get(&format!("/threads/{id}")).await.status, 200);
}
