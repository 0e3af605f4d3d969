//! Threads: what is kept of them, who sees them, and what goes with them.

use chatkitd_protocol::chatkit::{FeedbackKind, Order};
use serde_json::json;

use super::FullStore;
use super::fixture::{Fixture, at, json as object, shop, site, strangers, user};
use super::thread_fixture::{
    LEASE, completed, delete, deletion, everything, fence, is_conflict, is_not_found, message, page, put,
    renewal, started, status, stored, with_key,
};
use crate::id::ThreadId;
use crate::ports::Scope;
use crate::sessions::AuditEntry;
use crate::threads::{Renewed, ThreadChange, ThreadPage, ThreadRecord};

fn nothing() -> ThreadPage {
    ThreadPage { threads: Vec::new(), has_more: false }
}

fn everything_named() -> ThreadChange {
    ThreadChange {
        title: Some(Some("Orders".to_owned())),
        status: Some(status(json!({"type": "locked", "reason": "under review"}))),
        allowed_image_domains: Some(Some(vec!["img.example".to_owned()])),
        metadata: Some(object(r#"{"z":1,"a":{"y":[2],"b":null}}"#)),
    }
}

pub async fn a_new_thread_is_found_with_everything_it_was_given(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut thread = make.thread(0);
    thread.title = Some("Where is my order?".to_owned());
    thread.allowed_image_domains = Some(vec!["b.example".to_owned(), "a.example".to_owned()]);
    thread.metadata = object(r#"{"z":1,"a":{"y":[2],"b":null},"text":"\u0000"}"#);
    let start = make.start_new(&thread, vec![put("m1")]);
    assert_eq!(started(store.begin_run(&user("ann"), &start).await.unwrap()), thread);
    let found = store.thread(&user("ann"), &thread.id).await.unwrap().unwrap();
    assert_eq!(found, thread);
    let text = serde_json::to_string(&found.metadata).unwrap();
    assert_eq!(text, r#"{"z":1,"a":{"y":[2],"b":null},"text":"\u0000"}"#, "byte for byte");
    assert_eq!(stored(store, &thread.id).await, ["m1"]);
}

pub async fn a_thread_from_elsewhere_keeps_its_id(store: &dyn FullStore) {
    let make = Fixture::default();
    let id = ThreadId::parse("thr 42/ä%_'\"").unwrap();
    let thread = ThreadRecord { id: id.clone(), ..make.thread(0) };
    started(store.begin_run(&user("ann"), &make.start_new(&thread, vec![put("m'1")])).await.unwrap());
    assert_eq!(store.thread(&user("ann"), &id).await.unwrap(), Some(thread));
    assert_eq!(stored(store, &id).await, ["m'1"]);
}

pub async fn a_thread_cannot_begin_outside_the_scope(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.thread(0);
    for scope in strangers() {
        let begun = store.begin_run(&scope, &make.start_new(&thread, vec![put("m1")])).await;
        assert!(is_not_found(&begun), "{begun:?}");
    }
    assert_eq!(store.thread(&shop(), &thread.id).await.unwrap(), None);
    started(store.begin_run(&shop(), &make.start_new(&thread, Vec::new())).await.unwrap());
}

pub async fn a_threads_id_that_is_taken_is_a_conflict_and_changes_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &["m1"]).await;
    for scope in [user("ann"), user("bob"), Scope::Site(site("blog"))] {
        let twin = ThreadRecord { id: thread.clone(), ..make.thread_of(&scope, 9) };
        let start = make.start_new(&twin, vec![put("m2")]);
        let begun = store.begin_run(&scope, &start).await;
        assert!(is_conflict(&begun), "{begun:?}");
        assert_eq!(store.run(&scope, &start.run).await.unwrap(), None);
    }
    assert_eq!(stored(store, &thread).await, ["m1"]);
    assert_eq!(store.thread(&user("ann"), &thread).await.unwrap().unwrap().created_at, at(0));
}

pub async fn another_user_and_another_site_find_no_thread(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["m1"]).await;
    let thread = &held.thread;
    let all = page(10, Order::Desc, None).into();
    for scope in strangers() {
        assert_eq!(store.thread(&scope, thread).await.unwrap(), None);
        assert_eq!(store.threads(&scope, &all).await.unwrap(), nothing());
        assert_eq!(store.items(&scope, thread, &everything()).await.unwrap(), None);
        assert_eq!(store.item(&scope, thread, "m1").await.unwrap(), None);
        assert_eq!(store.feedback(&scope, thread).await.unwrap(), []);
        assert_eq!(store.run(&scope, &held.run).await.unwrap(), None);
        assert_eq!(store.live_run(&scope, thread).await.unwrap(), None);
        assert!(is_not_found(&store.replace_item(&scope, thread, &message("m1", "mine")).await));
        assert!(is_not_found(&store.change_thread(&scope, thread, &everything_named()).await));
        assert!(is_not_found(&delete(store, &scope, thread).await));
        let items = ["m1".to_owned()];
        assert!(is_not_found(
            &store.add_feedback(&scope, thread, &items, FeedbackKind::Negative, at(1)).await
        ));
        assert!(is_not_found(&store.begin_run(&scope, &make.start_on(thread, 1, vec![put("m2")])).await));
        assert!(is_not_found(&store.request_stop(&scope, &held.run).await));
    }
    assert_eq!(store.item(&user("ann"), thread, "m1").await.unwrap(), Some(message("m1", "m1")));
    assert_eq!(store.thread(&user("ann"), thread).await.unwrap().unwrap().title, None);
    assert_eq!(store.feedback(&user("ann"), thread).await.unwrap(), []);
    assert_eq!(store.renew_runs(&[renewal(&held, None)], LEASE).await.unwrap(), [Renewed::Held]);
}

pub async fn a_service_key_reaches_every_thread_of_its_site(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &["m1"]).await;
    let record = store.thread(&user("ann"), &thread).await.unwrap();
    assert_eq!(store.thread(&shop(), &thread).await.unwrap(), record);
    let start = make.start_on(&thread, 1, vec![put("m2")]);
    started(store.begin_run(&shop(), &start).await.unwrap());
    assert!(store.run(&shop(), &start.run).await.unwrap().is_some());
    store.end_run(&fence(&shop(), &start), &completed(2, vec![put("m3")])).await.unwrap();
    assert_eq!(stored(store, &thread).await, ["m1", "m2", "m3"]);
    store.replace_item(&shop(), &thread, &message("m3", "better")).await.unwrap();
    let found = store.item(&user("ann"), &thread, "m3").await.unwrap();
    assert_eq!(found, Some(message("m3", "better")));
    delete(store, &shop(), &thread).await.unwrap();
    assert_eq!(store.thread(&user("ann"), &thread).await.unwrap(), None);
}

pub async fn a_change_touches_only_what_it_names(store: &dyn FullStore) {
    let make = Fixture::default();
    let (thread, other) = (make.idle(store, &[]).await, make.idle(store, &[]).await);
    let mut expected = store.thread(&user("ann"), &thread).await.unwrap().unwrap();
    let untouched = store.thread(&user("ann"), &other).await.unwrap();
    let changes = [
        everything_named(),
        ThreadChange::default(),
        ThreadChange { title: Some(None), ..ThreadChange::default() },
        ThreadChange { status: Some(status(json!({"type": "active"}))), ..ThreadChange::default() },
        ThreadChange { allowed_image_domains: Some(Some(Vec::new())), ..ThreadChange::default() },
        ThreadChange { allowed_image_domains: Some(None), ..ThreadChange::default() },
        ThreadChange { metadata: Some(object("{}")), ..ThreadChange::default() },
    ];
    for change in changes {
        change.clone().apply(&mut expected);
        assert_eq!(
            store.change_thread(&user("ann"), &thread, &change).await.unwrap(),
            expected,
            "{change:?}"
        );
        assert_eq!(store.thread(&user("ann"), &thread).await.unwrap().as_ref(), Some(&expected));
    }
    assert_eq!(store.thread(&user("ann"), &other).await.unwrap(), untouched);
}

pub async fn a_status_keeps_what_this_version_does_not_know(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &[]).await;
    for json in [r#"{"type":"locked","reason":"r","since":1}"#, r#"{"type":"closed"}"#] {
        let change =
            ThreadChange { status: Some(serde_json::from_str(json).unwrap()), ..ThreadChange::default() };
        let changed = store.change_thread(&user("ann"), &thread, &change).await.unwrap();
        assert_eq!(serde_json::to_string(&changed.status).unwrap(), json);
    }
}

pub async fn deleting_a_thread_takes_everything_of_it_along(store: &dyn FullStore) {
    let make = Fixture::default();
    let record = make.thread(0);
    let start = with_key(make.start_new(&record, vec![put("m1"), put("m2")]), "key", 1, 999);
    started(store.begin_run(&user("ann"), &start).await.unwrap());
    store.end_run(&fence(&user("ann"), &start), &completed(1, Vec::new())).await.unwrap();
    let items = ["m1".to_owned()];
    store.add_feedback(&user("ann"), &record.id, &items, FeedbackKind::Positive, at(1)).await.unwrap();
    let kept = make.idle(store, &["m1"]).await;

    delete(store, &user("ann"), &record.id).await.unwrap();
    assert!(is_not_found(&delete(store, &user("ann"), &record.id).await));
    assert_eq!(store.thread(&user("ann"), &record.id).await.unwrap(), None);
    assert_eq!(store.item(&user("ann"), &record.id, "m1").await.unwrap(), None);
    assert_eq!(store.run(&user("ann"), &start.run).await.unwrap(), None);
    let listed = store.threads(&shop(), &page(10, Order::Asc, None).into()).await.unwrap();
    assert_eq!(listed.threads.iter().map(|thread| &thread.id).collect::<Vec<_>>(), [&kept]);

    // The id and the key are free again, and nothing of before shows.
    let again = with_key(make.start_new(&record, vec![put("m3")]), "key", 1, 999);
    started(store.begin_run(&user("ann"), &again).await.unwrap());
    assert_eq!(stored(store, &record.id).await, ["m3"]);
    assert_eq!(store.feedback(&user("ann"), &record.id).await.unwrap(), []);
    assert_eq!(stored(store, &kept).await, ["m1"]);
}

pub async fn the_audit_log_keeps_that_a_thread_was_deleted(store: &dyn FullStore) {
    let make = Fixture::default();
    let (thread, other) = (make.idle(store, &["m1"]).await, make.idle(store, &["m1"]).await);
    for stranger in strangers() {
        assert!(is_not_found(&delete(store, &stranger, &thread).await));
    }
    assert_eq!(store.audit_log(&shop(), None, 9).await.unwrap(), [], "nothing was deleted");
    let mine = AuditEntry { actor: "user:ann".to_owned(), at: at(1), ..deletion(&other) };
    store.delete_thread(&shop(), &thread, &deletion(&thread)).await.unwrap();
    store.delete_thread(&user("ann"), &other, &mine).await.unwrap();
    assert!(is_not_found(&delete(store, &shop(), &thread).await));
    assert_eq!(store.audit_log(&shop(), None, 9).await.unwrap(), [mine, deletion(&thread)]);
}

pub async fn deleting_a_thread_takes_the_lease_from_its_run(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["m1"]).await;
    delete(store, &user("ann"), &held.thread).await.unwrap();
    assert!(is_conflict(&store.write_run(&held, &[put("m2")]).await));
    assert!(is_conflict(&store.end_run(&held, &completed(1, vec![put("m2")])).await));
    assert!(is_conflict(&store.abandon_run(&held).await));
    assert_eq!(store.renew_runs(&[renewal(&held, None)], LEASE).await.unwrap(), [Renewed::Lost]);
    assert_eq!(store.run(&user("ann"), &held.run).await.unwrap(), None);
}
