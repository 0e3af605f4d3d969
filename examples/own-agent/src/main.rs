//! An agent of your own: it knows the opening hours of a shop.

#[cfg(test)]
mod tests;

use std::error::Error;

use async_trait::async_trait;
use chatkitd::Server;
use chatkitd::settings::Settings;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

struct OpeningHours;

#[async_trait]
impl Agent for OpeningHours {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let question = turn.text();
        let Some(day) = DAYS.iter().find(|day| question.contains(**day)) else {
            answer.say("Which day do you mean?").await;
            return Ok(());
        };
        answer.set_title("Opening hours").await;
        let mut message = answer.message().await;
        message.push(&format!("On {day} we are ")).await;
        message.push(if day.starts_with('S') { "closed." } else { "open from **9:00 to 18:00**." }).await;
        message.done().await;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_environment(None, true)?;
    Server::new(settings).agent("wf_hours", OpeningHours).run().await?;
    Ok(())
}
