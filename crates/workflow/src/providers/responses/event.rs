//! Events of the Responses API, with the fields that are read here. What is not known is ignored.

use serde::Deserialize;

use crate::providers::lenient::{or_none, those_that_are};

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum Event {
    #[serde(rename = "response.output_item.added")]
    ItemAdded {
        #[serde(default, deserialize_with = "or_none")]
        item: Option<Item>,
    },
    #[serde(rename = "response.output_item.done")]
    ItemDone {
        #[serde(default, deserialize_with = "or_none")]
        item: Option<Item>,
    },
    #[serde(rename = "response.content_part.added")]
    PartAdded,
    #[serde(rename = "response.output_text.delta", alias = "response.refusal.delta")]
    TextDelta { delta: String },
    #[serde(rename = "response.output_text.done")]
    TextDone {
        #[serde(default, deserialize_with = "or_none")]
        text: Option<String>,
    },
    #[serde(rename = "response.refusal.done")]
    RefusalDone {
        #[serde(default, deserialize_with = "or_none")]
        refusal: Option<String>,
    },
    #[serde(rename = "response.output_text.annotation.added")]
    AnnotationAdded {
        #[serde(default, deserialize_with = "or_none")]
        annotation: Option<Annotation>,
    },
    #[serde(rename = "response.reasoning_summary_part.added", alias = "response.reasoning_summary_part.done")]
    SummaryPart,
    #[serde(rename = "response.reasoning_summary_text.delta")]
    SummaryDelta { delta: String },
    #[serde(rename = "response.reasoning_summary_text.done")]
    SummaryDone {
        #[serde(default, deserialize_with = "or_none")]
        text: Option<String>,
    },
    #[serde(rename = "response.image_generation_call.in_progress")]
    ImageBegan { item_id: String },
    #[serde(rename = "response.image_generation_call.partial_image")]
    ImagePartial {
        item_id: String,
        #[serde(default, deserialize_with = "or_none")]
        partial_image_index: Option<u32>,
        partial_image_b64: String,
    },
    #[serde(rename = "response.completed")]
    Completed {
        #[serde(default, deserialize_with = "or_none")]
        response: Option<Response>,
    },
    #[serde(rename = "response.incomplete")]
    Incomplete {
        #[serde(default, deserialize_with = "or_none")]
        response: Option<Response>,
    },
    #[serde(rename = "response.failed")]
    Failed,
    #[serde(rename = "error")]
    Error,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Message {
        #[serde(default, deserialize_with = "those_that_are")]
        content: Vec<Part>,
    },
    Reasoning,
    ImageGenerationCall {
        id: String,
        /// Base64; none where the picture could not be made.
        result: Option<String>,
    },
    #[serde(other)]
    Other,
}

/// Of a message, as it stands when it is done.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    OutputText {
        text: String,
        #[serde(default, deserialize_with = "those_that_are")]
        annotations: Vec<Annotation>,
    },
    Refusal {
        refusal: String,
    },
    #[serde(other)]
    Other,
}

impl Part {
    /// How long its words are.
    pub(super) fn characters(&self) -> u32 {
        let words = match self {
            Self::OutputText { text, .. } => text,
            Self::Refusal { refusal } => refusal,
            Self::Other => "",
        };
        u32::try_from(words.chars().count()).unwrap_or(u32::MAX)
    }
}

/// Indexes count characters, from the beginning of the part.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Annotation {
    UrlCitation {
        url: String,
        #[serde(default, deserialize_with = "or_none")]
        title: Option<String>,
        #[serde(default, deserialize_with = "or_none")]
        end_index: Option<u32>,
    },
    FileCitation {
        filename: String,
        #[serde(default, deserialize_with = "or_none")]
        index: Option<u32>,
    },
    ContainerFileCitation {
        filename: String,
        #[serde(default, deserialize_with = "or_none")]
        end_index: Option<u32>,
    },
    #[serde(other)]
    Other,
}

#[derive(Default, Deserialize)]
pub(super) struct Response {
    /// Some servers send `response.completed` whatever became of it, and say it here.
    #[serde(default, deserialize_with = "or_none")]
    pub(super) status: Option<String>,
    /// What was told before, or, by servers that do not stream, all of the answer.
    #[serde(default, deserialize_with = "those_that_are")]
    pub(super) output: Vec<Item>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) usage: Option<Usage>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) incomplete_details: Option<IncompleteDetails>,
}

#[derive(Deserialize)]
pub(super) struct Usage {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) output_tokens: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct IncompleteDetails {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) reason: Option<String>,
}
