//! Runs that go wrong: no item that was announced is lost, and no thread stays busy.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};
use serde_json::json;
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::binary::Process;
use crate::chat::{Chat, Event, Events, input};
use crate::databases::OwnPostgres;
use crate::e2e_runs::{answers, env};
use crate::server::{Env, Node};
use crate::test_agents::{Fault, Faulty};
use crate::wait::until;

const FAULTY: &str = "wf_faulty";

struct Broken {
    node: Node,
    asked: Arc<AtomicU32>,
}

async fn broken(env: &Env, fault: Fault) -> Broken {
    let asked = Arc::new(AtomicU32::new(0));
    let agent = Faulty { fault, asked: asked.clone() };
    let env = env.clone().set("CHATKIT_WORKFLOW_ID", FAULTY);
    Broken { node: Node::start_with(&env, |server| server.agent(FAULTY, agent)).await, asked }
}

/// Says something twice; both runs end with this error, and the thread is free in between.
async fn ends_with(fault: Fault, code: &str, message: Option<&str>, allow_retry: bool) {
    let folder = tempdir().unwrap();
    // The others must not be saved by it, however slow the machine is.
    let is_timed = matches!(fault, Fault::NeverEnds | Fault::PanicsWhenDropped | Fault::TakesNotes);
    let timeout = if is_timed { "1s" } else { "10m" };
    let broken = broken(&env(&folder).set("CHATKITD_RUN_TIMEOUT", timeout), fault).await;
    let chat = Chat::open(&broken.node.url, FAULTY).await;
    let mut first = chat.create("hello").await;
    let thread = first.thread().await;
    let first = first.rest().await;
    assert_eq!(broken.asked.load(Ordering::Relaxed), 1);
    let second = chat.say(&thread, "again").await.rest().await;
    assert_eq!(broken.asked.load(Ordering::Relaxed), 2);
    for events in [first, second] {
        let last = &events.last().unwrap().data;
        assert_eq!(last["type"], "error", "{last}");
        assert_eq!(last["code"], code, "{last}");
        assert_eq!(last.get("message").and_then(|message| message.as_str()), message, "{last}");
        assert_eq!(last["allow_retry"], allow_retry, "{last}");
        assert!(!format!("{events:?}").contains("hunter2"), "a visitor is not told what broke");
    }
    let said = chat.items(&thread).await;
    let said: Vec<_> = said.iter().filter(|item| item["type"] == "user_message").collect();
    assert_eq!(said.len(), 2, "what the visitor said is kept");
}

#[tokio::test]
async fn an_agent_that_fails_ends_its_answer_only() {
    ends_with(Fault::Fails, "stream.error", None, true).await;
}

#[tokio::test]
async fn an_agent_may_say_why_it_fails() {
    ends_with(Fault::Explains, "custom", Some("The shop is closed."), true).await;
}

#[tokio::test]
async fn an_agent_that_panics_ends_its_answer_only() {
    ends_with(Fault::Panics, "stream.error", None, true).await;
}

#[tokio::test]
async fn an_agent_that_panics_before_it_answers_ends_its_answer_only() {
    ends_with(Fault::PanicsBeforehand, "stream.error", None, true).await;
}

#[tokio::test]
async fn an_agent_that_panics_when_it_is_let_go_ends_its_answer_only() {
    ends_with(Fault::PanicsWhenDropped, "stream.error", None, true).await;
}

#[tokio::test]
async fn an_agent_that_never_ends_is_stopped_after_the_timeout() {
    ends_with(Fault::NeverEnds, "custom", Some("The answer took too long."), true).await;
}

#[tokio::test]
async fn an_agent_that_takes_notes_without_end_is_stopped_after_the_timeout() {
    ends_with(Fault::TakesNotes, "custom", Some("The answer took too long."), true).await;
}

#[tokio::test]
async fn an_agent_that_never_stops_talking_is_cut_off() {
    ends_with(Fault::Floods, "custom", Some("The answer became too long."), false).await;
}

/// Eight megabytes for a client that takes one byte a second: the run ends, and nobody else waits.
#[tokio::test]
async fn a_client_that_reads_one_byte_a_second_holds_nobody_up() {
    let folder = tempdir().unwrap();
    let broken = broken(&env(&folder), Fault::Floods).await;
    let chat = Chat::open(&broken.node.url, FAULTY).await;
    let request = chat.request("threads.create", &json!({"input": input("tell me everything")}));
    let request = request.header("x-chatkit-resume", "1").build().unwrap();
    let address = broken.node.url.strip_prefix("http://").unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(raw(&request, address).as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        head.push(slow.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let run = head.lines().find_map(|line| line.strip_prefix("x-chatkit-run-id: ")).unwrap();
    let reading = tokio::spawn(async move {
        loop {
            slow.read_u8().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    });
    let events = chat.resume(run, 0).await.rest().await;
    assert_eq!(events.last().unwrap().data["message"], "The answer became too long.");
    let thread = events[0].data["thread"]["id"].as_str().unwrap();
    assert_eq!(chat.say(thread, "again").await.rest().await.last().unwrap().kind(), "error");
    assert!(!reading.is_finished(), "the slow client is still at it");
    reading.abort();
}

/// A request as bytes, for a client that reads by itself.
fn raw(request: &reqwest::Request, host: &str) -> String {
    let mut text = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", request.method(), request.url().path());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    let body = std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap();
    format!("{text}content-length: {}\r\n\r\n{body}", body.len())
}

/// A limit on the size of files is the full disk of whoever may not mount one.
#[tokio::test]
async fn on_a_full_disk_nothing_announced_is_lost_and_the_thread_works_once_there_is_room() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("CHATKIT_WORKFLOW_ID", "wf_echo");
    let node = Process::serve_ignoring(folder.path(), &env, "XFSZ");
    let chat = Chat::open(&node.url, "wf_echo").await;
    let mut events = chat.create("hello").await;
    let thread = events.thread().await;
    let mut announced: Vec<String> = done(&events.rest().await);
    limit_file_size(&node, "400000");
    let text = "word ".repeat(2_000);
    let mut refused = 0;
    for _ in 0..100 {
        let response = chat.saying(&thread, &text).send().await.unwrap();
        if response.status() == 200 {
            let events = Events::from(response).rest().await;
            announced.extend(done(&events));
            refused += u32::from(events.last().is_none_or(|last| last.kind() == "error"));
        } else {
            // 409: the answer before could not even write its end, so it holds the thread until its lease runs out.
            let status = response.status();
            assert!(matches!(status.as_u16(), 503 | 409), "{}", response.text().await.unwrap());
            refused += 1;
        }
        if refused >= 3 {
            break;
        }
    }
    assert_eq!(refused, 3, "the disk is full: {}", node.log());
    limit_file_size(&node, "unlimited");
    until("the thread takes a message again", async || {
        let response = chat.saying(&thread, "is there room?").send().await.unwrap();
        if response.status() != 200 {
            return false;
        }
        let events = Events::from(response).rest().await;
        announced.extend(done(&events));
        events.last().is_some_and(|last| last.kind() == "thread.item.done")
    })
    .await;
    let items = chat.items(&thread).await;
    let kept: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    for id in &announced {
        assert!(kept.contains(&id.as_str()), "{id} was announced and is not there");
    }
    assert!(answers(&items).iter().any(|answer| answer.trim() == "is there room?"));
}

/// Says each text as a message of its own.
struct Announcer(Mutex<UnboundedReceiver<String>>);

#[async_trait]
impl Agent for Announcer {
    async fn respond(&self, _: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let mut texts = self.0.lock().await;
        while let Some(text) = texts.recv().await {
            let mut message = answer.message().await;
            message.push(&text).await;
            message.done().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_answer_goes_on_through_a_restart_of_postgresql() {
    let folder = tempdir().unwrap();
    let (postgres, url) = OwnPostgres::start();
    let env = env(&folder).set("CHATKITD_DATABASE_URL", &url).set("CHATKIT_WORKFLOW_ID", "wf_announcer");
    let (say, texts) = unbounded_channel();
    let agent = Announcer(Mutex::new(texts));
    let node = Node::start_with(&env, |server| server.agent("wf_announcer", agent)).await;
    let chat = Chat::open(&node.url, "wf_announcer").await;
    let mut events = chat.create("hello").await;
    let thread = events.thread().await;
    say.send("one".to_owned()).unwrap();
    events.until("thread.item.added").await;
    events.until("thread.item.done").await;
    postgres.script("stop");
    say.send("two".to_owned()).unwrap();
    events.until("thread.item.added").await;
    postgres.script("start");
    drop(say);
    let rest = events.rest().await;
    assert_eq!(rest.last().unwrap().kind(), "thread.item.done", "{rest:?}");
    assert_eq!(answers(&chat.items(&thread).await), ["one", "two"]);
}

fn done(events: &[Event]) -> Vec<String> {
    events.iter().filter_map(Event::done).map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn limit_file_size(node: &Process, bytes: &str) {
    let pid = node.id().to_string();
    let limit = format!("--fsize={bytes}:unlimited");
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
}
