//! Says the visitor's own words back.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_protocol::chatkit::{UserMessageContent, UserMessageItem};

use crate::server::{Agent, AgentError, Answer, Turn};

/// What it says when there is no message: after a client tool's output or answered questions.
const NOTHING_SAID: &str = "(continue)";

/// Streams the visitor's words back, one delta a word. For trying things out, and for benchmarks: the same
/// events and text as the echo servers on other SDKs that those compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// How often the words are said. 1 by default.
    pub repeat: u32,
    /// How long before each word. None by default.
    pub delay: Duration,
}

impl Default for Echo {
    fn default() -> Self {
        Self { repeat: 1, delay: Duration::ZERO }
    }
}

#[async_trait]
impl Agent for Echo {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let words = turn.message().map_or_else(|| words_of([NOTHING_SAID]), said);
        let mut message = answer.message().await;
        for _ in 0..self.repeat {
            // Slices of one text: a word costs nothing before it is an event.
            for word in words.split_inclusive(' ') {
                if !self.delay.is_zero() {
                    answer.pause(self.delay).await;
                }
                message.push(word).await;
            }
        }
        message.done().await;
        Ok(())
    }
}

fn said(message: &UserMessageItem) -> String {
    words_of(message.content.iter().map(UserMessageContent::as_text))
}

/// The words of all parts, each with a space behind it.
fn words_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut words = String::new();
    for word in parts.into_iter().flat_map(str::split_whitespace) {
        words.push_str(word);
        words.push(' ');
    }
    words
}
