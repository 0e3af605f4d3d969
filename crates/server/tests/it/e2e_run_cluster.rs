//! Runs on two nodes with one PostgreSQL and one Redis: what one gives, the other shows, resumes and stops.

use std::time::Duration;

use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::binary::Process;
use crate::chat::{Chat, Event, Events, text_of};
use crate::databases::{OwnRedis, postgres};
use crate::e2e_runs::{PUPPET, answers, assert_interrupted, puppet};
use crate::server::{Env, Node, required, send};
use crate::wait::until;

/// A lease lasts ten seconds; those who want the thread look again and again.
const AFTER_THE_LEASE: Duration = Duration::from_secs(25);

async fn env(folder: &TempDir, redis: &str) -> Env {
    Env::sqlite(folder)
        .set("CHATKITD_DATABASE_URL", postgres().await)
        .set("CHATKITD_REDIS_URL", redis)
        .set("CHATKITD_LIMITER", "memory")
        .set("CHATKIT_WORKFLOW_ID", format!("{PUPPET},wf_echo"))
}

struct Cluster {
    a: Node,
    b: Node,
    /// What the agent on the first node says.
    say: UnboundedSender<String>,
    on_a: Chat,
    on_b: Chat,
    _folder: TempDir,
}

async fn cluster(redis: &str) -> Cluster {
    let folder = tempdir().unwrap();
    let env = env(&folder, redis).await;
    let ((a, say), (b, _)) = tokio::join!(puppet(&env), puppet(&env));
    let on_a = Chat::open(&a.url, PUPPET).await;
    let on_b = on_a.at(&b.url);
    Cluster { a, b, say, on_a, on_b, _folder: folder }
}

async fn shared_redis() -> Cluster {
    cluster(&required("CHATKITD_TEST_REDIS_URL")).await
}

/// Goes on with a run through a node that may have heard of it a moment ago only.
async fn follow(chat: &Chat, run: &str, after: u64) -> Events {
    let begun = Instant::now();
    loop {
        let response = chat.resuming(run, after).send().await.unwrap();
        if response.status() == 200 {
            return Events::from(response);
        }
        assert!(begun.elapsed() < AFTER_THE_LEASE, "{}", response.text().await.unwrap());
    }
}

#[tokio::test]
async fn a_run_on_one_node_is_watched_and_resumed_through_the_other() {
    let Cluster { say, on_a, on_b, a: _a, b: _b, .. } = &shared_redis().await;
    let mut here = on_a.create("hello").await;
    let (run, thread) = (here.run.clone(), here.thread().await);
    say.send("one ".to_owned()).unwrap();
    let first = here.deltas(1).await;

    let mut there = follow(on_b, &run, 0).await;
    assert_eq!(there.thread().await, thread);
    assert_eq!(there.deltas(1).await, first);
    drop(there);
    say.send("two ".to_owned()).unwrap();
    let mut there = follow(on_b, &run, first.id).await;
    let next = there.next().await.unwrap();
    assert_eq!((next.id, next.delta()), (first.id + 1, Some("two ")));
    say.send("three".to_owned()).unwrap();
    assert_eq!(there.deltas(1).await.delta(), Some("three"));

    let live = on_b.ask("threads.get_by_id", serde_json::json!({"thread_id": thread})).await;
    assert_eq!(live.headers["x-chatkit-run-id"], run.as_str(), "after a reload, on any node");
    on_a.cancel(&run).await;
    let (here, there) = (here.rest().await, there.rest().await);
    assert_eq!(there, here[here.len() - there.len()..], "both see the same events to the end");
    assert_eq!(answers(&on_b.items(&thread).await), ["one two three"]);
    let whole = follow(on_b, &run, 0).await.rest().await;
    assert_eq!(whole.last(), here.last(), "the log outlives the run");
}

#[tokio::test]
async fn a_run_is_cancelled_through_the_other_node_at_once() {
    let Cluster { say, on_a, on_b, a: _a, b: _b, .. } = &shared_redis().await;
    let cancel = async || {
        let mut events = on_a.create("hello").await;
        let thread = events.thread().await;
        say.send("never ".to_owned()).unwrap();
        events.deltas(1).await;
        let begun = Instant::now();
        assert_eq!(on_b.cancel(&events.run).await.status, 200);
        let rest = events.rest().await;
        assert_eq!(rest.last().unwrap().done().map(text_of).as_deref(), Some("never "));
        assert_eq!(answers(&on_b.items(&thread).await), ["never "]);
        begun.elapsed()
    };
    // The node may not listen yet, or the machine may stand still: another time it does not.
    let mut took = Vec::new();
    for _ in 0..3 {
        took.push(cancel().await);
        if took.last().is_some_and(|took| *took < Duration::from_secs(3)) {
            return;
        }
    }
    panic!("no sooner than the lease is renewed: {took:?}");
}

#[tokio::test]
async fn nobody_elses_run_is_seen_or_stopped_through_the_other_node() {
    let Cluster { say, on_a, a: _a, b, .. } = &shared_redis().await;
    let mut events = on_a.create("hello").await;
    say.send("mine ".to_owned()).unwrap();
    events.deltas(1).await;
    let stranger = Chat::open(&b.url, PUPPET).await;
    assert_eq!(send(stranger.resuming(&events.run, 0)).await.status, 404);
    assert_eq!(stranger.cancel(&events.run).await.status, 404);
    say.send("still ".to_owned()).unwrap();
    events.deltas(1).await;
}

#[tokio::test]
async fn a_thread_that_one_node_answers_is_busy_on_the_other() {
    let Cluster { say, on_a, on_b, a: _a, b: _b, .. } = &shared_redis().await;
    let mut events = on_a.create("hello").await;
    let thread = events.thread().await;
    say.send("busy ".to_owned()).unwrap();
    events.deltas(1).await;
    let refused = send(on_b.saying(&thread, "me too")).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert_eq!(refused.body["error"]["code"], "thread_busy", "{refused:?}");
    on_a.cancel(&events.run).await;
    let mut taken = on_b.say(&thread, "and now").await;
    taken.until("stream_options").await;
}

#[tokio::test]
async fn without_redis_answers_go_on_here_and_are_resumed_elsewhere_when_it_is_back() {
    let redis = OwnRedis::start().await;
    let url = redis.url.clone();
    let Cluster { say, on_a, on_b, a: _a, b: _b, .. } = &cluster(&url).await;
    let mut here = on_a.create("hello").await;
    say.send("one ".to_owned()).unwrap();
    here.deltas(1).await;
    let mut there = follow(on_b, &here.run, 0).await;
    let last = there.deltas(1).await;
    redis.kill();
    say.send("two ".to_owned()).unwrap();
    assert_eq!(here.deltas(1).await.delta(), Some("two "), "who watches here notices nothing");
    assert_eq!(there.next().await, None, "who watches elsewhere is cut off");
    let _redis = OwnRedis::start_on(url.rsplit(':').next().unwrap().parse().unwrap());
    let mut there = follow(on_b, &here.run, last.id).await;
    assert_eq!(there.next().await.unwrap().delta(), Some("two "));
    say.send("three".to_owned()).unwrap();
    assert_eq!(there.deltas(1).await.delta(), Some("three"));
}

/// Two processes; the answers of `wf_slow` take minutes.
struct Processes {
    a: Process,
    _b: Process,
    on_a: Chat,
    on_b: Chat,
    _folder: TempDir,
}

async fn processes() -> Processes {
    let folder = tempdir().unwrap();
    let config = folder.path().join("own.toml");
    std::fs::write(&config, "[workflows.wf_slow]\nagent = \"echo\"\ndelay = \"50ms\"\n").unwrap();
    let env = env(&folder, &required("CHATKITD_TEST_REDIS_URL")).await;
    let env = env.set("CHATKITD_CONFIG", config.to_str().unwrap()).set("CHATKIT_WORKFLOW_ID", "wf_slow");
    let a = Process::serve(folder.path(), &env);
    let b = Process::serve(folder.path(), &env);
    let on_a = Chat::open(&a.url, "wf_slow").await;
    let on_b = on_a.at(&b.url);
    Processes { a, _b: b, on_a, on_b, _folder: folder }
}

/// Says something until the lease of the run before is over.
async fn take_over(chat: &Chat, thread: &str, text: &str) -> Events {
    let begun = Instant::now();
    loop {
        let response = chat.saying(thread, text).send().await.unwrap();
        if response.status() == 200 {
            return Events::from(response);
        }
        assert_eq!(response.status(), 409, "{}", response.text().await.unwrap());
        assert!(begun.elapsed() < AFTER_THE_LEASE, "the lease runs out after ten seconds");
    }
}

#[tokio::test]
async fn a_node_that_stood_still_for_longer_than_its_lease_writes_nothing_more() {
    let Processes { a, on_a, on_b, .. } = &processes().await;
    let mut stalled = on_a.create(&"word ".repeat(2_000)).await;
    let thread = stalled.thread().await;
    stalled.deltas(40).await;
    a.signal("STOP");
    let taken = take_over(on_b, &thread, "short").await.rest().await;
    assert_eq!(taken.last().unwrap().kind(), "thread.item.done");
    a.signal("CONT");
    let rest = stalled.rest().await;
    assert_interrupted(&rest);
    assert!(rest.iter().filter_map(Event::done).next().is_none(), "it announces nothing as done: {rest:?}");
    let said = answers(&on_b.items(&thread).await);
    assert_eq!(said.len(), 2, "the part that was safe, and the answer of the other node: {said:?}");
    assert!(said[0].starts_with("word word ") && said[0].len() < 5 * 2_000, "{said:?}");
    assert_eq!(said[1].trim(), "short");
    assert_eq!(answers(&on_a.items(&thread).await), said);
}

#[tokio::test]
async fn who_watches_a_run_of_a_dead_node_is_told_that_it_was_interrupted() {
    let Processes { mut a, on_a, on_b, _b, _folder } = processes().await;
    let mut events = on_a.create(&"word ".repeat(2_000)).await;
    let (run, thread) = (events.run.clone(), events.thread().await);
    let seen = events.deltas(40).await;
    let watching = follow(&on_b, &run, seen.id).await;
    a.kill();
    assert_interrupted(&watching.rest().await);
    // The dead node had told this one more than the log between nodes ever got.
    let last = events.rest().await.last().map_or(seen.id, |event| event.id);
    assert_interrupted(&follow(&on_b, &run, last).await.rest().await);
    let again = follow(&on_b, &run, 0).await.rest().await;
    assert_interrupted(&again);
    let said = answers(&on_b.items(&thread).await);
    assert!(said.len() == 1 && said[0].starts_with("word word "), "{said:?}");
    let next = on_b.say(&thread, "short").await.rest().await;
    assert_eq!(next.last().unwrap().kind(), "thread.item.done");
    until("the node is gone", async || {
        on_a.request("threads.list", &serde_json::json!({})).send().await.is_err()
    })
    .await;
}
