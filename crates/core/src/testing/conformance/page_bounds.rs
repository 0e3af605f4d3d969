//! Pages that are bounded by `before`, by the newest threads, or by kinds of items.

use chatkitd_protocol::chatkit::Order;
use serde_json::json;

use super::FullStore;
use super::fixture::{Fixture, shop, user};
use super::thread_fixture::{hidden, ids, item, put, started};
use crate::id::ThreadId;
use crate::ports::Scope;
use crate::threads::{ItemPage, ItemQuery, ItemWrite, PageQuery, ThreadPage, ThreadQuery, ThreadRecord};

fn between(limit: u32, order: Order, after: Option<&str>, before: Option<&str>) -> PageQuery {
    PageQuery { limit, order, after: after.map(str::to_owned), before: before.map(str::to_owned) }
}

async fn items(store: &dyn FullStore, thread: &ThreadId, page: PageQuery) -> ItemPage {
    let query = ItemQuery { page, hidden: false, kinds: None };
    store.items(&user("ann"), thread, &query).await.unwrap().unwrap()
}

fn names(page: &ThreadPage) -> Vec<&str> {
    page.threads.iter().map(|thread| thread.id.as_str()).collect()
}

/// Threads of `ann` named `t0` to `t9`, with one of `bob` between each two.
async fn ten_threads(store: &dyn FullStore) {
    let make = Fixture::default();
    for n in 0..10 {
        for (owner, id) in [(user("ann"), format!("t{n}")), (user("bob"), format!("bobs{n}"))] {
            let id = ThreadId::parse(&id).unwrap();
            // Two share a second, so that the order is also that of their ids.
            let thread = ThreadRecord { id, ..make.thread_of(&owner, n / 2) };
            started(store.begin_run(&owner, &make.start_new(&thread, Vec::new())).await.unwrap());
        }
    }
}

async fn threads(store: &dyn FullStore, scope: &Scope, newest: Option<u32>, page: PageQuery) -> ThreadPage {
    store.threads(scope, &ThreadQuery { page, newest }).await.unwrap()
}

pub async fn before_alone_gives_the_items_that_end_right_before_it(store: &dyn FullStore) {
    let thread = Fixture::default().idle(store, &["a", "b", "c", "d", "e"]).await;
    for (order, cursor, limit, expected, more) in [
        (Order::Asc, "d", 2, ["b", "c"].as_slice(), true),
        (Order::Asc, "d", 3, &["a", "b", "c"], false),
        (Order::Asc, "a", 3, &[], false),
        (Order::Desc, "b", 2, &["d", "c"], true),
        (Order::Desc, "b", 9, &["e", "d", "c"], false),
        (Order::Desc, "e", 9, &[], false),
    ] {
        let found = items(store, &thread, between(limit, order, None, Some(cursor))).await;
        assert_eq!((ids(&found), found.has_more), (expected.to_vec(), more), "{order:?} before {cursor}");
    }
}

pub async fn with_both_cursors_the_items_lie_between_them(store: &dyn FullStore) {
    let thread = Fixture::default().idle(store, &["a", "b", "c", "d", "e"]).await;
    for (order, after, before, limit, expected, more) in [
        (Order::Asc, "a", "e", 2, ["b", "c"].as_slice(), true),
        (Order::Asc, "a", "e", 3, &["b", "c", "d"], false),
        (Order::Desc, "e", "a", 2, &["d", "c"], true),
        (Order::Desc, "e", "b", 9, &["d", "c"], false),
        (Order::Asc, "d", "b", 9, &[], false),
        (Order::Asc, "b", "b", 9, &[], false),
        (Order::Asc, "a", "elsewhere", 9, &[], false),
        (Order::Desc, "elsewhere", "a", 9, &[], false),
    ] {
        let found = items(store, &thread, between(limit, order, Some(after), Some(before))).await;
        assert_eq!((ids(&found), found.has_more), (expected.to_vec(), more), "{order:?} {after}-{before}");
    }
}

pub async fn a_page_of_nothing_says_whether_there_is_more(store: &dyn FullStore) {
    let make = Fixture::default();
    let (thread, empty) = (make.idle(store, &["a"]).await, make.idle(store, &[]).await);
    for order in [Order::Asc, Order::Desc] {
        let found = items(store, &thread, between(0, order, None, None)).await;
        assert_eq!((ids(&found), found.has_more), (vec![], true));
        assert!(!items(store, &empty, between(0, order, None, None)).await.has_more);
        let found = threads(store, &user("ann"), None, between(0, order, None, None)).await;
        assert_eq!((names(&found), found.has_more), (vec![], true));
    }
}

pub async fn threads_are_bounded_by_before_as_items_are(store: &dyn FullStore) {
    ten_threads(store).await;
    let ann = user("ann");
    for (order, after, before, limit, expected, more) in [
        (Order::Desc, None, Some("t6"), 2, ["t8", "t7"].as_slice(), true),
        (Order::Desc, None, Some("t6"), 9, &["t9", "t8", "t7"], false),
        (Order::Asc, None, Some("t2"), 9, &["t0", "t1"], false),
        (Order::Asc, None, Some("t5"), 3, &["t2", "t3", "t4"], true),
        (Order::Asc, Some("t2"), Some("t5"), 1, &["t3"], true),
        (Order::Desc, Some("t5"), Some("t2"), 9, &["t4", "t3"], false),
        (Order::Asc, Some("t5"), Some("t2"), 9, &[], false),
        (Order::Asc, None, Some("bobs5"), 9, &[], false),
        (Order::Asc, Some("t1"), Some("never"), 9, &[], false),
        (Order::Desc, None, Some("\u{0}"), 9, &[], false),
    ] {
        let found = threads(store, &ann, None, between(limit, order, after, before)).await;
        assert_eq!(
            (names(&found), found.has_more),
            (expected.to_vec(), more),
            "{order:?} {after:?} {before:?}"
        );
    }
    let found = threads(store, &shop(), None, between(2, Order::Asc, None, Some("t5"))).await;
    assert_eq!((names(&found), found.has_more), (vec!["bobs5", "t4"], true), "a site's list has everybody's");
}

pub async fn only_the_newest_threads_are_in_a_list_of_the_newest(store: &dyn FullStore) {
    ten_threads(store).await;
    let ann = user("ann");
    for (newest, order, after, limit, expected, more) in [
        (3, Order::Desc, None, 9, ["t9", "t8", "t7"].as_slice(), false),
        (3, Order::Desc, None, 2, &["t9", "t8"], true),
        (3, Order::Desc, Some("t8"), 9, &["t7"], false),
        (3, Order::Asc, None, 2, &["t7", "t8"], true),
        (3, Order::Asc, Some("t8"), 9, &["t9"], false),
        (10, Order::Asc, None, 1, &["t0"], true),
        (99, Order::Asc, None, 1, &["t0"], true),
        (1, Order::Asc, None, 9, &["t9"], false),
    ] {
        let found = threads(store, &ann, Some(newest), between(limit, order, after, None)).await;
        assert_eq!(
            (names(&found), found.has_more),
            (expected.to_vec(), more),
            "{newest} {order:?} {after:?}"
        );
    }
    let found = threads(store, &shop(), Some(3), between(9, Order::Desc, None, None)).await;
    assert_eq!(names(&found), ["t9", "t8", "bobs9"]);
}

pub async fn items_of_other_kinds_are_left_out_before_paging(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a", "b"]).await;
    let end = |id: &str| {
        ItemWrite::Put(item(json!({
            "id": id, "thread_id": "cthr_1", "created_at": "2026-01-01T00:00:00.000Z", "type": "end_of_turn",
        })))
    };
    // What is said may be anything, the end of a text in C among it.
    let odd = ItemWrite::Put(item(json!({
        "id": "odd", "thread_id": "cthr_1", "created_at": "2026-01-01T00:00:00.000Z", "type": "user_message",
        "content": [{"type": "input_text", "text": "\u{0}\"type\":\"end_of_turn\""}],
    })));
    let writes = [end("e1"), ItemWrite::Put(hidden("h")), put("c"), end("e2"), odd, end("e3")];
    store.write_run(&held, &writes).await.unwrap();
    let of_kinds = async |kinds, page| {
        let query = ItemQuery { page, hidden: false, kinds: Some(kinds) };
        store.items(&user("ann"), &held.thread, &query).await.unwrap().unwrap()
    };
    let messages: &'static [&'static str] = &["assistant_message", "user_message"];
    for (order, after, before, limit, expected, more) in [
        (Order::Asc, None, None, 3, ["a", "b", "c"].as_slice(), true),
        (Order::Asc, Some("c"), None, 1, &["odd"], false),
        (Order::Desc, None, None, 2, &["odd", "c"], true),
        (Order::Desc, None, Some("b"), 1, &["c"], true),
        (Order::Asc, Some("e1"), None, 9, &[], false),
        (Order::Asc, None, Some("h"), 9, &[], false),
    ] {
        let found = of_kinds(messages, between(limit, order, after, before)).await;
        assert_eq!(
            (ids(&found), found.has_more),
            (expected.to_vec(), more),
            "{order:?} {after:?} {before:?}"
        );
    }
    let found = of_kinds(&["end_of_turn"], between(9, Order::Asc, None, None)).await;
    assert_eq!(ids(&found), ["e1", "e2", "e3"]);
}
