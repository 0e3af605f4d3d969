use chatkitd_core::id::RunId;
use chatkitd_core::models::{EndReason, ModelError, ModelEvent, ModelStream};
use futures_util::StreamExt as _;

use super::failure::Failure;
use super::speech::Speech;

/// A model's answer on its way to the visitor.
pub(super) struct Hearing<'a> {
    /// For the log.
    pub(super) run: &'a RunId,
    pub(super) stream: ModelStream,
    pub(super) speech: Speech,
}

impl Hearing<'_> {
    /// Passes on what comes until the visitor sees something, or the answer has ended.
    pub(super) async fn until_first_word(&mut self) -> Result<Option<EndReason>, Failure> {
        while !self.speech.has_begun() {
            if let Some(reason) = self.next().await? {
                return Ok(Some(reason));
            }
        }
        Ok(None)
    }

    /// Passes on all of it.
    pub(super) async fn until_end(&mut self) -> Result<EndReason, Failure> {
        loop {
            if let Some(reason) = self.next().await? {
                return Ok(reason);
            }
        }
    }

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
