//! Closing runs whose process is gone.

use std::time::Duration;

use futures_util::future::join_all;

use super::FullStore;
use super::fixture::{Fixture, at, user};
use super::thread_fixture::{LEASE, completed, hidden, is_conflict, message, put, renewal, started, stored};
use crate::threads::{Fence, ItemWrite, Renewed, RunOutcome, RunStatus, StrandedRun, Which};

async fn interrupt(store: &dyn FullStore, which: Which, limit: u32) -> Vec<StrandedRun> {
    store.interrupt_runs(which, at(9), limit).await.unwrap()
}

fn stranded(fence: &Fence) -> StrandedRun {
    StrandedRun { run: fence.run.clone(), scope: fence.scope.clone(), thread: fence.thread.clone() }
}

async fn stands(store: &dyn FullStore, fence: &Fence) -> RunStatus {
    store.run(&user("ann"), &fence.run).await.unwrap().unwrap().status
}

pub async fn a_run_whose_lease_ran_out_is_closed_with_its_checkpoint(store: &dyn FullStore) {
    let make = Fixture::default();
    let (old, alive) =
        (make.running_until(store, &["a"], Duration::ZERO).await, make.running(store, &["a"]).await);
    let left = vec![message("p1", "partial"), hidden("p2"), message("done", "part")];
    store.renew_runs(&[renewal(&old, Some(left))], Duration::ZERO).await.unwrap();
    store.write_run(&old, &[ItemWrite::Put(message("done", "the whole"))]).await.unwrap();

    assert_eq!(interrupt(store, Which::Expired, 10).await, [stranded(&old)]);
    assert_eq!(interrupt(store, Which::Expired, 10).await, []);
    assert_eq!(stored(store, &old.thread).await, ["a", "done", "p1", "p2"]);
    let found = store.item(&user("ann"), &old.thread, "done").await.unwrap();
    assert_eq!(found, Some(message("done", "the whole")));
    let closed = store.run(&user("ann"), &old.run).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.ended_at), (RunStatus::Ended(RunOutcome::Interrupted), Some(at(9))));
    assert!(is_conflict(&store.write_run(&old, &[put("late")]).await));
    assert_eq!(store.renew_runs(&[renewal(&old, None)], LEASE).await.unwrap(), [Renewed::Lost]);
    started(store.begin_run(&user("ann"), &make.start_on(&old.thread, 10, vec![put("b")])).await.unwrap());
    assert_eq!(stored(store, &old.thread).await, ["a", "done", "p1", "p2", "b"]);
    assert_eq!(stands(store, &alive).await, RunStatus::Running);
}

pub async fn a_start_closes_every_run(store: &dyn FullStore) {
    let make = Fixture::default();
    let ended = make.running(store, &["a"]).await;
    store.end_run(&ended, &completed(1, Vec::new())).await.unwrap();
    let going = make.running(store, &["a"]).await;
    store.renew_runs(&[renewal(&going, Some(vec![message("p", "partial")]))], LEASE).await.unwrap();
    assert_eq!(interrupt(store, Which::Expired, 10).await, []);
    assert_eq!(interrupt(store, Which::All, 10).await, [stranded(&going)]);
    assert_eq!(stored(store, &going.thread).await, ["a", "p"]);
    assert_eq!(stands(store, &going).await, RunStatus::Ended(RunOutcome::Interrupted));
    assert_ne!(stands(store, &ended).await, RunStatus::Ended(RunOutcome::Interrupted));
}

pub async fn no_more_runs_are_closed_than_were_asked_for(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(make.running_until(store, &[], Duration::ZERO).await);
    }
    let mut closed = Vec::new();
    for expected in [2, 2, 1, 0] {
        let batch = interrupt(store, Which::Expired, 2).await;
        assert_eq!(batch.len(), expected);
        closed.extend(batch.into_iter().map(|stranded| stranded.run));
    }
    let mut all: Vec<_> = held.into_iter().map(|fence| fence.run).collect();
    all.sort();
    closed.sort();
    assert_eq!(closed, all);
}

pub async fn two_recoveries_never_close_the_same_run(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut threads = Vec::new();
    for n in 0..20 {
        let held = make.running_until(store, &[], Duration::ZERO).await;
        let left = vec![message(&format!("p{n}"), "partial")];
        store.renew_runs(&[renewal(&held, Some(left))], Duration::ZERO).await.unwrap();
        threads.push(held.thread);
    }
    let closed = join_all((0..4).map(|_| interrupt(store, Which::Expired, 100))).await;
    let mut runs: Vec<_> = closed.into_iter().flatten().map(|stranded| stranded.run).collect();
    runs.extend(interrupt(store, Which::Expired, 100).await.into_iter().map(|stranded| stranded.run));
    runs.sort();
    let count = runs.len();
    runs.dedup();
    assert_eq!((runs.len(), count), (20, 20), "each run exactly once");
    for (n, thread) in threads.iter().enumerate() {
        assert_eq!(stored(store, thread).await, [format!("p{n}")]);
    }
}
