//! Agents that do what a test tells them to, and some that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};
use chatkitd_protocol::chatkit::{AssistantMessageContent, AssistantMessageItem, ItemUpdate, ThreadEvent, ThreadItem};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Says each word that a test hands it, as one message; is done when the test drops its end.
pub struct Puppet(Mutex<UnboundedReceiver<String>>);

impl Puppet {
    /// The agent, and where its words come from. It answers one message at a time.
    pub fn new() -> (Self, UnboundedSender<String>) {
        let (say, words) = unbounded_channel();
        (Self(Mutex::new(words)), say)
    }
}

#[async_trait]
impl Agent for Puppet {
    async fn respond(&self, _: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let mut message = begin(answer).await;
        let mut words = self.0.lock().await;
        while let Some(word) = words.recv().await {
            say(answer, &mut message, &word).await;
        }
        answer.emit(ThreadEvent::ItemDone { item: ThreadItem::AssistantMessage(message) }).await;
        Ok(())
    }
}

async fn begin(answer: &Answer) -> AssistantMessageItem {
    let message = AssistantMessageItem {
        id: answer.new_item_id(),
        content: vec![AssistantMessageContent::default()],
        ..AssistantMessageItem::default()
    };
    answer.emit(ThreadEvent::ItemAdded { item: ThreadItem::AssistantMessage(message.clone()) }).await;
    message
}

async fn say(answer: &Answer, message: &mut AssistantMessageItem, word: &str) {
    message.content[0].text.push_str(word);
    let update = ItemUpdate::ContentPartTextDelta { content_index: 0, delta: word.to_owned() };
    answer.emit(ThreadEvent::ItemUpdated { item_id: message.id.clone(), update }).await;
}

/// How an agent goes wrong after some words.
#[derive(Clone, Copy)]
pub enum Fault {
    /// With an error that the visitor must not see.
    Fails,
    /// With one that they may.
    Explains,
    Panics,
    NeverEnds,
    /// Without ever waiting for anything.
    Floods,
}

/// Misbehaves, and counts how often it is asked.
pub struct Faulty {
    pub fault: Fault,
    pub asked: Arc<AtomicU32>,
}

#[async_trait]
impl Agent for Faulty {
    async fn respond(&self, _: &Turn, answer: &Answer) -> Result<(), AgentError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut message = begin(answer).await;
        say(answer, &mut message, "some words").await;
        match self.fault {
            Fault::Fails => Err(AgentError::failed("the password of the database is hunter2")),
            Fault::Explains => Err(AgentError::retryable("The shop is closed.")),
            Fault::Panics => panic!("an agent with a defect"),
            Fault::NeverEnds => std::future::pending().await,
            Fault::Floods => loop {
                say(answer, &mut message, &"x".repeat(1_000)).await;
            },
        }
    }
}
