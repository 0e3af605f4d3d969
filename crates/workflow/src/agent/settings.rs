use std::collections::BTreeMap;

use chatkitd_core::models::HostedTool;

/// What a [`ModelAgent`](super::ModelAgent) asks, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelAgentSettings {
    /// The model's name as its server knows it. It answers unless the visitor chooses another one.
    pub model: String,
    /// The other models that a visitor may choose: the id that the page's composer has, and the model's
    /// name. None by default. `model` may always be chosen, by its name.
    pub models: BTreeMap<String, String>,
    /// What the model is told to do; empty (the default) for nothing.
    pub instructions: String,
    /// Tools that run at the provider. A visitor may choose one of them by its kind. None by default.
    pub tools: Vec<HostedTool>,
    /// How much the model thinks, in the provider's words. The provider's own default unless set.
    pub reasoning_effort: Option<String>,
    /// The most tokens of an answer, thoughts included. The provider's own default unless set.
    pub max_output_tokens: Option<u32>,
    /// The sampling temperature. The provider's own default unless set.
    pub temperature: Option<f64>,
    /// How much of the conversation the model is sent, in tokens of about four bytes:
    /// [`HISTORY_TOKENS`](Self::HISTORY_TOKENS) by default. Documents that are text have as much again.
    pub history_tokens: u32,
    /// The model that finds titles; the default model unless set. A small one is enough.
    pub title_model: Option<String>,
    /// Whether visitors see what the model thinks. Yes by default.
    pub show_reasoning: bool,
}

impl ModelAgentSettings {
    /// The default of `history_tokens`.
    pub const HISTORY_TOKENS: u32 = 16_384;

    /// The defaults, for this model.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            models: BTreeMap::new(),
            instructions: String::new(),
            tools: Vec::new(),
            reasoning_effort: None,
            max_output_tokens: None,
            temperature: None,
            history_tokens: Self::HISTORY_TOKENS,
            title_model: None,
            show_reasoning: true,
        }
    }
}
