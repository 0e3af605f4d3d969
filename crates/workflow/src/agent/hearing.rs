//! A model's answer on its way to the visitor.

use chatkitd_core::id::RunId;
use chatkitd_core::models::{EndReason, ModelError, ModelEvent, ModelStream};
use chatkitd_core::server::{AgentError, Answer};
use chatkitd_protocol::chatkit::NoticeLevel;
use futures_util::StreamExt as _;

use super::failure::Failure;
use super::speech::Speech;

pub(super) struct Hearing<'a> {
    /// For the log.
    pub(super) run: &'a RunId,
    pub(super) stream: ModelStream,
    pub(super) speech: Speech,
    pub(super) answer: &'a Answer,
}

impl Hearing<'_> {
    /// Passes on what comes until the visitor sees something. `Some`: it has ended before that.
    pub(super) async fn until_first_word(&mut self) -> Option<Result<EndReason, Failure>> {
        while !self.speech.has_begun() {
            if let Some(ended) = self.next().await.transpose() {
                return Some(ended);
            }
        }
        None
    }

    /// Passes on the rest.
    pub(super) async fn until_end(&mut self) -> Result<(), Failure> {
        let ended = loop {
            if let Some(ended) = self.next().await.transpose() {
                break ended;
            }
        };
        self.conclude(ended).await
    }

    /// Closes what is open and says why the answer is not complete, where it is not.
    ///
    /// What was said until it broke off is worth reading; trying again takes it away.
    pub(super) async fn conclude(&mut self, ended: Result<EndReason, Failure>) -> Result<(), Failure> {
        self.speech.finish().await?;
        let (rest, nothing) = words(ended?);
        if !self.speech.has_answered() {
            return Err(AgentError::retryable(nothing).into());
        }
        if let Some(rest) = rest {
            self.answer.notice(NoticeLevel::Info, rest, None).await;
        }
        Ok(())
    }

    /// Passes on a piece. `Some`: it was the last.
    async fn next(&mut self) -> Result<Option<EndReason>, Failure> {
        match self.stream.next().await.unwrap_or(Err(ModelError::CutOff))? {
            ModelEvent::Ended { reason, usage } => {
                let run = self.run;
                tracing::debug!(%run, ?reason, ?usage, "a model has answered");
                Ok(Some(reason))
            }
            event => {
                self.speech.say(event).await?;
                Ok(self.speech.is_full().then_some(EndReason::TooLong))
            }
        }
    }
}

/// What the visitor is told of an end: below an answer, and where there is none.
fn words(reason: EndReason) -> (Option<&'static str>, &'static str) {
    match reason {
        EndReason::Complete => (None, "The assistant had no answer. Please try again."),
        EndReason::TooLong => (
            Some("The answer ends here because it reached the longest length that is allowed."),
            "The assistant came to no answer within the length that is allowed. Please try again.",
        ),
        EndReason::Filtered => (
            Some("The rest of the answer was held back by a content filter."),
            "The answer was held back by a content filter. Please try again in other words.",
        ),
    }
}
