//! `Idempotency-Key`: the same request again attaches to its first run.

use chatkitd_protocol::chatkit::Order;
use futures_util::future::join_all;
use serde_json::json;

use super::FullStore;
use super::fixture::{Fixture, shop, site, user};
use super::thread_fixture::{completed, fence, page, put, started, status, stored, with_key};
use crate::ports::Scope;
use crate::threads::{Begun, Idempotency, IdempotencyKey, RunStart, ThreadChange};

const UNTIL: i64 = 1_000;

pub async fn the_same_request_again_finds_its_first_run(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let thread = make.idle(store, &["a"]).await;
    let first = with_key(make.start_on(&thread, 1, vec![put("b")]), "key", 1, UNTIL);
    started(store.begin_run(&ann, &first).await.unwrap());
    let again = async || {
        let start = with_key(make.start_on(&thread, 2, vec![put("c")]), "key", 1, UNTIL);
        let begun = store.begin_run(&ann, &start).await.unwrap();
        assert_eq!(begun, Begun::Repeated(first.run.clone()));
        assert_eq!(store.run(&ann, &start.run).await.unwrap(), None);
        let reused = with_key(start, "key", 2, UNTIL);
        assert_eq!(store.begin_run(&ann, &reused).await.unwrap(), Begun::KeyReused);
    };
    again().await;
    store.end_run(&fence(&ann, &first), &completed(3, Vec::new())).await.unwrap();
    again().await;
    let next = make.start_on(&thread, 4, Vec::new());
    started(store.begin_run(&ann, &next).await.unwrap());
    again().await;
    store.end_run(&fence(&ann, &next), &completed(5, Vec::new())).await.unwrap();
    let closed = ThreadChange { status: Some(status(json!({"type": "closed"}))), ..ThreadChange::default() };
    store.change_thread(&ann, &thread, &closed).await.unwrap();
    again().await;
    assert_eq!(stored(store, &thread).await, ["a", "b"]);
}

pub async fn a_new_thread_is_not_begun_twice(store: &dyn FullStore) {
    let make = Fixture::default();
    let first = with_key(make.start_new(&make.thread(0), vec![put("a")]), "key", 1, UNTIL);
    started(store.begin_run(&user("ann"), &first).await.unwrap());
    let again = with_key(make.start_new(&make.thread(1), vec![put("b")]), "key", 1, UNTIL);
    assert_eq!(store.begin_run(&user("ann"), &again).await.unwrap(), Begun::Repeated(first.run.clone()));
    assert_eq!(store.thread(&user("ann"), &again.thread).await.unwrap(), None);
    let reused = with_key(again, "key", 2, UNTIL);
    assert_eq!(store.begin_run(&user("ann"), &reused).await.unwrap(), Begun::KeyReused);
    assert_eq!(store.thread(&user("ann"), &reused.thread).await.unwrap(), None);
}

pub async fn a_key_belongs_to_owner_operation_and_thread(store: &dyn FullStore) {
    let make = Fixture::default();
    for scope in [user("ann"), user("bob"), Scope::User(site("blog"), crate::id::UserId::recorded("ann"))] {
        let start = with_key(make.start_new(&make.thread_of(&scope, 0), Vec::new()), "key", 1, UNTIL);
        started(store.begin_run(&scope, &start).await.unwrap());
    }
    let (one, two) = (make.idle(store, &[]).await, make.idle(store, &[]).await);
    for (thread, operation) in [
        (&one, "threads.add_user_message"),
        (&one, "threads.retry_after_item"),
        (&two, "threads.add_user_message"),
    ] {
        let key = IdempotencyKey { operation, thread: Some(thread.clone()), key: "key".to_owned() };
        let keyed = with_key(make.start_on(thread, 1, Vec::new()), "key", 1, UNTIL);
        let idempotency = keyed.idempotency.clone().map(|known| Idempotency { key, ..known });
        let start = RunStart { idempotency, ..keyed };
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        store.end_run(&fence(&user("ann"), &start), &completed(2, Vec::new())).await.unwrap();
    }
    // Whoever acts on a thread, its owner is the same.
    let keyed = with_key(make.start_on(&one, 3, Vec::new()), "key", 1, UNTIL);
    let begun = store.begin_run(&shop(), &keyed).await.unwrap();
    assert!(matches!(begun, Begun::Repeated(_)), "{begun:?}");
    let other = with_key(make.start_on(&one, 3, Vec::new()), "another key", 1, UNTIL);
    started(store.begin_run(&user("ann"), &other).await.unwrap());
}

pub async fn a_key_is_forgotten_after_its_time(store: &dyn FullStore) {
    let make = Fixture::default();
    let first = with_key(make.start_new(&make.thread(0), Vec::new()), "key", 1, UNTIL);
    started(store.begin_run(&user("ann"), &first).await.unwrap());
    let late = |second| with_key(make.start_new(&make.thread(second), Vec::new()), "key", 2, 2 * UNTIL);
    assert_eq!(store.begin_run(&user("ann"), &late(UNTIL - 1)).await.unwrap(), Begun::KeyReused);
    let second = late(UNTIL);
    started(store.begin_run(&user("ann"), &second).await.unwrap());
    let begun = store.begin_run(&user("ann"), &late(UNTIL + 1)).await.unwrap();
    assert_eq!(begun, Begun::Repeated(second.run), "the key is the second run's now");
    assert!(store.run(&user("ann"), &first.run).await.unwrap().is_some());

    let thread = first.thread;
    let held =
        fence(&user("ann"), &RunStart { thread: thread.clone(), ..make.start_on(&thread, 1, Vec::new()) });
    store
        .end_run(&crate::threads::Fence { run: first.run, ..held }, &completed(1, Vec::new()))
        .await
        .unwrap();
    for second in [0, UNTIL] {
        let start = with_key(make.start_on(&thread, second, Vec::new()), "key", 1, second + UNTIL);
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        store.end_run(&fence(&user("ann"), &start), &completed(second, Vec::new())).await.unwrap();
    }
}

pub async fn what_did_not_begin_leaves_no_key(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let start = with_key(make.start_on(&held.thread, 1, vec![put("b")]), "key", 1, UNTIL);
    let begun = store.begin_run(&user("ann"), &start).await.unwrap();
    assert_eq!(begun, Begun::Busy(held.run.clone()));
    assert!(store.begin_run(&user("bob"), &start).await.is_err());
    store.end_run(&held, &completed(2, Vec::new())).await.unwrap();
    started(store.begin_run(&user("ann"), &start).await.unwrap());
}

pub async fn of_fifty_times_the_same_request_one_begins_a_thread(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let starts: Vec<RunStart> =
        (0..50).map(|_| with_key(make.start_new(&make.thread(0), vec![put("a")]), "key", 1, UNTIL)).collect();
    let results = join_all(starts.iter().map(|start| store.begin_run(&ann, start))).await;
    let results: Vec<Begun> = results.into_iter().map(|result| result.unwrap()).collect();
    let winners: Vec<usize> = (0..50).filter(|n| matches!(results[*n], Begun::Started { .. })).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    let repeated = Begun::Repeated(starts[winners[0]].run.clone());
    assert_eq!(results.iter().filter(|begun| **begun == repeated).count(), 49, "{results:?}");
    let listed = store.threads(&ann, &page(10, Order::Asc, None).into()).await.unwrap();
    assert_eq!(listed.threads.len(), 1);
}

pub async fn of_fifty_times_the_same_request_one_goes_on(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let thread = make.idle(store, &["a"]).await;
    // A key of before whose time is over stands in the way of all of them.
    let old = with_key(make.start_on(&thread, 0, Vec::new()), "key", 1, 5);
    started(store.begin_run(&ann, &old).await.unwrap());
    store.end_run(&fence(&ann, &old), &completed(1, Vec::new())).await.unwrap();
    let starts: Vec<RunStart> =
        (0..50).map(|_| with_key(make.start_on(&thread, 9, vec![put("b")]), "key", 1, UNTIL)).collect();
    let results = join_all(starts.iter().map(|start| store.begin_run(&ann, start))).await;
    let results: Vec<Begun> = results.into_iter().map(|result| result.unwrap()).collect();
    let winners: Vec<usize> = (0..50).filter(|n| matches!(results[*n], Begun::Started { .. })).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    let repeated = Begun::Repeated(starts[winners[0]].run.clone());
    assert_eq!(results.iter().filter(|begun| **begun == repeated).count(), 49, "{results:?}");
    assert_eq!(stored(store, &thread).await, ["a", "b"]);
}
