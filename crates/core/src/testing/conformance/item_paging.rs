//! Lists of items.

use chatkitd_protocol::chatkit::Order;

use super::FullStore;
use super::fixture::{Fixture, user};
use super::thread_fixture::{hidden, ids, message, page, put, remove, remove_after};
use crate::id::ThreadId;
use crate::ports::Rng;
use crate::testing::SeededRng;
use crate::threads::{ItemPage, ItemQuery, ItemWrite, PageQuery};

async fn read(store: &dyn FullStore, thread: &ThreadId, page: PageQuery, hidden: bool) -> ItemPage {
    store.items(&user("ann"), thread, &ItemQuery { page, hidden, kinds: None }).await.unwrap().unwrap()
}

async fn all_pages(
    store: &dyn FullStore,
    thread: &ThreadId,
    limit: u32,
    order: Order,
    hidden: bool,
) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let after = all.last().map(String::as_str);
        let found = read(store, thread, page(limit, order, after), hidden).await;
        assert!(found.items.len() == limit as usize || !found.has_more);
        all.extend(ids(&found).into_iter().map(str::to_owned));
        if !found.has_more {
            return all;
        }
    }
}

pub async fn items_are_paged_in_both_orders(store: &dyn FullStore) {
    let thread = Fixture::default().idle(store, &["a", "b", "c", "d"]).await;
    for (order, expected) in [(Order::Asc, ["a", "b", "c", "d"]), (Order::Desc, ["d", "c", "b", "a"])] {
        let first = read(store, &thread, page(2, order, None), false).await;
        assert_eq!((ids(&first), first.has_more), (expected[..2].to_vec(), true));
        let last = read(store, &thread, page(2, order, Some(expected[1])), false).await;
        assert_eq!((ids(&last), last.has_more), (expected[2..].to_vec(), false), "full and still the last");
        let end = read(store, &thread, page(2, order, Some(expected[3])), false).await;
        assert!(end.items.is_empty() && !end.has_more);
        let whole = read(store, &thread, page(4, order, None), false).await;
        assert_eq!((ids(&whole), whole.has_more), (expected.to_vec(), false));
    }
}

pub async fn a_thread_without_items_has_an_empty_page_and_no_thread_has_none(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &[]).await;
    let empty = read(store, &thread, page(20, Order::Desc, None), true).await;
    assert!(empty.items.is_empty() && !empty.has_more);
    let query = ItemQuery { page: page(20, Order::Desc, None), hidden: true, kinds: None };
    assert_eq!(store.items(&user("ann"), &make.thread(0).id, &query).await.unwrap(), None);
}

pub async fn an_unknown_cursor_gives_an_empty_last_page(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a", "b", "c"]).await;
    make.running(store, &["elsewhere"]).await;
    store.write_run(&held, &[remove("b"), ItemWrite::Put(hidden("h"))]).await.unwrap();
    for order in [Order::Asc, Order::Desc] {
        for cursor in ["b", "elsewhere", "", "never there", "h"] {
            let found = read(store, &held.thread, page(20, order, Some(cursor)), false).await;
            assert!(found.items.is_empty() && !found.has_more, "{cursor}");
        }
    }
    let found = read(store, &held.thread, page(20, Order::Desc, Some("h")), true).await;
    assert_eq!(ids(&found), ["c", "a"], "for whom hidden items count they are cursors too");
}

pub async fn hidden_items_are_left_out_before_paging(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let writes = ["h1", "h2", "h3"].map(|id| ItemWrite::Put(hidden(id)));
    store.write_run(&held, &writes).await.unwrap();
    store.write_run(&held, &[put("b"), ItemWrite::Put(hidden("h4")), put("c"), put("d")]).await.unwrap();
    let first = read(store, &held.thread, page(3, Order::Asc, None), false).await;
    assert_eq!((ids(&first), first.has_more), (vec!["a", "b", "c"], true));
    let first = read(store, &held.thread, page(3, Order::Desc, None), false).await;
    assert_eq!((ids(&first), first.has_more), (vec!["d", "c", "b"], true));
    let last = read(store, &held.thread, page(1, Order::Desc, Some("b")), false).await;
    assert_eq!((ids(&last), last.has_more), (vec!["a"], false), "nothing but hidden items follows");
    let all = read(store, &held.thread, page(20, Order::Asc, None), true).await;
    assert_eq!(ids(&all), ["a", "h1", "h2", "h3", "b", "h4", "c", "d"]);
}

/// What a thread's items are like: ids in order, and whether each is hidden.
#[derive(Default)]
struct Model(Vec<(String, bool)>);

impl Model {
    fn apply(&mut self, write: &ItemWrite) {
        match write {
            ItemWrite::Put(item) => match self.0.iter_mut().find(|(id, _)| id == item.id()) {
                Some((_, hidden)) => *hidden = item.is_hidden(),
                None => self.0.push((item.id().to_owned(), item.is_hidden())),
            },
            ItemWrite::Remove(id) => self.0.retain(|(known, _)| known != id),
            ItemWrite::RemoveAfter(id) => {
                let place = self.0.iter().position(|(known, _)| known == id).expect("an item that is there");
                self.0.truncate(place + 1);
            }
            ItemWrite::Change(_) => {}
        }
    }

    fn ids(&self, order: Order, hidden: bool) -> Vec<String> {
        let shown = self.0.iter().filter(|(_, is_hidden)| hidden || !is_hidden).map(|(id, _)| id.clone());
        let mut ids: Vec<String> = shown.collect();
        if order == Order::Desc {
            ids.reverse();
        }
        ids
    }
}

pub async fn random_writes_page_like_a_list(store: &dyn FullStore) {
    let rng = SeededRng::new(99);
    let random = |below: u8| {
        let mut byte = [0u8];
        rng.fill(&mut byte);
        byte[0] % below
    };
    let held = Fixture::default().running(store, &[]).await;
    let mut model = Model::default();
    for _ in 0..40 {
        let mut writes = Vec::new();
        for _ in 0..random(12) {
            let id = format!("i{}", random(80));
            let write = match random(20) {
                0..14 => ItemWrite::Put(message(&id, &id)),
                14..16 => ItemWrite::Put(hidden(&id)),
                16..19 => remove(&id),
                _ => match model.0.last() {
                    Some((last, _)) => remove_after(last),
                    None => put(&id),
                },
            };
            model.apply(&write);
            writes.push(write);
        }
        store.write_run(&held, &writes).await.unwrap();
        let kept = usize::from(random(60));
        if random(8) == 0 && model.0.len() > kept {
            let cut = remove_after(&model.0[kept].0);
            model.apply(&cut);
            store.write_run(&held, &[cut]).await.unwrap();
        }
        let (limit, order, hidden) = (1 + u32::from(random(30)), order(random(2)), random(2) == 0);
        let found = all_pages(store, &held.thread, limit, order, hidden).await;
        assert_eq!(found, model.ids(order, hidden), "limit {limit}, {order:?}, hidden {hidden}");
    }
    assert!(model.0.len() > 10, "the writes leave something to page");
}

fn order(n: u8) -> Order {
    if n == 0 { Order::Asc } else { Order::Desc }
}
