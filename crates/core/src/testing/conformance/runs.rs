//! Runs: one per thread, fenced, and what becomes of them.

use chatkitd_protocol::chatkit::FeedbackKind;
use futures_util::future::{join_all, join3, join5};
use serde_json::json;

use super::FullStore;
use super::fixture::{Fixture, at, strangers, user};
use super::thread_fixture::{
    LEASE, completed, delete, fence, is_conflict, is_not_found, message, put, remove_after, renewal, started,
    status, stored, with_key,
};
use crate::threads::{
    Begun, Fence, ItemWrite, Renewed, RunEnd, RunOutcome, RunRecord, RunStart, RunStatus, ThreadChange, Which,
};

pub async fn a_run_begins_writes_and_ends(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let thread = make.idle(store, &["a"]).await;
    for outcome in [RunOutcome::Completed, RunOutcome::Failed, RunOutcome::Stopped, RunOutcome::ShutDown] {
        let start = make.start_on(&thread, 5, vec![put("b")]);
        let held = fence(&ann, &start);
        assert_eq!(store.run(&ann, &start.run).await.unwrap(), None);
        started(store.begin_run(&ann, &start).await.unwrap());
        let going = RunRecord {
            id: start.run.clone(),
            thread: thread.clone(),
            status: RunStatus::Running,
            started_at: at(5),
            ended_at: None,
        };
        assert_eq!(store.run(&ann, &start.run).await.unwrap().as_ref(), Some(&going));
        assert_eq!(store.live_run(&ann, &thread).await.unwrap().as_ref(), Some(&going));
        store.write_run(&held, &[put("c")]).await.unwrap();
        store.end_run(&held, &RunEnd { outcome, writes: vec![put("d")], now: at(9) }).await.unwrap();
        let ended = RunRecord { status: RunStatus::Ended(outcome), ended_at: Some(at(9)), ..going };
        assert_eq!(store.run(&ann, &start.run).await.unwrap(), Some(ended));
        assert_eq!(store.live_run(&ann, &thread).await.unwrap(), None);
        assert_eq!(stored(store, &thread).await, ["a", "b", "c", "d"]);
    }
}

pub async fn a_second_run_finds_the_thread_busy(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let second = make.start_on(&held.thread, 1, vec![put("b")]);
    let begun = store.begin_run(&user("ann"), &second).await.unwrap();
    assert_eq!(begun, Begun::Busy(held.run.clone()));
    assert_eq!(stored(store, &held.thread).await, ["a"]);
    assert_eq!(store.run(&user("ann"), &second.run).await.unwrap(), None);
    let refused = store.write_run(&fence(&user("ann"), &second), &[put("b")]).await;
    assert!(is_conflict(&refused), "{refused:?}");
    store.end_run(&held, &completed(2, Vec::new())).await.unwrap();
    started(store.begin_run(&user("ann"), &second).await.unwrap());
    assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
}

pub async fn a_locked_or_closed_thread_takes_no_run(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let locked = status(json!({"type": "locked", "reason": "under review"}));
    for state in [locked, status(json!({"type": "closed"}))] {
        let change = ThreadChange { status: Some(state.clone()), ..ThreadChange::default() };
        store.change_thread(&user("ann"), &held.thread, &change).await.unwrap();
        let start = make.start_on(&held.thread, 1, vec![put("b")]);
        let begun = store.begin_run(&user("ann"), &start).await.unwrap();
        assert_eq!(begun, Begun::NotActive(state), "whether or not it is busy");
        assert_eq!(store.run(&user("ann"), &start.run).await.unwrap(), None);
    }
    store.end_run(&held, &completed(2, vec![put("b")])).await.unwrap();
    assert_eq!(stored(store, &held.thread).await, ["a", "b"], "the run that went on came to its end");
    let start = make.start_on(&held.thread, 1, vec![put("c")]);
    let begun = store.begin_run(&user("ann"), &start).await.unwrap();
    assert!(matches!(begun, Begun::NotActive(_)), "{begun:?}");
    let active = ThreadChange { status: Some(status(json!({"type": "active"}))), ..ThreadChange::default() };
    store.change_thread(&user("ann"), &held.thread, &active).await.unwrap();
    started(store.begin_run(&user("ann"), &start).await.unwrap());
}

pub async fn a_run_that_ended_cannot_write(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    store.end_run(&held, &completed(1, Vec::new())).await.unwrap();
    let next = make.start_on(&held.thread, 2, vec![put("b")]);
    for _ in 0..2 {
        assert!(is_conflict(&store.write_run(&held, &[put("late")]).await));
        assert!(is_conflict(&store.write_run(&held, &[]).await));
        assert!(is_conflict(&store.write_run(&held, &[remove_after("a"), put("late")]).await));
        assert!(is_conflict(&store.end_run(&held, &completed(3, vec![put("late")])).await));
        assert!(is_conflict(&store.abandon_run(&held).await));
        // The second time around with a run that goes on.
        store.begin_run(&user("ann"), &next).await.unwrap();
    }
    assert_eq!(stored(store, &held.thread).await, ["a", "b"]);
    let record = store.run(&user("ann"), &held.run).await.unwrap().unwrap();
    assert_eq!((record.status, record.ended_at), (RunStatus::Ended(RunOutcome::Completed), Some(at(1))));
    assert_eq!(store.live_run(&user("ann"), &held.thread).await.unwrap().map(|run| run.id), Some(next.run));
}

pub async fn a_fence_of_another_owner_or_thread_does_not_hold(store: &dyn FullStore) {
    let make = Fixture::default();
    let (held, other) = (make.running(store, &["a"]).await, make.running(store, &["a"]).await);
    let mut false_ones: Vec<Fence> =
        strangers().into_iter().map(|scope| Fence { scope, ..held.clone() }).collect();
    false_ones.push(Fence { thread: other.thread.clone(), ..held.clone() });
    false_ones.push(Fence { thread: make.thread(0).id, ..held.clone() });
    for foreign in false_ones {
        assert!(is_conflict(&store.write_run(&foreign, &[put("b")]).await));
        assert!(is_conflict(&store.end_run(&foreign, &completed(1, vec![put("b")])).await));
        assert!(is_conflict(&store.abandon_run(&foreign).await));
    }
    for fence in [&held, &other] {
        assert_eq!(stored(store, &fence.thread).await, ["a"]);
        store.end_run(fence, &completed(1, Vec::new())).await.unwrap();
    }
}

pub async fn of_fifty_callers_one_begins(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &["a"]).await;
    let starts: Vec<RunStart> =
        (0..50).map(|n| make.start_on(&thread, 1, vec![put(&format!("m{n}"))])).collect();
    let ann = user("ann");
    let results = join_all(starts.iter().map(|start| store.begin_run(&ann, start))).await;
    let results: Vec<Begun> = results.into_iter().map(|result| result.unwrap()).collect();
    let winners: Vec<usize> = (0..50).filter(|n| matches!(results[*n], Begun::Started { .. })).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let busy = Begun::Busy(starts[winners[0]].run.clone());
    assert_eq!(results.iter().filter(|begun| **begun == busy).count(), 49, "{results:?}");
    assert_eq!(stored(store, &thread).await, ["a".to_owned(), format!("m{}", winners[0])]);
}

pub async fn of_fifty_callers_one_begins_a_new_thread(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.thread(0);
    let starts: Vec<RunStart> =
        (0..50).map(|n| make.start_new(&thread, vec![put(&format!("m{n}"))])).collect();
    let ann = user("ann");
    let results = join_all(starts.iter().map(|start| store.begin_run(&ann, start))).await;
    let winners: Vec<usize> = (0..50).filter(|n| results[*n].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(results.iter().filter(|result| is_conflict(result)).count(), 49);
    assert_eq!(stored(store, &thread.id).await, [format!("m{}", winners[0])]);
}

pub async fn runs_on_many_threads_do_not_wait_for_one_another(store: &dyn FullStore) {
    let make = Fixture::default();
    let talks = (0..30).map(|_| async {
        let held = make.running(store, &["a"]).await;
        for n in 0..5 {
            store.write_run(&held, &[put(&format!("b{n}"))]).await.unwrap();
            store.renew_runs(&[renewal(&held, Some(Vec::new()))], LEASE).await.unwrap();
        }
        store.end_run(&held, &completed(1, vec![put("c")])).await.unwrap();
        assert_eq!(stored(store, &held.thread).await, ["a", "b0", "b1", "b2", "b3", "b4", "c"]);
    });
    join_all(talks).await;
}

pub async fn what_happens_to_a_thread_at_once_waits_for_no_other_in_a_circle(store: &dyn FullStore) {
    let make = Fixture::default();
    let (ann, ids) = (user("ann"), ["a", "b", "c", "d"]);
    let held = make.running(store, &ids).await;
    let forwards: Vec<ItemWrite> = ids.iter().map(|id| put(id)).collect();
    let backwards: Vec<ItemWrite> = ids.iter().rev().map(|id| put(id)).collect();
    let liked: Vec<String> = ids.iter().rev().map(|&id| id.to_owned()).collect();
    let (held, ann, liked) = (&held, &ann, &liked);
    let rounds = (0..12).map(|n| {
        let writes = if n % 2 == 0 { &forwards } else { &backwards };
        let title = ThreadChange { title: Some(Some(format!("{n}"))), ..ThreadChange::default() };
        async move {
            let renewals = [renewal(held, Some(vec![message("p", "partial")]))];
            let replacement = message("c", "better");
            let at_once = join5(
                store.write_run(held, writes),
                store.add_feedback(ann, &held.thread, liked, FeedbackKind::Positive, at(n)),
                store.replace_item(ann, &held.thread, &replacement),
                store.change_thread(ann, &held.thread, &title),
                store.renew_runs(&renewals, LEASE),
            );
            let (wrote, opinion, replaced, changed, renewed) = at_once.await;
            wrote.unwrap();
            opinion.unwrap();
            replaced.unwrap();
            changed.unwrap();
            renewed.unwrap();
        }
    });
    join_all(rounds).await;
    assert_eq!(stored(store, &held.thread).await, ids);
    assert_eq!(store.feedback(ann, &held.thread).await.unwrap().len(), ids.len());
    // The end, a deletion and a recovery: whoever comes first, nothing is left half done.
    let end = completed(20, vec![put("e")]);
    let (ended, deleted, recovered) = join3(
        store.end_run(held, &end),
        delete(store, ann, &held.thread),
        store.interrupt_runs(Which::All, at(20), 10),
    )
    .await;
    deleted.unwrap();
    recovered.unwrap();
    assert!(ended.is_ok() || is_conflict(&ended), "{ended:?}");
    assert_eq!(store.run(ann, &held.run).await.unwrap(), None);
}

pub async fn what_begins_together_fails_together(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &["a"]).await;
    let writes = vec![put("b"), remove_after("zz")];
    let start = with_key(make.start_on(&thread, 1, writes.clone()), "key", 1, 999);
    let refused = store.begin_run(&user("ann"), &start).await;
    assert!(is_not_found(&refused), "{refused:?}");
    assert_eq!(stored(store, &thread).await, ["a"]);
    assert_eq!(store.run(&user("ann"), &start.run).await.unwrap(), None);
    assert_eq!(store.live_run(&user("ann"), &thread).await.unwrap(), None);
    started(store.begin_run(&user("ann"), &RunStart { writes: vec![put("b")], ..start }).await.unwrap());

    let start = make.start_new(&make.thread(0), writes);
    let refused = store.begin_run(&user("ann"), &start).await;
    assert!(is_not_found(&refused), "{refused:?}");
    assert_eq!(store.thread(&user("ann"), &start.thread).await.unwrap(), None);
}

pub async fn an_end_that_fails_leaves_the_run_going(store: &dyn FullStore) {
    let make = Fixture::default();
    let held = make.running(store, &["a"]).await;
    let refused = store.end_run(&held, &completed(1, vec![put("b"), remove_after("zz")])).await;
    assert!(is_not_found(&refused), "{refused:?}");
    assert_eq!(stored(store, &held.thread).await, ["a"]);
    let going = store.live_run(&user("ann"), &held.thread).await.unwrap().unwrap();
    assert_eq!((going.id, going.status), (held.run.clone(), RunStatus::Running));
    store.end_run(&held, &completed(1, vec![put("b")])).await.unwrap();
}

pub async fn an_abandoned_run_is_as_if_it_had_never_been(store: &dyn FullStore) {
    let make = Fixture::default();
    let thread = make.idle(store, &["a"]).await;
    let start = with_key(make.start_on(&thread, 1, Vec::new()), "key", 1, 999);
    started(store.begin_run(&user("ann"), &start).await.unwrap());
    store.abandon_run(&fence(&user("ann"), &start)).await.unwrap();
    assert_eq!(store.run(&user("ann"), &start.run).await.unwrap(), None);
    assert_eq!(store.live_run(&user("ann"), &thread).await.unwrap(), None);
    assert!(is_conflict(&store.abandon_run(&fence(&user("ann"), &start)).await));
    let again = with_key(make.start_on(&thread, 2, vec![put("b")]), "key", 2, 999);
    started(store.begin_run(&user("ann"), &again).await.unwrap());
    assert_eq!(stored(store, &thread).await, ["a", "b"]);
}

pub async fn a_stop_reaches_the_run_with_its_next_renewal(store: &dyn FullStore) {
    let make = Fixture::default();
    let (held, other) = (make.running(store, &[]).await, make.running(store, &[]).await);
    store.request_stop(&user("ann"), &held.run).await.unwrap();
    store.request_stop(&user("ann"), &held.run).await.unwrap();
    for _ in 0..2 {
        let answers = store.renew_runs(&[renewal(&held, None), renewal(&other, None)], LEASE).await.unwrap();
        assert_eq!(answers, [Renewed::StopRequested, Renewed::Held]);
    }
    store.write_run(&held, &[put("partial")]).await.unwrap();
    store.end_run(&held, &completed(1, Vec::new())).await.unwrap();
    store.request_stop(&user("ann"), &held.run).await.unwrap();
    let unknown = make.start_new(&make.thread(0), Vec::new()).run;
    assert!(is_not_found(&store.request_stop(&user("ann"), &unknown).await));
}
