//! `kill -9` in the middle of fifty answers, and what is there afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::time::Instant;

use crate::binary::Process;
use crate::chat::{Chat, Events, text_of};
use crate::databases::postgres;
use crate::e2e_runs::assert_interrupted;
use crate::server::{Env, required, send};
use crate::wait::until;

const STREAMS: usize = 50;
/// How many deltas there are, in all streams together, before the server is killed: as soon as all of them have
/// begun, in the middle, and when checkpoints were made several times.
const KILLED_AFTER: [usize; 3] = [0, STREAMS * 15, STREAMS * 60];
/// How many words an answer may lack of what a client has seen: twice as many as its last second has (design 4.8).
/// A clock would count the seconds, too, in which the machine stood still.
const LOST: usize = 40;
const LEASE_AND_MORE: Duration = Duration::from_secs(40);

fn env(folder: &TempDir) -> Env {
    let config = folder.path().join("own.toml");
    std::fs::write(&config, "[workflows.wf_slow]\nagent = \"echo\"\ndelay = \"50ms\"\n").unwrap();
    Env::sqlite(folder).set("CHATKITD_CONFIG", config.to_str().unwrap()).set("CHATKIT_WORKFLOW_ID", "wf_slow")
}

/// What all clients together have seen so far.
#[derive(Default)]
struct Progress {
    begun: AtomicUsize,
    deltas: AtomicUsize,
}

/// What one client saw until its connection broke.
struct Witness {
    chat: Chat,
    run: String,
    thread: String,
    done: Vec<Value>,
    /// How long the text was with each word.
    heard: Vec<usize>,
    text: String,
}

impl Witness {
    async fn watch(chat: Chat, progress: Arc<Progress>) -> Self {
        // Each word is its number, so that a text with a hole is not a beginning of the whole.
        let words: Vec<_> = (0..5_000).map(|number| number.to_string()).collect();
        let mut events = chat.create(&words.join(" ")).await;
        let (run, thread) = (events.run.clone(), events.thread().await);
        progress.begun.fetch_add(1, Ordering::Relaxed);
        let mut witness =
            Self { chat, run, thread, done: Vec::new(), heard: Vec::new(), text: String::new() };
        while let Some(event) = events.next().await {
            witness.done.extend(event.done().cloned());
            if let Some(delta) = event.delta() {
                witness.text.push_str(delta);
                witness.heard.push(witness.text.len());
                progress.deltas.fetch_add(1, Ordering::Relaxed);
            }
        }
        witness
    }

    /// The rule of the issue: what was announced as done is there, the answer lacks no more than its last
    /// second, whoever asks is told, and the thread takes a new message.
    async fn testify(self, url: &str, mut next: Events) {
        let chat = self.chat.at(url);
        next.until("stream_options").await;
        let items = chat.items(&self.thread).await;
        for item in &self.done {
            assert!(items.contains(item), "{item} was announced and is not there: {items:?}");
        }
        let safe = self.heard.iter().rev().nth(LOST).copied().unwrap_or(0);
        // Right after the first message; without anything to keep the second one is there.
        let kept = items.get(1).filter(|item| item["type"] == "assistant_message");
        let kept = kept.map(text_of).unwrap_or_default();
        let both = kept.len().min(self.text.len());
        assert_eq!(kept[..both], self.text[..both], "what is kept is what was said");
        assert!(kept.len() >= safe, "{} of {safe} bytes are there", kept.len());
        let events = chat.resume(&self.run, 0).await.rest().await;
        assert_interrupted(&events);
        let again = send(chat.resuming(&self.run, events.last().unwrap().id)).await;
        assert_eq!(again.status, 204, "who was told is not told again");
        chat.cancel(&next.run).await;
        let last = next.rest().await;
        assert!(last.iter().all(|event| event.kind() != "error"), "{last:?}");
    }
}

async fn say_when_free(chat: &Chat, thread: &str) -> Events {
    let begun = Instant::now();
    loop {
        let response = chat.saying(thread, "and now?").send().await.unwrap();
        if response.status() == 200 {
            return Events::from(response);
        }
        // Fifty at once look whether they may, again and again, over ten connections to PostgreSQL: on a slow machine
        // one of them may not get its turn in time.
        let status = response.status().as_u16();
        assert!(matches!(status, 409 | 503), "{status}: {}", response.text().await.unwrap());
        assert!(begun.elapsed() < LEASE_AND_MORE, "the lease runs out after ten seconds");
    }
}

async fn kill_in_the_middle(folder: &TempDir, env: &Env, after: usize) {
    let mut node = Process::serve(folder.path(), env);
    let progress = Arc::new(Progress::default());
    let mut chats = Vec::new();
    for _ in 0..STREAMS {
        // One by one: fifty HTTP clients take a while to make, and no connection is to wait so long for its request.
        chats.push(Chat::open(&node.url, "wf_slow").await);
    }
    let watching: Vec<_> =
        chats.into_iter().map(|chat| tokio::spawn(Witness::watch(chat, progress.clone()))).collect();
    until("enough was said", async || {
        progress.begun.load(Ordering::Relaxed) == STREAMS && progress.deltas.load(Ordering::Relaxed) >= after
    })
    .await;
    node.kill();
    let witnesses = join_all(watching).await;
    let node = Process::serve(folder.path(), env);
    let freed = witnesses.into_iter().map(async |witness| {
        let witness = witness.unwrap();
        let next = say_when_free(&witness.chat.at(&node.url), &witness.thread).await;
        (witness, next)
    });
    // All wait together and are heard one by one: nothing may be refused while others wait for the database.
    for (witness, next) in join_all(freed).await {
        witness.testify(&node.url, next).await;
    }
}

#[tokio::test]
async fn after_kill_9_nothing_announced_is_lost_and_every_thread_goes_on_with_sqlite() {
    let folder = tempdir().unwrap();
    for after in KILLED_AFTER {
        kill_in_the_middle(&folder, &env(&folder), after).await;
    }
}

#[tokio::test]
async fn after_kill_9_nothing_announced_is_lost_and_every_thread_goes_on_with_postgresql() {
    let folder = tempdir().unwrap();
    let env = env(&folder).set("CHATKITD_DATABASE_URL", postgres().await);
    for (round, after) in KILLED_AFTER.into_iter().enumerate() {
        // With and without the log between nodes: who ends the run's events differs.
        let env = if round == 1 {
            env.clone()
                .set("CHATKITD_REDIS_URL", required("CHATKITD_TEST_REDIS_URL"))
                .set("CHATKITD_LIMITER", "memory")
        } else {
            env.clone()
        };
        kill_in_the_middle(&folder, &env, after).await;
    }
}
