//! Models and transcription over HTTP, against a server that misbehaves in every way there is.

mod aimock;
mod faults;
mod requests;
mod transcription;

use std::sync::Arc;
use std::time::Duration;

use chatkitd::models::{Deadlines, HttpModel, ModelClient, ModelServer};
use chatkitd_core::models::{ModelError, ModelEvent, ModelMessage, ModelPart, ModelRequest, Role};
use chatkitd_core::ports::Model as _;
use chatkitd_core::testing::SeededRng;
use chatkitd_workflow::providers::Api;
use futures_util::TryStreamExt as _;

use crate::noting_clock::NotingClock;

pub const KEY: &str = "sk-test-key";

/// A whole answer of the Chat Completions API: `Hi`.
pub const HI: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
/// The first word of one.
pub const FIRST: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Half\"}}]}\n\n";

/// A client for which waiting before another try takes no time.
pub fn client(deadlines: Deadlines) -> (ModelClient, Arc<NotingClock>) {
    let clock = Arc::new(NotingClock::default());
    (ModelClient::new(deadlines, clock.clone(), Arc::new(SeededRng::new(7))).unwrap(), clock)
}

/// Long enough to connect, ask and begin on a machine that is busy.
pub fn impatient() -> Deadlines {
    Deadlines {
        first_byte: Duration::from_secs(2),
        idle: Duration::from_secs(1),
        working: Duration::from_millis(1_500),
        ..Deadlines::default()
    }
}

pub struct Asked {
    pub model: HttpModel,
    pub clock: Arc<NotingClock>,
}

impl Asked {
    pub fn at(base: &str) -> Self {
        Self::with(base, Api::ChatCompletions, Deadlines::default())
    }

    pub fn with(base: &str, api: Api, deadlines: Deadlines) -> Self {
        let (client, clock) = client(deadlines);
        let server = ModelServer { base: base.parse().unwrap(), key: Some(KEY.into()), api };
        Self { model: HttpModel::new(client, server), clock }
    }

    /// The whole answer.
    pub async fn ask(&self) -> Result<Vec<ModelEvent>, ModelError> {
        self.model.answer(question()).await?.try_collect().await
    }

    /// The answer's text as far as it came, and what ended it.
    pub async fn fail(&self) -> (String, ModelError) {
        self.fail_for(question()).await
    }

    pub async fn fail_for(&self, request: ModelRequest) -> (String, ModelError) {
        let mut text = String::new();
        let mut answer = match self.model.answer(request).await {
            Ok(answer) => answer,
            Err(error) => return (text, error),
        };
        loop {
            match answer.try_next().await {
                Ok(Some(ModelEvent::Text(more))) => text.push_str(&more),
                Ok(Some(_)) => {}
                Ok(None) => panic!("the answer did not fail"),
                Err(error) => return (text, error),
            }
        }
    }
}

pub fn question() -> ModelRequest {
    question_of("What is it?")
}

pub fn question_of(words: &str) -> ModelRequest {
    let parts = vec![ModelPart::Text(words.to_owned())];
    ModelRequest {
        model: "a-model".to_owned(),
        messages: vec![ModelMessage { role: Role::User, parts }],
        ..ModelRequest::default()
    }
}
