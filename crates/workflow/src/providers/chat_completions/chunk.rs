//! Chunks of a chat completion, with the fields that are read here. Servers leave out, or set to null, whatever
//! they like.

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
pub(super) struct Chunk {
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<Usage>,
    /// Whether there is one; what it says has many shapes.
    pub(super) error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) index: u32,
    pub(super) delta: Option<Delta>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Delta {
    pub(super) content: Option<String>,
    pub(super) refusal: Option<String>,
    /// What the model thinks: `DeepSeek`, vLLM, llama.cpp, `LiteLLM`.
    pub(super) reasoning_content: Option<String>,
    /// The same: Ollama, `OpenRouter`, newer vLLM.
    pub(super) reasoning: Option<String>,
    pub(super) annotations: Option<Vec<Annotation>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Annotation {
    UrlCitation {
        url_citation: UrlCitation,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct UrlCitation {
    pub(super) url: String,
    pub(super) title: Option<String>,
    /// In characters.
    pub(super) end_index: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    pub(super) prompt_tokens: u64,
    #[serde(default)]
    pub(super) completion_tokens: u64,
}
