//! The in-memory ports under threads that really run at once. The suites race their calls within one
//! task, which is enough for a database, but takes turns on a port that never waits.

use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::limits::Quota;
use chatkitd_core::memory_limiter::MemoryLimiter;
use chatkitd_core::ports::{Credentials, Limiter, Store};
use chatkitd_core::sessions::{Claim, NewSecret, Replacement, SecretStanding};
use chatkitd_core::testing::MemoryStore;
use chatkitd_core::testing::conformance::fixture::{Fixture, at, no_change, replacement, user};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CALLERS: usize = 50;

/// Starts [`CALLERS`] tasks at the same moment and returns what each of them said, by its number.
async fn at_once<T, F>(call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(CALLERS));
    let mut tasks = JoinSet::new();
    for number in 0..CALLERS {
        let (start, call) = (start.clone(), call(number));
        tasks.spawn(async move {
            start.wait().await;
            (number, call.await)
        });
    }
    let mut said = tasks.join_all().await;
    said.sort_by_key(|(number, _)| *number);
    said.into_iter().map(|(_, said)| said).collect()
}

/// A store with one session of `ann` and the one secret that opens it.
async fn store_with_a_secret(make: &Fixture) -> (Arc<MemoryStore>, NewSecret) {
    let (store, secret) = (Arc::new(MemoryStore::default()), make.hosted(0, "cksess_up"));
    store.create_session(&user("ann"), &make.session(0), &secret).await.unwrap();
    (store, secret)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_threads_one_replaces_and_all_learn_what_it_wrote() {
    let make = Fixture::default();
    let (store, old) = store_with_a_secret(&make).await;
    let said = at_once(|number| {
        let (store, new, by) = (store.clone(), make.secret(60), replacement(60, &number.to_string()));
        async move { store.replace_secret(&user("ann"), &old.hash, &by, &no_change(), &new).await.unwrap() }
    })
    .await;
    let winners: Vec<usize> = (0..CALLERS).filter(|number| said[*number].is_none()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let written: Replacement = replacement(60, &winners[0].to_string());
    assert!(said.iter().flatten().all(|found| *found == written));
    let (record, _) = store.client_secret(&old.hash).await.unwrap().unwrap();
    assert_eq!(record.replaced_by, Some(written));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_threads_one_creates_the_users_session() {
    let (make, store) = (Fixture::default(), Arc::new(MemoryStore::default()));
    let said = at_once(|_| {
        let (store, session, secret) = (store.clone(), make.session(0), make.secret(0));
        async move {
            let found = store.find_or_create_session(&user("ann"), &session, &secret).await.unwrap();
            found.map_or((true, session.id), |found| (false, found.id))
        }
    })
    .await;
    assert_eq!(said.iter().filter(|(created, _)| *created).count(), 1, "{said:?}");
    assert!(said.iter().all(|(_, id)| *id == said[0].1), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_threads_one_claims() {
    let (store, old) = store_with_a_secret(&Fixture::default()).await;
    let said = at_once(|_| {
        let store = store.clone();
        async move { store.claim_replacement(&user("ann"), &old.hash, at(1), at(20)).await }
    })
    .await;
    let won = said.iter().filter(|said| matches!(said, Ok(Claim::Yours(_)))).count();
    let refused = said.iter().filter(|said| matches!(said, Ok(Claim::Held))).count();
    assert_eq!((won, refused), (1, CALLERS - 1), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_threads_that_add_secrets_leave_ten_alive() {
    let make = Fixture::default();
    let (store, _) = store_with_a_secret(&make).await;
    let id = store.sessions(&user("ann"), None, 1).await.unwrap().sessions.remove(0).id;
    let added = at_once(|_| {
        let (store, id, secret) = (store.clone(), id.clone(), make.secret(1));
        async move {
            store.add_secret(&user("ann"), &id, &no_change(), &secret).await.unwrap();
            secret.hash
        }
    })
    .await;
    let mut alive = 0;
    for hash in added {
        let (record, session) = store.client_secret(&hash).await.unwrap().unwrap();
        alive += u32::from(record.standing(&session, at(2)) == SecretStanding::Live);
    }
    assert_eq!(alive, chatkitd_core::sessions::LIVE_SECRETS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_of_fifty_threads_escapes_the_limiter() {
    let limiter = Arc::new(MemoryLimiter::default());
    let quota = Quota { limit: 20, window: Duration::from_secs(60) };
    let said = at_once(|_| {
        let limiter = limiter.clone();
        async move { limiter.take("ip:192.0.2.1", quota, at(0)).await.unwrap() }
    })
    .await;
    let mut left: Vec<u32> = said.iter().filter(|said| said.allowed).map(|said| said.remaining).collect();
    left.sort_unstable();
    assert_eq!(left, (0..20).collect::<Vec<_>>(), "each one counted, and none twice");
}
