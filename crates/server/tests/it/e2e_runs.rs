//! Runs on one node: they outlive connections, stop when told, end in order when the server does.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

use crate::binary::{Process, run};
use crate::chat::{Chat, Event, text_of};
use crate::server::{Env, Node};
use crate::test_agents::Puppet;
use crate::wait::until;

pub const PUPPET: &str = "wf_puppet";

pub fn env(folder: &TempDir) -> Env {
    Env::sqlite(folder).set("CHATKIT_WORKFLOW_ID", format!("{PUPPET},wf_echo"))
}

/// A node whose agent says what the test says.
pub async fn puppet(env: &Env) -> (Node, UnboundedSender<String>) {
    let (agent, say) = Puppet::new();
    (Node::start_with(env, |server| server.agent(PUPPET, agent)).await, say)
}

/// What the assistant said in a thread.
pub fn answers(items: &[Value]) -> Vec<String> {
    items.iter().filter(|item| item["type"] == "assistant_message").map(text_of).collect()
}

/// How a run ends for its watchers when it was cut off.
#[track_caller]
pub fn assert_interrupted(events: &[Event]) {
    let last = &events.last().expect("an interrupted run says so").data;
    assert_eq!((&last["type"], &last["allow_retry"]), (&json!("error"), &json!(true)), "{events:?}");
}

#[tokio::test]
async fn the_built_in_echo_answers_and_what_was_announced_is_kept() {
    let folder = tempdir().unwrap();
    let node = Node::start(&env(&folder)).await;
    let chat = Chat::open(&node.url, "wf_echo").await;
    let mut events = chat.create("good morning to you").await;
    let thread = events.thread().await;
    let events = events.rest().await;
    assert!(events.iter().filter(|event| event.delta().is_some()).count() >= 4, "{events:?}");
    let items = chat.items(&thread).await;
    assert_eq!(answers(&items), ["good morning to you "]);
    let announced: Vec<_> = events.iter().filter_map(Event::done).collect();
    assert_eq!(announced, items.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_answer_and_what_was_said_is_kept() {
    let folder = tempdir().unwrap();
    let (node, say) = puppet(&env(&folder)).await;
    let chat = Chat::open(&node.url, PUPPET).await;
    let mut first = chat.create("hello").await;
    let thread = first.thread().await;
    say.send("begun ".to_owned()).unwrap();
    first.deltas(1).await;
    chat.cancel(&first.run).await;
    first.rest().await;

    let mut second = chat.say(&thread, "and now?").await;
    say.send("left ".to_owned()).unwrap();
    second.deltas(1).await;
    drop(second);
    until("the answer is stopped", async || answers(&chat.items(&thread).await).len() == 2).await;
    assert_eq!(answers(&chat.items(&thread).await), ["begun ", "left "]);
    drop(say);
    chat.say(&thread, "once more").await.rest().await;
}

#[tokio::test]
async fn a_client_that_asked_for_it_goes_on_where_it_left_off() {
    let folder = tempdir().unwrap();
    let (node, say) = puppet(&env(&folder)).await;
    let chat = Chat::open(&node.url, PUPPET).await;
    let mut events = chat.create("hello").await;
    let (run, thread) = (events.run.clone(), events.thread().await);
    say.send("one ".to_owned()).unwrap();
    let last = events.deltas(1).await;
    drop(events);
    say.send("two ".to_owned()).unwrap();
    let mut resumed = chat.resume(&run, last.id).await;
    let next = resumed.next().await.unwrap();
    assert_eq!((next.id, next.delta()), (last.id + 1, Some("two ")));
    drop(say);
    let rest = resumed.rest().await;
    assert_eq!(rest.last().unwrap().done().map(text_of).as_deref(), Some("one two "));
    let whole = chat.resume(&run, 0).await.rest().await;
    let numbers: Vec<_> = whole.iter().map(|event| event.id).collect();
    assert_eq!(numbers, (1..=rest.last().unwrap().id).collect::<Vec<_>>());
    assert_eq!(answers(&chat.items(&thread).await), ["one two "]);
}

#[tokio::test]
async fn an_answer_may_come_to_its_end_while_the_server_stops() {
    let folder = tempdir().unwrap();
    let (node, say) = puppet(&env(&folder)).await;
    let chat = Chat::open(&node.url, PUPPET).await;
    let mut events = chat.create("hello").await;
    say.send("almost ".to_owned()).unwrap();
    events.deltas(1).await;
    node.begin_shutdown();
    say.send("done".to_owned()).unwrap();
    drop(say);
    let rest = events.rest().await;
    assert_eq!(rest.last().unwrap().done().map(text_of).as_deref(), Some("almost done"));
    node.stop().await;
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_cut_off_in_order_when_the_server_stops() {
    let folder = tempdir().unwrap();
    let env = env(&folder).set("CHATKITD_SHUTDOWN_GRACE", "9s");
    let (node, say) = puppet(&env).await;
    let chat = Chat::open(&node.url, PUPPET).await;
    let mut events = chat.create("hello").await;
    let thread = events.thread().await;
    say.send("half a".to_owned()).unwrap();
    events.deltas(1).await;
    let run = events.run.clone();
    node.begin_shutdown();
    let rest = events.rest().await;
    assert_interrupted(&rest);
    let kept: Vec<_> = rest.iter().filter_map(Event::done).map(text_of).collect();
    assert_eq!(kept, ["half a"], "watchers are told what became of it");
    node.stop().await;

    let (node, say) = puppet(&env).await;
    let chat = chat.at(&node.url);
    assert_eq!(answers(&chat.items(&thread).await), ["half a"]);
    assert_interrupted(&chat.resume(&run, 0).await.rest().await);
    drop(say);
    let rest = chat.say(&thread, "go on").await.rest().await;
    assert_eq!(rest.last().unwrap().kind(), "thread.item.done", "the thread takes a new message at once");
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_and_commands_are_not() {
    let folder = tempdir().unwrap();
    let env = env(&folder);
    let mut first = Process::serve(folder.path(), &env);
    let second = run(folder.path(), &env, &["serve"]);
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("another chatkitd serves from"), "{second:?}");
    assert!(second.err.contains("CHATKITD_DATA_DIR"), "{second:?}");
    run(folder.path(), &env, &["keys", "list"]).ok();
    first.kill();
    Process::serve(folder.path(), &env);
}

#[tokio::test]
async fn a_server_that_is_refused_has_not_touched_the_database() {
    let folder = tempdir().unwrap();
    let lock = std::fs::File::create(folder.path().join("chatkitd.db.lock")).unwrap();
    lock.lock().unwrap();
    let env = env(&folder);
    let refused = run(folder.path(), &env, &["serve"]);
    assert!(refused.err.contains("another chatkitd serves from"), "{refused:?}");
    assert!(!folder.path().join("chatkitd.db").exists());
}

/// What comes until this has come, or the connection is closed.
async fn read_until(connection: &mut TcpStream, end: &str) -> String {
    let mut said = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&said).contains(end)
            && connection.read_buf(&mut said).await.unwrap() > 0
        {}
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap_or_else(|_| panic!("no {end}"));
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn an_answer_that_begins_while_the_server_stops_is_cut_off_in_order() {
    let folder = tempdir().unwrap();
    let env = env(&folder).set("CHATKITD_SHUTDOWN_GRACE", "9s");
    let (node, say) = puppet(&env).await;
    let chat = Chat::open(&node.url, PUPPET).await;
    let connect = async || TcpStream::connect(node.url.trim_start_matches("http://")).await.unwrap();
    let body =
        json!({"type": "threads.create", "params": {"input": crate::chat::input("hello")}}).to_string();
    let head = format!(
        "POST /v1/chatkit/conversation HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        chat.secret(),
        body.len()
    );
    let (mut asking, mut idle) = (connect().await, connect().await);
    asking.write_all(head.as_bytes()).await.unwrap();
    read_until(&mut asking, "100 Continue\r\n\r\n").await;
    node.begin_shutdown();
    // It closes connections without a request, so it has begun to stop.
    read_until(&mut idle, "never").await;
    asking.write_all(body.as_bytes()).await.unwrap();
    say.send("half a".to_owned()).unwrap();
    let answer = read_until(&mut asking, "\r\n0\r\n\r\n").await;
    assert!(answer.contains("\"allow_retry\":true"), "{answer}");
    node.stop().await;
    drop(say);

    let (node, _say) = puppet(&env).await;
    let chat = chat.at(&node.url);
    let threads = chat.ask("threads.list", json!({})).await;
    let thread = threads.body["data"][0]["id"].as_str().unwrap();
    assert_eq!(answers(&chat.items(thread).await), ["half a"]);
}

#[tokio::test]
async fn runs_are_counted_by_how_they_ended() {
    let folder = tempdir().unwrap();
    let config = folder.path().join("own.toml");
    std::fs::write(&config, "[workflows.wf_slow]\nagent = \"echo\"\ndelay = \"50ms\"\n").unwrap();
    let env = Env::sqlite(&folder)
        .set("CHATKITD_CONFIG", config.to_str().unwrap())
        .set("CHATKIT_WORKFLOW_ID", "wf_echo,wf_slow")
        .set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0");
    let node = Process::serve(folder.path(), &env);
    Chat::open(&node.url, "wf_echo").await.create("a few words").await.rest().await;
    let chat = Chat::open(&node.url, "wf_slow").await;
    let mut slow = chat.create(&"word ".repeat(1_000)).await;
    slow.deltas(1).await;
    let metrics = async || {
        let answer = Client::new().get(format!("{}/metrics", node.operators())).send().await.unwrap();
        answer.text().await.unwrap()
    };
    let has = async |line: &str| metrics().await.lines().any(|found| found == line);
    until("a run is going", async || has("chatkitd_runs_going 1").await).await;
    chat.cancel(&slow.run).await;
    slow.rest().await;
    for line in [
        "chatkitd_runs_ended_total{outcome=\"completed\"} 1",
        "chatkitd_runs_ended_total{outcome=\"stopped\"} 1",
        "chatkitd_runs_going 0",
    ] {
        until(line, async || has(line).await).await;
    }
    let text = metrics().await;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}"));
        line.trim().parse::<f64>().unwrap()
    };
    assert!(value("chatkitd_run_events_total ") >= 8.0, "{text}");
    assert!(value("chatkitd_run_log_bytes ") > 1_000.0, "{text}");
}

/// The heartbeat is tried in the engine's own tests; here it is the lease that must not run out.
#[tokio::test]
async fn an_answer_that_pauses_for_longer_than_its_lease_keeps_its_thread() {
    let folder = tempdir().unwrap();
    let (node, say) = puppet(&env(&folder)).await;
    let chat = Chat::open(&node.url, PUPPET).await;
    let mut events = chat.create("hello").await;
    let thread = events.thread().await;
    events.until("stream_options").await;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(12) {
        let refused = crate::server::send(chat.saying(&thread, "are you there?")).await;
        assert_eq!(refused.status, 409, "{refused:?}");
    }
    say.send("here".to_owned()).unwrap();
    drop(say);
    let rest = events.rest().await;
    assert_eq!(rest.last().unwrap().done().map(text_of).as_deref(), Some("here"));
}
