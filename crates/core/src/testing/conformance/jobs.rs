//! Cancel jobs: leased, counted, never taken twice at once.

use futures_util::future::join_all;

use super::FullStore;
use super::fixture::{Fixture, LEASE, at, audit, no_change, replacement, user};
use crate::sessions::{AuditAction, CancelJob, Session};

/// Leaves one job for each of `count` upstream sessions, all due at second 10.
async fn jobs_due_at_10(store: &dyn FullStore, count: usize) {
    let make = Fixture::default();
    for n in 0..count {
        let session = make.session(0);
        let secret = make.hosted(0, &format!("cksess_up_{n}"));
        store.create_session(&user("ann"), &session, &secret).await.unwrap();
        revoke(store, &session, 10).await;
    }
}

async fn revoke(store: &dyn FullStore, session: &Session, second: i64) {
    let entry = audit(second, AuditAction::SessionRevoked, session.id.as_str());
    store.revoke_session(&user("ann"), &session.id, at(second), &entry).await.unwrap();
}

async fn take(store: &dyn FullStore, now: i64, limit: u32) -> Vec<CancelJob> {
    store.take_cancel_jobs(at(now), LEASE, limit).await.unwrap()
}

pub async fn a_job_is_taken_once_it_is_due(store: &dyn FullStore) {
    jobs_due_at_10(store, 3).await;
    assert!(take(store, 9, 10).await.is_empty());
    assert_eq!(take(store, 10, 2).await.len(), 2);
    assert_eq!(take(store, 10, 2).await.len(), 1);
    assert!(take(store, 10, 2).await.is_empty());
}

pub async fn a_taken_job_comes_back_later_with_each_attempt(store: &dyn FullStore) {
    jobs_due_at_10(store, 1).await;
    // Ten seconds, twenty, forty, eighty, and no longer.
    for (attempt, due) in [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 240)] {
        assert!(take(store, due - 1, 10).await.is_empty(), "before {due}");
        let taken = take(store, due, 10).await;
        assert_eq!(taken.iter().map(|job| job.attempts).collect::<Vec<_>>(), [attempt]);
    }
}

pub async fn two_takers_never_get_the_same_job(store: &dyn FullStore) {
    jobs_due_at_10(store, 20).await;
    let mut taken: Vec<String> = join_all((0..10).map(|_| take(store, 10, 3)))
        .await
        .into_iter()
        .flatten()
        .map(|job| job.upstream_session)
        .collect();
    // A taker may have found every job it looked at in somebody else's hands.
    taken.extend(take(store, 10, 100).await.into_iter().map(|job| job.upstream_session));
    taken.sort();
    let count = taken.len();
    taken.dedup();
    assert_eq!((taken.len(), count), (20, 20), "each job exactly once");
}

pub async fn a_finished_job_is_gone(store: &dyn FullStore) {
    jobs_due_at_10(store, 2).await;
    let taken = take(store, 10, 1).await;
    store.finish_cancel_job(&taken[0]).await.unwrap();
    store.finish_cancel_job(&taken[0]).await.unwrap();
    let left = take(store, 99, 10).await;
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].upstream_session, taken[0].upstream_session);
}

pub async fn an_upstream_session_that_nothing_holds_is_noted_once(store: &dyn FullStore) {
    for due in [10, 20] {
        store.cancel_upstream_session(&user("ann"), "cksess_lost", at(due)).await.unwrap();
    }
    assert!(take(store, 9, 10).await.is_empty());
    let taken = take(store, 10, 10).await;
    let site = user("ann").site().clone();
    assert_eq!(taken, [CancelJob { site, upstream_session: "cksess_lost".to_owned(), attempts: 1 }]);
}

pub async fn a_lease_survives_the_revocation_of_the_session(store: &dyn FullStore) {
    let make = Fixture::default();
    let (session, old) = (make.session(0), make.hosted(0, "cksess_old"));
    store.create_session(&user("ann"), &session, &old).await.unwrap();
    store
        .replace_secret(&user("ann"), &old.hash, &replacement(5, "s"), &no_change(), &make.secret(5))
        .await
        .unwrap();
    assert_eq!(take(store, 35, 10).await.len(), 1);
    revoke(store, &session, 40).await;
    assert!(take(store, 44, 10).await.is_empty(), "somebody is at it already");
    assert_eq!(take(store, 45, 10).await.len(), 1);
}
