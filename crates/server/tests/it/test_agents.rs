//! Agents that do what a test tells them to, and some that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};
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
        let mut message = answer.message().await;
        let mut words = self.0.lock().await;
        while let Some(word) = words.recv().await {
            message.push(&word).await;
        }
        message.done().await;
        Ok(())
    }
}

/// How an agent goes wrong after some words.
#[derive(Clone, Copy)]
pub enum Fault {
    /// With an error that the visitor must not see.
    Fails,
    /// With one that they may.
    Explains,
    Panics,
    PanicsBeforehand,
    PanicsWhenDropped,
    NeverEnds,
    /// Without ever waiting for anything.
    Floods,
    /// The same, with what nobody sees: it adds nothing to the length of the answer.
    TakesNotes,
}

/// Misbehaves, and counts how often it is asked.
pub struct Faulty {
    pub fault: Fault,
    pub asked: Arc<AtomicU32>,
}

/// Panics when it is dropped.
struct Defect;

impl Drop for Defect {
    fn drop(&mut self) {
        panic!("an agent with a defect");
    }
}

#[async_trait]
impl Agent for Faulty {
    fn allow_cancel(&self, _: &Turn) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if matches!(self.fault, Fault::PanicsBeforehand) {
            panic!("an agent with a defect");
        }
        true
    }

    async fn respond(&self, _: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let mut message = answer.message().await;
        message.push("some words").await;
        match self.fault {
            Fault::Fails => Err(AgentError::failed("the password of the database is hunter2")),
            Fault::Explains => Err(AgentError::retryable("The shop is closed.")),
            Fault::Panics | Fault::PanicsBeforehand => panic!("an agent with a defect"),
            Fault::PanicsWhenDropped => {
                let _defect = Defect;
                std::future::pending().await
            }
            Fault::NeverEnds => std::future::pending().await,
            Fault::Floods => loop {
                message.push(&"x".repeat(1_000)).await;
            },
            Fault::TakesNotes => loop {
                answer.hide("a note").await;
            },
        }
    }
}
