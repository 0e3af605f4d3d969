//! The `model` agent: one instruction, any model.
//!
//! An answer is a straight line: read the conversation (`history`), write the request (`request`), pass
//! on what comes (`speech`). A title is found beside it (`title`).

mod blank;
mod failure;
mod hearing;
mod history;
mod media;
mod pictures;
mod reasoning;
mod render;
mod request;
mod settings;
mod speech;
mod title;
mod writing;

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::models::{ModelError, ModelRequest, ModelStream};
use chatkitd_core::ports::{Model, StoreError};
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};
use futures_util::future::{Either, select};

use failure::Failure;
use hearing::Hearing;
pub use settings::ModelAgentSettings;
use speech::Speech;

/// How long an answer that is over waits for its title.
const TITLE_PATIENCE: Duration = Duration::from_secs(3);

/// Answers with a language model.
pub struct ModelAgent {
    model: Arc<dyn Model>,
    settings: ModelAgentSettings,
}

impl ModelAgent {
    /// An agent that asks `model`.
    pub fn new(model: Arc<dyn Model>, settings: ModelAgentSettings) -> Self {
        Self { model, settings }
    }
}

#[async_trait]
impl Agent for ModelAgent {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let request = request::request(turn, &self.settings).await?;
        let model = request.model.clone();
        let heard = self.answer(turn, answer, request).await;
        heard.map_err(|failure| failure.told(turn, &model))
    }
}

impl ModelAgent {
    async fn answer(&self, turn: &Turn, answer: &Answer, request: ModelRequest) -> Result<(), Failure> {
        let stream = self.ask(turn, request).await?;
        let speech = Speech::new(answer, &self.settings);
        let mut hearing = Hearing { run: turn.run(), stream, speech, answer };
        // The title is asked for once the first word is there: a model server that answers one request at a
        // time would make the visitor wait for the title first.
        match hearing.until_first_word().await {
            Some(ended) => hearing.conclude(ended).await,
            None => self.beside_title(turn, answer, hearing.until_end()).await,
        }
    }

    /// Asks the model, and once more without pictures and documents where it may be these that its server refuses:
    /// they stay in the thread, and no later message would be answered either.
    async fn ask(&self, turn: &Turn, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let without_files = media::without_files(&request);
        let (error, request) = match (self.model.answer(request).await, without_files) {
            (Err(error), Some(without_files)) if may_be_about_files(&error) => (error, without_files),
            (answered, _) => return answered,
        };
        let (run, workflow, model) = (turn.run(), &turn.context().workflow, &request.model);
        tracing::warn!(%run, workflow, model, error = &error as &dyn Error, "a model is asked without files");
        self.model.answer(request).await
    }

    /// Drives the rest of an answer while its thread is given a title, where it has none.
    async fn beside_title(
        &self,
        turn: &Turn,
        answer: &Answer,
        rest: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let Some(request) = self.title_request(turn) else { return rest.await };
        let mut title = pin!(self.give_title(turn, answer, request));
        match select(pin!(rest), &mut title).await {
            Either::Right(((), rest)) => return rest.await,
            Either::Left((ended, _)) => ended?,
        }
        select(title, pin!(answer.pause(TITLE_PATIENCE))).await;
        Ok(())
    }

    fn title_request(&self, turn: &Turn) -> Option<ModelRequest> {
        let titling = turn.context().configuration.automatic_thread_titling.as_ref();
        let enabled = titling.and_then(|titling| titling.enabled).unwrap_or(true);
        if !enabled || turn.thread().title.is_some() {
            return None;
        }
        let model = self.settings.title_model.as_ref().unwrap_or(&self.settings.model);
        title::request(model, turn.message()?)
    }

    /// A thread without a title is no failure: the next answer tries again.
    async fn give_title(&self, turn: &Turn, answer: &Answer, request: ModelRequest) {
        let run = turn.run();
        match title::ask(self.model.as_ref(), request).await {
            Ok(None) => tracing::debug!(%run, "a model found no title"),
            Ok(Some(title)) => {
                if let Err(error) = set_title(turn, answer, title).await {
                    tracing::warn!(%run, error = &error as &dyn Error, "a thread was not given its title");
                }
            }
            Err(error) => {
                tracing::warn!(%run, error = &error as &dyn Error, "a model was not asked for a title");
            }
        }
    }
}

/// Servers have no word in common for parts of a message that they do not take, and some say that they have no such
/// model then.
fn may_be_about_files(error: &ModelError) -> bool {
    matches!(error, ModelError::NotFound { .. } | ModelError::Refused { status: 400 | 413 | 415 | 422, .. })
}

/// A title that the visitor gave meanwhile stays, on whatever node they gave it.
async fn set_title(turn: &Turn, answer: &Answer, title: String) -> Result<(), StoreError> {
    if turn.reload_thread().await?.title.is_none() {
        answer.set_title(title).await;
    }
    Ok(())
}
