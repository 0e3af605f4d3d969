//! The `model` agent: one instruction, any model.

mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::ports::Model;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};

pub use settings::ModelAgentSettings;

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
    async fn respond(&self, _turn: &Turn, _answer: &Answer) -> Result<(), AgentError> {
        let _ = (&self.model, &self.settings);
        Err(AgentError::custom("not there yet"))
    }
}
