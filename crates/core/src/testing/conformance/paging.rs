//! Lists of sessions.

use super::FullStore;
use super::fixture::{Fixture, shop, user};
use crate::id::SessionId;
use crate::ports::{Rng, Scope};
use crate::testing::SeededRng;

async fn all_pages(store: &dyn FullStore, scope: &Scope, limit: u32) -> Vec<SessionId> {
    let mut ids: Vec<SessionId> = Vec::new();
    loop {
        let page = store.sessions(scope, ids.last(), limit).await.unwrap();
        assert!(page.sessions.len() <= limit as usize);
        ids.extend(page.sessions.into_iter().map(|session| session.id));
        if !page.has_more {
            return ids;
        }
    }
}

pub async fn sessions_are_listed_newest_first_within_the_scope(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut ids = Vec::new();
    for (second, name) in [(0, "ann"), (1, "bob"), (2, "ann")] {
        let session = make.session_of(&user(name), second);
        store.create_session(&user(name), &session, &make.secret(second)).await.unwrap();
        ids.push(session.id);
    }
    assert_eq!(all_pages(store, &user("ann"), 10).await, [ids[2].clone(), ids[0].clone()]);
    assert_eq!(all_pages(store, &user("bob"), 10).await, [ids[1].clone()]);
    ids.reverse();
    assert_eq!(all_pages(store, &shop(), 10).await, ids);
}

pub async fn pages_join_to_the_whole_list(store: &dyn FullStore) {
    let make = Fixture::default();
    for second in 0..4 {
        store.create_session(&user("ann"), &make.session(second), &make.secret(second)).await.unwrap();
    }
    let first = store.sessions(&shop(), None, 2).await.unwrap();
    assert!(first.has_more);
    let last = store.sessions(&shop(), Some(&first.sessions[1].id), 2).await.unwrap();
    assert_eq!(last.sessions.len(), 2);
    assert!(!last.has_more, "the last page is full and still the last");
    let end = store.sessions(&shop(), Some(&last.sessions[1].id), 2).await.unwrap();
    assert!(end.sessions.is_empty() && !end.has_more);
}

pub async fn random_sessions_page_like_a_sorted_list(store: &dyn FullStore) {
    let (make, rng) = (Fixture::default(), SeededRng::new(99));
    let random = |below: u8| {
        let mut byte = [0u8];
        rng.fill(&mut byte);
        byte[0] % below
    };
    let users = ["ann", "bob", "cem"];
    let mut written: Vec<(usize, SessionId)> = Vec::new();
    for _ in 0..60 {
        let (owner, second) = (usize::from(random(3)), i64::from(random(20)));
        let session = make.session_of(&user(users[owner]), second);
        store.create_session(&shop(), &session, &make.secret(second)).await.unwrap();
        written.push((owner, session.id));
    }
    written.sort_by(|a, b| b.1.cmp(&a.1));
    for limit in [1, 7, 60, 61] {
        let all: Vec<SessionId> = written.iter().map(|(_, id)| id.clone()).collect();
        assert_eq!(all_pages(store, &shop(), limit).await, all, "limit {limit}");
        for (owner, name) in users.iter().enumerate() {
            let own = written.iter().filter(|(of, _)| *of == owner).map(|(_, id)| id.clone());
            assert_eq!(
                all_pages(store, &user(name), limit).await,
                own.collect::<Vec<_>>(),
                "{name}, {limit}"
            );
        }
    }
}
