//! Two engines on one store and one log: what becomes of runs whose node is gone, or whose log was away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{RunId, SiteName, ThreadId, UserId};
use chatkitd_core::ports::{Clock as _, LogPart, RunLog, RunLogError, Scope, Threads as _};
use chatkitd_core::server::agents::Agents;
use chatkitd_core::server::{
    Agent, AgentContext, AgentError, Answer, ChatCaller, ChatServer, ChatServerParts, Reach, Reply,
    RunKeeper, ServerError, StreamWishes, Turn, Watch,
};
use chatkitd_core::testing::{ManualClock, MemoryRunLog, MemoryStore, SeededRng};
use chatkitd_core::threads::{
    Begun, Fence, ItemWrite, RunEnd, RunOutcome, RunStart, ThreadRecord, Which, wire_time,
};
use chatkitd_protocol::chatkit::Request;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::counters::Counters;
use crate::world::Tokio;

const LEASE: Duration = Duration::from_secs(10);
/// The number of the last event that one node tells of another's run.
const LAST_EVENT: u64 = (1 << 53) - 1;
const WORKFLOW: &str = "wf_greeter";

/// Says hello; to `wait` not before it may.
struct Greeter(Arc<Semaphore>);

#[async_trait]
impl Agent for Greeter {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        if turn.text() == "wait" {
            self.0.acquire().await.unwrap().forget();
        }
        let mut message = answer.message().await;
        message.push("hello").await;
        message.done().await;
        Ok(())
    }
}

struct Cluster {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    log: Arc<MemoryRunLog>,
    rng: Arc<SeededRng>,
    /// How many that wait may be greeted.
    greetings: Arc<Semaphore>,
    a: Arc<ChatServer>,
    b: Arc<ChatServer>,
}

impl Cluster {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at_second(1_767_225_600));
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        let log = Arc::new(MemoryRunLog::new(clock.clone()));
        let rng = Arc::new(SeededRng::new(1));
        let greetings = Arc::new(Semaphore::new(0));
        let node = || node(&store, Some(log.clone()), &clock, &rng, &greetings);
        let (a, b) = (node(), node());
        Self { clock, store, log, rng, greetings, a, b }
    }

    /// A node that shares the store, and this log if any.
    fn node(&self, log: Option<Arc<dyn RunLog>>, clock: &Arc<ManualClock>) -> Arc<ChatServer> {
        node(&self.store, log, clock, &self.rng, &self.greetings)
    }

    /// A node that shares nothing but the store, as after a restart of the only one.
    fn alone(&self) -> Arc<ChatServer> {
        self.node(None, &self.clock)
    }

    fn keeper(&self, node: &ChatServer) -> RunKeeper {
        node.keeper(self.store.clone(), self.store.clone())
    }

    /// While time passes, an hour at the most.
    async fn passing<T>(&self, work: impl Future<Output = T>) -> T {
        let passing = async {
            for _ in 0..3_600 {
                tokio::task::yield_now().await;
                self.clock.advance(Duration::from_secs(1));
            }
        };
        tokio::select! {
            done = work => done,
            () = passing => panic!("it never ends"),
        }
    }

    /// A run of a node that dies after its first event.
    async fn stranded(&self) -> (RunId, ThreadId) {
        let now = self.clock.now();
        let thread = ThreadRecord::new(ThreadId::mint(now, &*self.rng), site(), user(), now);
        let start = RunStart {
            attachments: Vec::new(),
            run: RunId::mint(now, &*self.rng),
            thread: thread.id.clone(),
            new_thread: Some(thread.clone()),
            writes: Vec::new(),
            idempotency: None,
            now,
            lease: LEASE,
        };
        assert!(matches!(self.store.begin_run(&scope(), &start).await.unwrap(), Begun::Started { .. }));
        self.log.append(&start.run, 1, &[b"id: 1\ndata: {}\n\n".to_vec()], false).await.unwrap();
        (start.run, thread.id)
    }

    async fn create(&self) -> Watch {
        create(&self.a, "hi").await
    }
}

fn node(
    store: &Arc<MemoryStore>,
    log: Option<Arc<dyn RunLog>>,
    clock: &Arc<ManualClock>,
    rng: &Arc<SeededRng>,
    greetings: &Arc<Semaphore>,
) -> Arc<ChatServer> {
    Arc::new(ChatServer::new(ChatServerParts {
        attachments: None,
        threads: store.clone(),
        log,
        spawner: Arc::new(Tokio),
        clock: clock.clone(),
        rng: rng.clone(),
        agents: Agents::from_iter([(WORKFLOW, Arc::new(Greeter(greetings.clone())) as Arc<dyn Agent>)]),
        transcriber: None,
        run_time_limit: Duration::from_secs(600),
    }))
}

async fn create(node: &Arc<ChatServer>, text: &str) -> Watch {
    let params = json!({"input": {"content": [{"type": "input_text", "text": text}], "attachments": [],
                        "inference_options": {}}});
    stream(node, "threads.create", params).await
}

fn site() -> SiteName {
    SiteName::default_site()
}

fn user() -> UserId {
    UserId::recorded("ann")
}

fn scope() -> Scope {
    Scope::User(site(), user())
}

async fn stream(node: &Arc<ChatServer>, operation: &str, params: Value) -> Watch {
    let context = AgentContext {
        site: site(),
        user: user(),
        session: None,
        workflow: WORKFLOW.to_owned(),
        state_variables: Map::new(),
        configuration: Default::default(),
        locale: None,
        metadata: Map::new(),
    };
    let request = json!({"type": operation, "params": params}).to_string();
    let request = Request::parse(request.as_bytes()).unwrap();
    let wishes = StreamWishes { resume: true, idempotency: None };
    let caller = ChatCaller {
        context,
        base: Default::default(),
        file_types: Default::default(),
        reach: Reach::default(),
        traced: true,
        files_since: None,
    };
    match node.handle(caller, request, wishes).await {
        Ok(Reply::Stream(watch)) => watch,
        Ok(Reply::Json { .. } | Reply::Event(_)) => panic!("{operation} begins a run"),
        Err(error) => panic!("{error:?}"),
    }
}

/// All frames until the end.
async fn rest(mut watch: Watch) -> String {
    let mut frames = Vec::new();
    while let Some(next) = watch.next().await.unwrap() {
        frames.extend(next);
    }
    String::from_utf8(frames).unwrap()
}

fn ends_as_interrupted(frames: &str) -> bool {
    let last = frames.lines().rfind(|line| line.starts_with("data:")).unwrap_or_default();
    last.contains("\"error\"") && last.contains("\"allow_retry\":true")
}

#[tokio::test]
async fn a_run_whose_node_is_gone_ends_for_its_watchers_when_it_is_recovered() {
    let cluster = Cluster::new();
    let (run, _) = cluster.stranded().await;
    let watch = cluster.b.watch(&scope(), Reach::All, &run, 0).await.unwrap();
    cluster.keeper(&cluster.b).recover(Which::Expired).await.unwrap();
    cluster.clock.advance(LEASE + Duration::from_secs(1));
    cluster.keeper(&cluster.b).recover(Which::Expired).await.unwrap();
    let frames = rest(watch).await;
    assert!(frames.starts_with("id: 1\n") && ends_as_interrupted(&frames), "{frames}");
    let again = rest(cluster.a.watch(&scope(), Reach::All, &run, 0).await.unwrap()).await;
    assert_eq!(again, frames, "on any node, once and no more");
    for (after, at_end) in [(1, false), (LAST_EVENT - 1, false), (LAST_EVENT, true), (u64::MAX, true)] {
        assert_eq!(
            cluster.a.watch(&scope(), Reach::All, &run, after).await.unwrap().is_at_end(),
            at_end,
            "{after}"
        );
    }
}

/// A node tells its own watchers at once and the log in batches: one that died had told them more.
#[tokio::test]
async fn who_heard_more_from_a_dead_node_than_the_log_did_is_told_of_the_end() {
    let cluster = Cluster::new();
    let (run, _) = cluster.stranded().await;
    let watching = cluster.b.watch(&scope(), Reach::All, &run, 40).await.unwrap();
    cluster.clock.advance(LEASE + Duration::from_secs(1));
    cluster.keeper(&cluster.b).recover(Which::Expired).await.unwrap();
    let late = cluster.b.watch(&scope(), Reach::All, &run, 40).await.unwrap();
    for frames in [rest(watching).await, rest(late).await] {
        assert!(
            frames.starts_with(&format!("id: {LAST_EVENT}\n")) && ends_as_interrupted(&frames),
            "{frames}"
        );
    }
}

#[tokio::test]
async fn a_run_whose_thread_was_taken_over_ends_for_its_watchers() {
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    let watching = cluster.b.watch(&scope(), Reach::All, &run, 1).await.unwrap();
    cluster.clock.advance(LEASE + Duration::from_secs(1));
    let params = json!({"thread_id": thread, "input": {"content": [{"type": "input_text", "text": "and now?"}],
                        "attachments": [], "inference_options": {}}});
    rest(stream(&cluster.a, "threads.add_user_message", params).await).await;
    let frames = cluster.passing(rest(watching)).await;
    assert!(ends_as_interrupted(&frames), "{frames}");
}

/// It had saved its answer and ended its run, and died before it had told the others.
#[tokio::test]
async fn a_run_that_ended_on_a_node_that_died_before_it_said_so_is_told_as_it_is_stored() {
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    let fence = Fence { scope: scope(), thread: thread.clone(), run: run.clone() };
    let item = json!({"type": "assistant_message", "id": "cti_1", "thread_id": thread,
                      "created_at": wire_time(cluster.clock.now()),
                      "content": [{"type": "output_text", "text": "all of it", "annotations": []}]});
    let writes = vec![ItemWrite::Put(serde_json::from_value(item).unwrap())];
    let end = RunEnd { outcome: RunOutcome::Completed, writes, now: cluster.clock.now() };
    let watching = cluster.b.watch(&scope(), Reach::All, &run, 0).await.unwrap();
    cluster.store.end_run(&fence, &end).await.unwrap();
    cluster.clock.advance(Duration::from_secs(1));
    let params = json!({"thread_id": thread, "input": {"content": [{"type": "input_text", "text": "and now?"}],
                        "attachments": [], "inference_options": {}}});
    rest(stream(&cluster.a, "threads.add_user_message", params).await).await;
    let frames = cluster.passing(rest(watching)).await;
    assert!(frames.contains(&format!("id: {LAST_EVENT}\n")) && frames.contains("all of it"), "{frames}");
    assert!(!frames.contains("hello"), "the next answer is another run's: {frames}");
    let late = cluster.a.watch(&scope(), Reach::All, &run, 1).await.unwrap();
    assert!(frames.ends_with(&rest(late).await), "{frames}");
}

#[tokio::test]
async fn a_run_whose_thread_was_deleted_ends_for_its_watchers() {
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    let watching = cluster.b.watch(&scope(), Reach::All, &run, 1).await.unwrap();
    cluster.passing(cluster.b.delete(&scope(), &thread, "user:ann".to_owned())).await.unwrap();
    let frames = cluster.passing(rest(watching)).await;
    assert!(!frames.contains("data:"), "{frames}");
}

#[tokio::test]
async fn what_was_interrupted_is_told_for_five_minutes_and_is_gone_then() {
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    let end = RunEnd { outcome: RunOutcome::ShutDown, writes: Vec::new(), now: cluster.clock.now() };
    let fence = Fence { scope: scope(), thread, run: run.clone() };
    cluster.store.end_run(&fence, &end).await.unwrap();
    let alone = cluster.alone();
    cluster.clock.advance(Duration::from_secs(299));
    assert!(ends_as_interrupted(&rest(alone.watch(&scope(), Reach::All, &run, 0).await.unwrap()).await));
    cluster.clock.advance(Duration::from_secs(1));
    let gone = alone.watch(&scope(), Reach::All, &run, 0).await.err();
    assert!(matches!(gone, Some(ServerError::RunGone)), "{gone:?}");
}

#[tokio::test]
async fn who_asks_for_a_run_whose_thread_was_taken_over_is_told_at_once() {
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    cluster.clock.advance(LEASE + Duration::from_secs(1));
    let params = json!({"thread_id": thread, "input": {"content": [{"type": "input_text", "text": "and now?"}],
                        "attachments": [], "inference_options": {}}});
    rest(stream(&cluster.a, "threads.add_user_message", params).await).await;
    let frames = rest(cluster.b.watch(&scope(), Reach::All, &run, 0).await.unwrap()).await;
    assert!(frames.starts_with("id: 1\n") && ends_as_interrupted(&frames), "{frames}");
}

#[tokio::test]
async fn a_run_goes_on_without_the_log_and_is_there_whole_when_the_log_is_back() {
    let cluster = Cluster::new();
    cluster.log.set_away(true);
    let watch = cluster.create().await;
    let run = watch.run().clone();
    let here = rest(watch).await;
    assert!(here.contains("hello"), "{here}");
    assert!(cluster.b.watch(&scope(), Reach::All, &run, 0).await.is_err(), "elsewhere it cannot be watched");
    cluster.log.set_away(false);
    let is_whole = async || {
        let part = cluster.log.read(&run, u64::MAX, Duration::ZERO).await.unwrap();
        part.is_some_and(|part| part.ended)
    };
    while !is_whole().await {
        tokio::task::yield_now().await;
        cluster.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(rest(cluster.b.watch(&scope(), Reach::All, &run, 0).await.unwrap()).await, here);
}

/// Five minutes after its end a run is forgotten here, half a minute later by those who lack its events too.
#[tokio::test]
async fn a_log_that_stays_away_keeps_no_run_in_memory() {
    let cluster = Cluster::new();
    cluster.log.set_away(true);
    let watch = cluster.create().await;
    let run = watch.run().clone();
    rest(watch).await;
    for wait in [5 * 60, 30] {
        cluster.clock.advance(Duration::from_secs(wait));
        cluster.keeper(&cluster.a).keep().await.unwrap();
    }
    cluster.log.set_away(false);
    for _ in 0..100 {
        tokio::task::yield_now().await;
        cluster.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(cluster.log.read(&run, 0, Duration::ZERO).await.unwrap(), None);
}

#[tokio::test]
async fn a_stop_on_another_node_is_announced() {
    let cluster = Cluster::new();
    let (run, _) = cluster.stranded().await;
    cluster.b.cancel(&scope(), Reach::All, &run).await.unwrap();
    assert_eq!(cluster.log.stops(), [run]);
}

/// Whoever takes nothing for half a minute does not keep the events of a run that everybody else has forgotten.
#[tokio::test]
async fn a_watcher_that_stopped_reading_is_sent_away_and_one_that_reads_is_not() {
    let cluster = Cluster::new();
    let [mut stalled, mut slow] = [cluster.create().await, cluster.create().await];
    for run in [slow.run(), stalled.run()] {
        let whole = rest(cluster.a.watch(&scope(), Reach::All, run, 0).await.unwrap()).await;
        assert!(whole.contains("thread.item.done"), "{whole}");
    }
    let wait = async |seconds| {
        cluster.clock.advance(Duration::from_secs(seconds));
        cluster.keeper(&cluster.a).keep().await.unwrap();
    };
    wait(300).await;
    wait(29).await;
    let part = slow.next().await.unwrap().unwrap();
    assert!(String::from_utf8(part).unwrap().contains("hello"));
    wait(2).await;
    let part = stalled.next().await.unwrap().unwrap();
    assert!(String::from_utf8(part).unwrap().contains("too slow"));
}

/// The lease is the database's, whatever a node's own clock says.
#[tokio::test]
async fn a_clock_that_is_set_back_lets_no_lease_run_out() {
    let cluster = Cluster::new();
    let clock = Arc::new(ManualClock::at_second(1_767_225_600));
    let node = cluster.node(Some(cluster.log.clone()), &clock);
    let watch = create(&node, "wait").await;
    clock.set_back(Duration::from_secs(60));
    for _ in 0..15 {
        cluster.clock.advance(Duration::from_secs(1));
        clock.advance(Duration::from_secs(1));
        cluster.keeper(&node).keep().await.unwrap();
        cluster.keeper(&cluster.b).recover(Which::Expired).await.unwrap();
    }
    cluster.greetings.add_permits(1);
    let frames = rest(watch).await;
    assert!(frames.contains("hello") && !frames.contains("\"error\""), "{frames}");
}

#[tokio::test]
async fn an_answer_that_comes_to_its_end_without_its_lease_is_superseded() {
    let counters = Counters::default();
    let _counting = metrics::set_default_local_recorder(&counters);
    let cluster = Cluster::new();
    let watch = create(&cluster.a, "wait").await;
    cluster.clock.advance(LEASE + Duration::from_secs(1));
    cluster.keeper(&cluster.b).recover(Which::Expired).await.unwrap();
    cluster.greetings.add_permits(1);
    let frames = rest(watch).await;
    assert!(ends_as_interrupted(&frames) && frames.contains("The answer was interrupted"), "{frames}");
    assert_eq!((counters.runs_ended("superseded"), counters.runs_ended("completed")), (1, 0));
}

#[tokio::test]
async fn a_run_that_the_log_lost_is_to_be_asked_for_again_while_its_node_may_fill_the_log() {
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    let end = RunEnd { outcome: RunOutcome::Completed, writes: Vec::new(), now: cluster.clock.now() };
    cluster.store.end_run(&Fence { scope: scope(), thread, run: run.clone() }, &end).await.unwrap();
    let emptied = Arc::new(MemoryRunLog::new(cluster.clock.clone()));
    let node = cluster.node(Some(emptied), &cluster.clock);
    let refused = async || node.watch(&scope(), Reach::All, &run, 0).await.err();
    assert!(matches!(refused().await, Some(ServerError::RunElsewhere)));
    cluster.clock.advance(Duration::from_secs(15));
    assert!(matches!(refused().await, Some(ServerError::RunGone)));
}

#[tokio::test]
async fn a_run_that_the_next_message_closes_is_counted_and_its_log_ended() {
    let counters = Counters::default();
    let _counting = metrics::set_default_local_recorder(&counters);
    let cluster = Cluster::new();
    let (run, thread) = cluster.stranded().await;
    cluster.clock.advance(LEASE + Duration::from_secs(1));
    let watch = cluster.b.watch(&scope(), Reach::All, &run, 0).await.unwrap();
    let params = json!({"thread_id": thread.as_str(), "input": {"content": [], "attachments": [],
                        "inference_options": {}}});
    let next = stream(&cluster.a, "threads.add_user_message", params).await;
    assert!(rest(next).await.contains("hello"));
    assert_eq!(counters.runs_ended("interrupted"), 1);
    assert!(ends_as_interrupted(&rest(watch).await));
}

/// A log between nodes that takes every command and answers none.
struct Silent(Arc<ManualClock>);

impl Silent {
    async fn fail<T>(&self) -> Result<T, RunLogError> {
        self.0.sleep(Duration::from_secs(2)).await;
        Err(RunLogError("it does not answer".into()))
    }
}

#[async_trait]
impl RunLog for Silent {
    async fn append(&self, _: &RunId, _: u64, _: &[Vec<u8>], _: bool) -> Result<(), RunLogError> {
        self.fail().await
    }

    async fn close(&self, _: &RunId, _: u64, _: &[Vec<u8>]) -> Result<(), RunLogError> {
        self.fail().await
    }

    async fn read(&self, _: &RunId, _: u64, _: Duration) -> Result<Option<LogPart>, RunLogError> {
        self.fail().await
    }

    async fn announce_stop(&self, _: &RunId) -> Result<(), RunLogError> {
        self.fail().await
    }
}

#[tokio::test]
async fn many_runs_that_were_cut_off_wait_no_longer_for_a_silent_log_than_one() {
    let cluster = Cluster::new();
    for _ in 0..50 {
        cluster.stranded().await;
    }
    let began = cluster.clock.monotonic();
    let node = cluster.node(Some(Arc::new(Silent(cluster.clock.clone()))), &cluster.clock);
    cluster.passing(cluster.keeper(&node).recover(Which::All)).await.unwrap();
    assert!(cluster.clock.monotonic() - began < Duration::from_secs(10));
}
