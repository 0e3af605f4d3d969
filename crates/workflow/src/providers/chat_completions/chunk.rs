//! Chunks of a chat completion, with the fields that are read here. Servers leave out, or set to null, whatever
//! they like.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::providers::lenient::{or_none, those_that_are};

#[derive(Deserialize)]
pub(super) struct Chunk {
    pub(super) choices: Option<Vec<Choice>>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) usage: Option<Usage>,
    /// Whether there is one; what it says has many shapes.
    pub(super) error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) index: Option<u32>,
    pub(super) delta: Option<Delta>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) finish_reason: Option<String>,
    /// What went wrong behind a gateway, of many shapes: `OpenRouter`.
    #[serde(default)]
    pub(super) error: Value,
}

#[derive(Default, Deserialize)]
pub(super) struct Delta {
    pub(super) content: Option<Content>,
    pub(super) refusal: Option<String>,
    /// What the model thinks: `DeepSeek`, vLLM, llama.cpp, `LiteLLM`.
    #[serde(default, deserialize_with = "or_none")]
    pub(super) reasoning_content: Option<String>,
    /// The same: Ollama, `OpenRouter`, newer vLLM.
    #[serde(default, deserialize_with = "or_none")]
    pub(super) reasoning: Option<String>,
    #[serde(default, deserialize_with = "those_that_are")]
    pub(super) annotations: Vec<Annotation>,
    /// Pictures that the model made: `OpenRouter`, `LiteLLM`.
    #[serde(default, deserialize_with = "those_that_are")]
    pub(super) images: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    /// Mistral.
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    Text {
        text: String,
    },
    Thinking {
        #[serde(default, deserialize_with = "those_that_are")]
        thinking: Vec<Thought>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct Thought {
    pub(super) text: String,
}

/// Of the kinds that there are, the one that chat completions have. Not every server names it.
#[derive(Deserialize)]
pub(super) struct Annotation {
    pub(super) url_citation: UrlCitation,
}

#[derive(Deserialize)]
pub(super) struct UrlCitation {
    pub(super) url: String,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) title: Option<String>,
    /// In characters.
    #[serde(default, deserialize_with = "or_none")]
    pub(super) end_index: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Image {
    pub(super) image_url: ImageUrl,
}

#[derive(Deserialize)]
pub(super) struct ImageUrl {
    pub(super) url: String,
}

#[derive(Deserialize)]
pub(super) struct Usage {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) completion_tokens: Option<u64>,
}
