//! Leases: kept alive in batches, and taken over once they ran out.

use std::time::Duration;

use futures_util::future::join_all;

use super::FullStore;
use super::fixture::{Fixture, at, user};
use super::thread_fixture::{
    LEASE, completed, delete, fence, hidden, is_conflict, message, put, remove_after, renewal, started,
    stored,
};
use crate::id::RunId;
use crate::threads::{Begun, Fence, ItemWrite, Renewal, Renewed, RunOutcome, RunStart, RunStatus};

/// A lease of this length has run out by the time it is looked at.
const NONE: Duration = Duration::ZERO;

/// The run that another one closed when it began.
fn interrupted(begun: Begun) -> Option<RunId> {
    match begun {
        Begun::Started { interrupted, .. } => interrupted,
        other => panic!("the run did not begin: {other:?}"),
    }
}

async fn renew(store: &dyn FullStore, renewals: &[Renewal], lease: Duration) -> Vec<Renewed> {
    store.renew_runs(renewals, lease).await.unwrap()
}

pub async fn a_lease_that_ran_out_is_taken_over(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let old = make.running_until(store, &["a"], NONE).await;
    assert_eq!(store.live_run(&ann, &old.thread).await.unwrap(), None, "it holds no lease any more");
    let left = vec![message("p1", "partial"), hidden("p2")];
    assert_eq!(renew(store, &[renewal(&old, Some(left.clone()))], NONE).await, [Renewed::Held]);
    let stands = store.run(&ann, &old.run).await.unwrap().unwrap();
    assert_eq!((stands.status, stands.ended_at), (RunStatus::Running, None), "nobody closed it yet");

    let start = make.start_on(&old.thread, 7, vec![put("b")]);
    assert_eq!(interrupted(store.begin_run(&ann, &start).await.unwrap()), Some(old.run.clone()));
    assert_eq!(stored(store, &old.thread).await, ["a", "p1", "p2", "b"]);
    for item in left {
        assert_eq!(store.item(&ann, &old.thread, item.id()).await.unwrap(), Some(item));
    }
    let closed = store.run(&ann, &old.run).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.ended_at), (RunStatus::Ended(RunOutcome::Interrupted), Some(at(7))));
    assert_eq!(store.live_run(&ann, &old.thread).await.unwrap().map(|run| run.id), Some(start.run.clone()));

    assert!(is_conflict(&store.write_run(&old, &[put("late")]).await));
    assert!(is_conflict(&store.end_run(&old, &completed(8, vec![put("late")])).await));
    let late = renewal(&old, Some(vec![message("late", "late")]));
    assert_eq!(renew(store, &[late], LEASE).await, [Renewed::Lost]);
    store.end_run(&fence(&ann, &start), &completed(9, Vec::new())).await.unwrap();
    let next = store.begin_run(&ann, &make.start_on(&old.thread, 10, Vec::new())).await.unwrap();
    assert_eq!(interrupted(next), None, "the run before came to its end");
    assert_eq!(stored(store, &old.thread).await, ["a", "p1", "p2", "b"], "once");
}

pub async fn what_was_finished_after_the_checkpoint_stays_as_it_is(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.running_until(store, &[], NONE).await;
    let left = vec![message("m1", "part"), message("m2", "part")];
    renew(store, &[renewal(&old, Some(left))], NONE).await;
    store.write_run(&old, &[ItemWrite::Put(message("m1", "the whole"))]).await.unwrap();
    // The new run cuts what was appended: that came first.
    let start = make.start_on(&old.thread, 1, vec![remove_after("m2"), put("b")]);
    started(store.begin_run(&user("ann"), &start).await.unwrap());
    assert_eq!(stored(store, &old.thread).await, ["m1", "m2", "b"]);
    let found = store.item(&user("ann"), &old.thread, "m1").await.unwrap();
    assert_eq!(found, Some(message("m1", "the whole")));
}

pub async fn a_takeover_that_fails_changes_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.running_until(store, &["a"], NONE).await;
    renew(store, &[renewal(&old, Some(vec![message("p", "partial")]))], NONE).await;
    let start = make.start_on(&old.thread, 1, vec![remove_after("zz")]);
    assert!(store.begin_run(&user("ann"), &start).await.is_err());
    assert_eq!(stored(store, &old.thread).await, ["a"]);
    store.write_run(&old, &[put("b")]).await.unwrap();
    let start = RunStart { writes: Vec::new(), ..start };
    started(store.begin_run(&user("ann"), &start).await.unwrap());
    assert_eq!(stored(store, &old.thread).await, ["a", "b", "p"]);
}

pub async fn a_lease_that_ran_out_holds_again_once_renewed(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running_until(store, &["a"], NONE).await;
    store.write_run(&held, &[put("b")]).await.unwrap();
    assert_eq!(renew(store, &[renewal(&held, None)], LEASE).await, [Renewed::Held]);
    let start = make.start_on(&held.thread, 1, vec![put("late")]);
    let begun = store.begin_run(&user("ann"), &start).await.unwrap();
    assert_eq!(begun, Begun::Busy(held.run.clone()));
    let live = store.live_run(&user("ann"), &held.thread).await.unwrap();
    assert_eq!(live.map(|run| run.id), Some(held.run.clone()));
    store.end_run(&held, &completed(2, Vec::new())).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
}

pub async fn a_checkpoint_stays_until_another_replaces_it(store: &dyn FullStore) {
    let make = Fixture::default();
    for (next, expected) in [
        (None, &["p1"][..]),
        (Some(Vec::new()), &[]),
        (Some(vec![message("p2", "more"), message("p3", "more")]), &["p2", "p3"]),
    ] {
        let held = make.running_until(store, &[], NONE).await;
        renew(store, &[renewal(&held, Some(vec![message("p1", "first")]))], NONE).await;
        assert!(stored(store, &held.thread).await.is_empty(), "a checkpoint is not an item");
        renew(store, &[renewal(&held, next)], NONE).await;
        let start = make.start_on(&held.thread, 1, Vec::new());
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        assert_eq!(stored(store, &held.thread).await, expected);
    }
}

pub async fn a_checkpoint_of_a_run_that_ended_is_not_appended(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running_until(store, &["a"], NONE).await;
    renew(store, &[renewal(&held, Some(vec![message("p", "partial")]))], NONE).await;
    store.end_run(&held, &completed(1, vec![put("b")])).await.unwrap();
    started(store.begin_run(&user("ann"), &make.start_on(&held.thread, 2, vec![put("c")])).await.unwrap());
    assert_eq!(stored(store, &held.thread).await, ["a", "b", "c"]);
    let record = store.run(&user("ann"), &held.run).await.unwrap().unwrap();
    assert_eq!(record.status, RunStatus::Ended(RunOutcome::Completed));
}

pub async fn a_batch_of_renewals_is_answered_in_its_order(store: &dyn FullStore) {
    let make = Fixture::default();
    assert_eq!(renew(store, &[], LEASE).await, []);
    let held: Vec<Fence> =
        join_all((0..1_200).map(|_| make.running_until(store, &[], NONE))).await.into_iter().collect();
    let mut expected = vec![Renewed::Held; held.len()];
    for n in (0..held.len()).step_by(400) {
        store.end_run(&held[n], &completed(1, Vec::new())).await.unwrap();
        store.request_stop(&user("ann"), &held[n + 1].run).await.unwrap();
        delete(store, &user("ann"), &held[n + 2].thread).await.unwrap();
        expected[n] = Renewed::Lost;
        expected[n + 1] = Renewed::StopRequested;
        expected[n + 2] = Renewed::Lost;
    }
    let checkpoint = |n: usize| n.is_multiple_of(2).then(|| vec![message(&format!("p{n}"), "partial")]);
    let renewals: Vec<Renewal> =
        held.iter().enumerate().map(|(n, held)| renewal(held, checkpoint(n))).collect();
    assert_eq!(renew(store, &renewals, NONE).await, expected);
    let reversed: Vec<Renewal> = held.iter().rev().map(|held| renewal(held, None)).collect();
    expected.reverse();
    assert_eq!(renew(store, &reversed, NONE).await, expected);
    for n in [4, 1_004, 1_005] {
        let start = make.start_on(&held[n].thread, 2, Vec::new());
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        let expected = if n.is_multiple_of(2) { vec![format!("p{n}")] } else { Vec::new() };
        assert_eq!(stored(store, &held[n].thread).await, expected);
    }
}

pub async fn of_fifty_callers_one_takes_a_lease_over(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.running_until(store, &["a"], NONE).await;
    renew(store, &[renewal(&old, Some(vec![message("p", "partial")]))], NONE).await;
    let starts: Vec<RunStart> =
        (0..50).map(|n| make.start_on(&old.thread, 1, vec![put(&format!("m{n}"))])).collect();
    let ann = user("ann");
    let results = join_all(starts.iter().map(|start| store.begin_run(&ann, start))).await;
    let results: Vec<Begun> = results.into_iter().map(|result| result.unwrap()).collect();
    let winners: Vec<usize> = (0..50).filter(|n| matches!(results[*n], Begun::Started { .. })).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    let expected = ["a".to_owned(), "p".to_owned(), format!("m{}", winners[0])];
    assert_eq!(stored(store, &old.thread).await, expected);
}
