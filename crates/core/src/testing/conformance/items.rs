//! Items: their places, and writes that stand or fall together.

use chatkitd_protocol::chatkit::{FeedbackKind, Order, ThreadItem};
use serde_json::json;

use super::FullStore;
use super::fixture::{Fixture, at, user};
use super::thread_fixture::{
    completed, fence, hidden, is_conflict, is_not_found, item, message, page, put, remove, remove_after,
    started, stored,
};
use crate::ports::StoreError;
use crate::threads::{ItemQuery, ItemWrite, ThreadChange};

pub async fn the_texts_of_items_are_the_items(store: &dyn FullStore) {
    let head = json!({"thread_id": "cthr_1", "created_at": "2026-01-01T00:00:00.000Z"});
    let mut call = head.clone();
    for (name, value) in
        [("id", "i1"), ("type", "client_tool_call"), ("status", "completed"), ("call_id", "c"), ("name", "n")]
    {
        call[name] = json!(value);
    }
    call["arguments"] = json!({"kept": null});
    let ThreadItem::ClientToolCall(mut call) = item(call) else { panic!("a tool call") };
    // A page that answers a call with nothing: no JSON would be read as this.
    call.output = Some(serde_json::Value::Null);

    let make = Fixture::default();
    let held = make.running(store, &[]).await;
    let writes = [ItemWrite::Put(call.into()), put("i2"), ItemWrite::Put(hidden("i3")), put("i4")];
    store.write_run(&held, &writes).await.unwrap();
    for (order, limit, after) in [(Order::Asc, 10, None), (Order::Desc, 2, None), (Order::Asc, 1, Some("i1"))]
    {
        let query = ItemQuery { page: page(limit, order, after), hidden: false, kinds: None };
        let texts = store.item_texts(&user("ann"), &held.thread, &query).await.unwrap().unwrap();
        let items = store.items(&user("ann"), &held.thread, &query).await.unwrap().unwrap();
        let wire = serde_json::to_string(&items.into_wire()).unwrap();
        assert_eq!(String::from_utf8(texts.to_json().unwrap()).unwrap(), wire);
    }
    let everything = ItemQuery { page: page(10, Order::Asc, None), hidden: false, kinds: None };
    assert_eq!(store.item_texts(&user("bob"), &held.thread, &everything).await.unwrap(), None);
}

pub async fn an_item_comes_back_byte_for_byte(store: &dyn FullStore) {
    let head = json!({"id": "i1", "thread_id": "cthr_1", "created_at": "2026-01-01T00:00:00.000Z"});
    let mut call = head.clone();
    let arguments: serde_json::Value =
        serde_json::from_str(r#"{"z":1,"a":{"y":[2.50,1e3],"b":null,"text":"\u0000é\"</script>"},"m":"x"}"#)
            .unwrap();
    call["type"] = json!("client_tool_call");
    call["status"] = json!("pending");
    call["call_id"] = json!("call_1");
    call["name"] = json!("lookup");
    call["arguments"] = arguments;
    call["from_the_future"] = json!({"b": 1, "a": [null]});
    let mut unknown = head;
    unknown["id"] = json!("i2");
    unknown["type"] = json!("hologram");
    unknown["beams"] = json!([{"z": 1, "a": 2}]);
    let items = [item(call), item(unknown)];

    let make = Fixture::default();
    let held = make.running(store, &[]).await;
    store.write_run(&held, &items.clone().map(ItemWrite::Put)).await.unwrap();
    for written in items {
        let found = store.item(&user("ann"), &held.thread, written.id()).await.unwrap().unwrap();
        assert_eq!(serde_json::to_string(&found).unwrap(), serde_json::to_string(&written).unwrap());
        assert_eq!(found, written);
    }
}

pub async fn an_item_is_put_at_its_old_place_or_at_the_end(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a", "b", "c"]).await;
    let better = ItemWrite::Put(message("b", "better"));
    store.write_run(&held, &[better, put("d"), ItemWrite::Put(hidden("a"))]).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "b", "c", "d"]);
    let found = store.item(&user("ann"), &held.thread, "b").await.unwrap();
    assert_eq!(found, Some(message("b", "better")));
    let found = store.item(&user("ann"), &held.thread, "a").await.unwrap();
    assert_eq!(found, Some(hidden("a")), "hidden items are found by their ids");
}

pub async fn the_same_item_of_two_threads_is_two_items(store: &dyn FullStore) {
    let make = Fixture::default();
    let (one, two) = (make.running(store, &["a", "b"]).await, make.running(store, &["a", "b"]).await);
    store.write_run(&one, &[ItemWrite::Put(message("a", "one")), remove_after("a")]).await.unwrap();
    assert_eq!(stored(store, &one.thread).await, ["a"]);
    assert_eq!(stored(store, &two.thread).await, ["a", "b"]);
    let found = store.item(&user("ann"), &two.thread, "a").await.unwrap();
    assert_eq!(found, Some(message("a", "a")));
}

pub async fn writes_are_made_in_their_order(store: &dyn FullStore) {
    let make = Fixture::default();
    let cases: [(&[ItemWrite], &[&str]); 9] = [
        (&[], &["a", "b", "c"]),
        (&[remove("b"), put("d")], &["a", "c", "d"]),
        (&[remove("b"), remove("b"), remove("zz")], &["a", "c"]),
        (&[remove("b"), put("b")], &["a", "c", "b"]),
        (&[put("d"), remove("d")], &["a", "b", "c"]),
        (&[put("d"), remove("d"), put("e"), put("d")], &["a", "b", "c", "e", "d"]),
        (&[remove_after("a"), put("d"), put("c")], &["a", "d", "c"]),
        (&[put("d"), put("e"), remove_after("d"), put("f")], &["a", "b", "c", "d", "f"]),
        (&[put("d"), remove_after("b"), remove("a"), put("d")], &["b", "d"]),
    ];
    for (writes, expected) in cases {
        // In the middle of a run, with its beginning and with its end.
        let held = make.running(store, &["a", "b", "c"]).await;
        store.write_run(&held, writes).await.unwrap();
        assert_eq!(stored(store, &held.thread).await, expected, "{writes:?}");

        let thread = make.idle(store, &["a", "b", "c"]).await;
        let start = make.start_on(&thread, 1, writes.to_vec());
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        assert_eq!(stored(store, &thread).await, expected, "{writes:?}");

        let held = make.running(store, &["a", "b", "c"]).await;
        store.end_run(&held, &completed(1, writes.to_vec())).await.unwrap();
        assert_eq!(stored(store, &held.thread).await, expected, "{writes:?}");

        let before = ["a", "b", "c"].map(put);
        let writes: Vec<ItemWrite> = before.into_iter().chain(writes.to_vec()).collect();
        let start = make.start_new(&make.thread(0), writes);
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        assert_eq!(stored(store, &start.thread).await, expected, "{:?}", start.writes);
    }
}

pub async fn of_two_puts_of_an_item_the_second_counts(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let again = |id: &str| ItemWrite::Put(message(id, "again"));
    store.write_run(&held, &[put("b"), put("c"), again("b"), again("a")]).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "b", "c"]);
    for id in ["a", "b"] {
        let found = store.item(&user("ann"), &held.thread, id).await.unwrap();
        assert_eq!(found, Some(message(id, "again")));
    }
}

pub async fn a_write_that_fails_undoes_the_others(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a", "b"]).await;
    let record = store.thread(&user("ann"), &held.thread).await.unwrap();
    let title = ThreadChange { title: Some(Some("New".to_owned())), ..ThreadChange::default() };
    let better = ItemWrite::Put(message("a", "better"));
    let failing = [
        vec![remove_after("zz")],
        vec![
            ItemWrite::Change(Box::new(title)),
            better,
            put("c"),
            remove("b"),
            remove_after("a"),
            remove_after("b"),
        ],
        vec![put("c"), remove("c"), remove_after("c"), put("d")],
    ];
    for writes in failing {
        let refused = store.write_run(&held, &writes).await;
        assert!(is_not_found(&refused), "{refused:?}");
        let refused = store.end_run(&held, &completed(1, writes)).await;
        assert!(is_not_found(&refused), "{refused:?}");
        assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
        let found = store.item(&user("ann"), &held.thread, "a").await.unwrap();
        assert_eq!(found, Some(message("a", "a")));
        assert_eq!(store.thread(&user("ann"), &held.thread).await.unwrap(), record);
    }
    store.write_run(&held, &[put("c")]).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "b", "c"], "the run goes on");
}

pub async fn a_run_changes_its_thread_with_its_items(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let change = |title: &str| {
        let title = Some(Some(title.to_owned()));
        ItemWrite::Change(Box::new(ThreadChange { title, ..ThreadChange::default() }))
    };
    let title = async || store.thread(&user("ann"), &held.thread).await.unwrap().unwrap().title.unwrap();
    store.write_run(&held, &[change("one"), put("b"), change("two")]).await.unwrap();
    assert_eq!(title().await, "two");
    assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
    store.end_run(&held, &completed(1, vec![change("three")])).await.unwrap();
    assert_eq!(title().await, "three");

    let start = make.start_on(&held.thread, 2, vec![change("four"), put("c")]);
    let begun = started(store.begin_run(&user("ann"), &start).await.unwrap());
    assert_eq!(begun.title.as_deref(), Some("four"), "the thread as it is now");
    assert_eq!(title().await, "four");
    assert!(is_conflict(&store.write_run(&held, &[change("five")]).await));
    store.write_run(&fence(&user("ann"), &start), &[remove_after("a"), change("six")]).await.unwrap();
    assert_eq!(title().await, "six");
    assert_eq!(stored(store, &held.thread).await, ["a"]);
    let record = store.thread(&user("ann"), &held.thread).await.unwrap().unwrap();
    assert_eq!(record.created_at, at(0));
}

pub async fn what_cannot_be_an_id_is_not_there(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &["a"]).await;
    let ann = user("ann");
    for id in ["", "a\u{0}", "\u{0}", "a'; --"] {
        assert_eq!(store.item(&ann, &thread, id).await.unwrap(), None);
        assert!(is_not_found(&store.replace_item(&ann, &thread, &message(id, "new")).await));
        let ids = ["a".to_owned(), id.to_owned()];
        assert!(is_not_found(&store.add_feedback(&ann, &thread, &ids, FeedbackKind::Positive, at(1)).await));
        for order in [Order::Asc, Order::Desc] {
            let page = page(10, order, Some(id));
            assert!(store.threads(&ann, &page.clone().into()).await.unwrap().threads.is_empty());
            let query = ItemQuery { page, hidden: true, kinds: None };
            assert!(store.items(&ann, &thread, &query).await.unwrap().unwrap().items.is_empty());
        }
    }
}

pub async fn a_title_is_kept_without_its_nuls(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let odd = ThreadChange { title: Some(Some("a\u{0}b".to_owned())), ..ThreadChange::default() };
    let title = async || store.thread(&user("ann"), &held.thread).await.unwrap().unwrap().title.unwrap();
    store.change_thread(&user("ann"), &held.thread, &odd).await.unwrap();
    assert_eq!(title().await, "a\u{fffd}b");
    store
        .change_thread(&user("ann"), &held.thread, &ThreadChange { title: Some(None), ..odd.clone() })
        .await
        .unwrap();
    store.write_run(&held, &[ItemWrite::Change(Box::new(odd))]).await.unwrap();
    assert_eq!(title().await, "a\u{fffd}b");
}

pub async fn an_item_with_a_nul_in_its_id_is_refused_and_undoes_the_other_writes(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let odd = put("b\u{0}");
    for writes in [vec![odd.clone()], vec![put("c"), odd.clone()], vec![odd, remove("a")]] {
        let refused = store.write_run(&held, &writes).await;
        assert!(matches!(refused, Err(StoreError::Other(_))), "{refused:?}");
        let refused = store.end_run(&held, &completed(1, writes)).await;
        assert!(matches!(refused, Err(StoreError::Other(_))), "{refused:?}");
    }
    assert!(is_not_found(&store.write_run(&held, &[remove_after("a\u{0}")]).await));
    store.write_run(&held, &[remove("a\u{0}"), put("d")]).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "d"], "the run goes on");
}

pub async fn an_item_is_replaced_where_it_is_without_a_lease(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a", "b"]).await;
    store.replace_item(&user("ann"), &held.thread, &message("a", "better")).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
    let found = store.item(&user("ann"), &held.thread, "a").await.unwrap();
    assert_eq!(found, Some(message("a", "better")));
    let missing = store.replace_item(&user("ann"), &held.thread, &message("zz", "new")).await;
    assert!(is_not_found(&missing), "{missing:?}");
    assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
    store.write_run(&held, &[put("c")]).await.unwrap();
}
