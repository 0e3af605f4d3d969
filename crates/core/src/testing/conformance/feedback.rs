//! What users think of items.

use chatkitd_protocol::chatkit::FeedbackKind::{self, Negative, Positive};

use super::FullStore;
use super::fixture::{Fixture, at, user};
use super::thread_fixture::{hidden, is_not_found, message, put, remove, remove_after};
use crate::id::ThreadId;
use crate::ports::StoreError;
use crate::threads::ItemWrite;

async fn give(
    store: &dyn FullStore,
    thread: &ThreadId,
    items: &[&str],
    kind: FeedbackKind,
) -> Result<(), StoreError> {
    let items: Vec<String> = items.iter().map(|&id| id.to_owned()).collect();
    store.add_feedback(&user("ann"), thread, &items, kind, at(1)).await
}

async fn kept(store: &dyn FullStore, thread: &ThreadId) -> Vec<(String, FeedbackKind)> {
    store.feedback(&user("ann"), thread).await.unwrap()
}

fn opinions(all: &[(&str, FeedbackKind)]) -> Vec<(String, FeedbackKind)> {
    all.iter().map(|(id, kind)| ((*id).to_owned(), *kind)).collect()
}

pub async fn a_later_opinion_replaces_the_earlier_one(store: &dyn FullStore) {
    let thread = Fixture::default().idle(store, &["c", "b", "a"]).await;
    assert_eq!(kept(store, &thread).await, []);
    give(store, &thread, &["b", "a", "b"], Positive).await.unwrap();
    assert_eq!(kept(store, &thread).await, opinions(&[("a", Positive), ("b", Positive)]));
    give(store, &thread, &["c", "b"], Negative).await.unwrap();
    let expected = [("a", Positive), ("b", Negative), ("c", Negative)];
    assert_eq!(kept(store, &thread).await, opinions(&expected));
    give(store, &thread, &[], Positive).await.unwrap();
    assert_eq!(kept(store, &thread).await, opinions(&expected));
}

pub async fn feedback_on_what_is_not_there_keeps_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    make.running(store, &["elsewhere"]).await;
    store.write_run(&held, &[ItemWrite::Put(hidden("h"))]).await.unwrap();
    for items in [&["a", "zz"][..], &["elsewhere"], &["zz", "a", "a"]] {
        let refused = give(store, &held.thread, items, Positive).await;
        assert!(is_not_found(&refused), "{refused:?}");
    }
    let refused = give(store, &make.thread(0).id, &[], Positive).await;
    assert!(is_not_found(&refused), "{refused:?}");
    assert_eq!(kept(store, &held.thread).await, []);
    give(store, &held.thread, &["a", "h"], Positive).await.unwrap();
    assert_eq!(kept(store, &held.thread).await, opinions(&[("a", Positive), ("h", Positive)]));
}

pub async fn feedback_stays_with_a_replaced_item_and_goes_with_a_deleted_one(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a", "b", "c"]).await;
    give(store, &held.thread, &["a", "b", "c"], Positive).await.unwrap();
    store.write_run(&held, &[ItemWrite::Put(message("a", "better"))]).await.unwrap();
    store.replace_item(&user("ann"), &held.thread, &message("b", "better")).await.unwrap();
    assert_eq!(kept(store, &held.thread).await.len(), 3);
    store.write_run(&held, &[remove_after("b"), remove("a")]).await.unwrap();
    store.write_run(&held, &[put("a"), put("c")]).await.unwrap();
    assert_eq!(kept(store, &held.thread).await, opinions(&[("b", Positive)]));
}
