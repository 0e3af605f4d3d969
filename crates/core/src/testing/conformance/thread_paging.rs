//! Lists of threads.

use chatkitd_protocol::chatkit::Order;

use super::FullStore;
use super::fixture::{Fixture, at, shop, site, user};
use super::thread_fixture::{delete, page, started};
use crate::id::ThreadId;
use crate::ports::{Rng, Scope};
use crate::testing::SeededRng;
use crate::threads::{DELETED_THREADS_KEPT, ThreadRecord};

async fn create(store: &dyn FullStore, make: &Fixture, scope: &Scope, second: i64) -> ThreadRecord {
    let thread = make.thread_of(scope, second);
    started(store.begin_run(scope, &make.start_new(&thread, Vec::new())).await.unwrap())
}

async fn all_pages(store: &dyn FullStore, scope: &Scope, limit: u32, order: Order) -> Vec<ThreadRecord> {
    let mut all: Vec<ThreadRecord> = Vec::new();
    loop {
        let after = all.last().map(|thread| thread.id.as_str().to_owned());
        let found = store.threads(scope, &page(limit, order, after.as_deref()).into()).await.unwrap();
        assert!(found.threads.len() == limit as usize || !found.has_more);
        all.extend(found.threads);
        if !found.has_more {
            return all;
        }
    }
}

pub async fn threads_are_listed_by_their_time_within_the_scope(store: &dyn FullStore) {
    let make = Fixture::default();
    let blog = Scope::Site(site("blog"));
    let mut made = Vec::new();
    for (scope, second) in [(user("ann"), 5), (user("bob"), 1), (user("ann"), 3), (blog.clone(), 4)] {
        made.push(create(store, &make, &scope, second).await);
    }
    let expect = async |scope: &Scope, ascending: &[usize]| {
        let mut expected: Vec<ThreadRecord> = ascending.iter().map(|at| made[*at].clone()).collect();
        assert_eq!(all_pages(store, scope, 10, Order::Asc).await, expected);
        expected.reverse();
        assert_eq!(all_pages(store, scope, 10, Order::Desc).await, expected);
    };
    expect(&user("ann"), &[2, 0]).await;
    expect(&user("bob"), &[1]).await;
    expect(&shop(), &[1, 2, 0]).await;
    expect(&blog, &[3]).await;
    expect(&user("nobody"), &[]).await;
}

pub async fn a_full_page_can_be_the_last(store: &dyn FullStore) {
    let make = Fixture::default();
    for second in 0..4 {
        create(store, &make, &user("ann"), second).await;
    }
    for order in [Order::Asc, Order::Desc] {
        let first = store.threads(&user("ann"), &page(2, order, None).into()).await.unwrap();
        assert!(first.has_more);
        let cursor = Some(first.threads[1].id.as_str());
        let last = store.threads(&user("ann"), &page(2, order, cursor).into()).await.unwrap();
        assert_eq!((last.threads.len(), last.has_more), (2, false));
        let cursor = Some(last.threads[1].id.as_str());
        let end = store.threads(&user("ann"), &page(2, order, cursor).into()).await.unwrap();
        assert!(end.threads.is_empty() && !end.has_more);
    }
}

pub async fn a_cursor_that_is_not_in_the_list_gives_an_empty_last_page(store: &dyn FullStore) {
    let make = Fixture::default();
    create(store, &make, &user("ann"), 1).await;
    let foreign = create(store, &make, &user("bob"), 2).await;
    let deleted = create(store, &make, &user("bob"), 2).await;
    delete(store, &user("bob"), &deleted.id).await.unwrap();
    create(store, &make, &user("ann"), 3).await;
    for cursor in [foreign.id.as_str(), deleted.id.as_str(), "", "cthr_never"] {
        for order in [Order::Asc, Order::Desc] {
            let found = store.threads(&user("ann"), &page(10, order, Some(cursor)).into()).await.unwrap();
            assert!(found.threads.is_empty() && !found.has_more, "{cursor}");
        }
    }
    let found =
        store.threads(&shop(), &page(10, Order::Desc, Some(foreign.id.as_str())).into()).await.unwrap();
    assert_eq!(found.threads.len(), 1, "a service key's list has it");
}

pub async fn whoever_deletes_each_page_comes_to_the_lists_end(store: &dyn FullStore) {
    let make = Fixture::default();
    for (scope, order) in [(user("ann"), Order::Desc), (user("ann"), Order::Asc), (shop(), Order::Desc)] {
        for second in 0..7 {
            create(store, &make, &user("ann"), second / 2).await;
        }
        let (mut after, mut deleted) = (None::<String>, 0);
        loop {
            let found = store.threads(&scope, &page(2, order, after.as_deref()).into()).await.unwrap();
            for thread in &found.threads {
                delete(store, &scope, &thread.id).await.unwrap();
            }
            deleted += found.threads.len();
            after = found.threads.last().map(|thread| thread.id.as_str().to_owned());
            if !found.has_more {
                break;
            }
        }
        assert_eq!(deleted, 7, "{order:?}");
    }
}

pub async fn a_list_goes_on_after_a_deleted_thread_for_a_day(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut threads = Vec::new();
    for second in 0..3 {
        threads.push(create(store, &make, &user("ann"), second).await);
    }
    let [oldest, deleted, newest] = &threads[..] else { panic!("three") };
    delete(store, &user("ann"), &deleted.id).await.unwrap();
    let beside = async |order: Order| {
        let query = page(9, order, Some(deleted.id.as_str()));
        store.threads(&user("ann"), &query.into()).await.unwrap().threads
    };
    let day = i64::try_from(DELETED_THREADS_KEPT.as_secs()).unwrap();
    store.sweep(at(day)).await.unwrap();
    assert_eq!(beside(Order::Desc).await, std::slice::from_ref(oldest));
    assert_eq!(beside(Order::Asc).await, std::slice::from_ref(newest));
    store.sweep(at(day + 1)).await.unwrap();
    assert_eq!((beside(Order::Desc).await, beside(Order::Asc).await), (Vec::new(), Vec::new()));
}

pub async fn a_deleted_thread_that_is_there_again_stands_at_its_new_place(store: &dyn FullStore) {
    let make = Fixture::default();
    let again = create(store, &make, &user("ann"), 1).await;
    let middle = create(store, &make, &user("ann"), 2).await;
    let place = async |cursor: &ThreadRecord| {
        let query = page(9, Order::Desc, Some(cursor.id.as_str()));
        store.threads(&user("ann"), &query.into()).await.unwrap().threads
    };
    for _ in 0..2 {
        delete(store, &user("ann"), &again.id).await.unwrap();
        let moved = ThreadRecord { created_at: at(3), ..again.clone() };
        started(store.begin_run(&user("ann"), &make.start_new(&moved, Vec::new())).await.unwrap());
        assert_eq!(place(&again).await, std::slice::from_ref(&middle));
    }
    delete(store, &user("ann"), &again.id).await.unwrap();
    assert_eq!(place(&again).await, std::slice::from_ref(&middle), "where it stood last");
}

pub async fn random_threads_page_like_a_sorted_list(store: &dyn FullStore) {
    let (make, rng) = (Fixture::default(), SeededRng::new(98));
    let random = |below: u8| {
        let mut byte = [0u8];
        rng.fill(&mut byte);
        byte[0] % below
    };
    let users = ["ann", "bob", "cem"];
    let mut written: Vec<ThreadRecord> = Vec::new();
    for n in 0..60 {
        let owner = user(users[usize::from(random(3))]);
        // Ids from elsewhere do not sort by time, and many threads share a time.
        let id = format!("{}thr_{n}", char::from(b'A' + random(58)));
        let thread = ThreadRecord {
            id: ThreadId::parse(&id).unwrap(),
            ..make.thread_of(&owner, i64::from(random(20)))
        };
        started(store.begin_run(&owner, &make.start_new(&thread, Vec::new())).await.unwrap());
        written.push(thread);
        if random(6) == 0 {
            let gone = written.swap_remove(usize::from(random(60)) % written.len());
            delete(store, &shop(), &gone.id).await.unwrap();
        }
    }
    written.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    for limit in [1, 7, 60] {
        for scope in [shop(), user("ann"), user("bob"), user("cem")] {
            let own = written.iter().filter(|thread| scope.user().is_none_or(|user| *user == thread.user));
            let mut expected: Vec<ThreadRecord> = own.cloned().collect();
            assert_eq!(all_pages(store, &scope, limit, Order::Asc).await, expected, "limit {limit}");
            expected.reverse();
            assert_eq!(all_pages(store, &scope, limit, Order::Desc).await, expected, "limit {limit}");
        }
    }
}
