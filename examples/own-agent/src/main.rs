//! An agent of your own: it knows the opening hours of a shop.

use std::error::Error;

use async_trait::async_trait;
use chatkitd::Server;
use chatkitd::settings::Settings;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};

struct OpeningHours;

#[async_trait]
impl Agent for OpeningHours {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let question = turn.message().map(|message| message.text().to_lowercase()).unwrap_or_default();
        answer.progress("Looking at the calendar", Some("calendar")).await;

        let mut message = answer.message().await;
        for day in ["monday", "tuesday", "wednesday", "thursday", "friday"] {
            if question.contains(day) {
                message.push(&format!("On {day} we are open from **9:00 to 18:00**. ")).await;
            }
        }
        if question.contains("saturday") || question.contains("sunday") {
            message.push("At the weekend we are closed.").await;
        }
        message.done().await;
        answer.set_title("Opening hours").await;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_environment(None, true)?;
    Server::new(settings).agent("wf_hours", OpeningHours).run().await?;
    Ok(())
}
