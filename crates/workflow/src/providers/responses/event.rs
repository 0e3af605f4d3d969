//! Events of the Responses API, with the fields that are read here. What is not known is ignored.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum Event {
    #[serde(rename = "response.output_item.added")]
    ItemAdded { item: Item },
    #[serde(rename = "response.output_item.done")]
    ItemDone { item: Item },
    #[serde(rename = "response.content_part.added")]
    PartAdded,
    #[serde(rename = "response.output_text.delta", alias = "response.refusal.delta")]
    TextDelta { delta: String },
    #[serde(rename = "response.output_text.done")]
    TextDone { text: String },
    #[serde(rename = "response.refusal.done")]
    RefusalDone { refusal: String },
    #[serde(rename = "response.output_text.annotation.added")]
    AnnotationAdded { annotation: Option<Annotation> },
    #[serde(rename = "response.reasoning_summary_part.added", alias = "response.reasoning_summary_part.done")]
    SummaryPart,
    #[serde(rename = "response.reasoning_summary_text.delta")]
    SummaryDelta { delta: String },
    #[serde(rename = "response.reasoning_summary_text.done")]
    SummaryDone { text: String },
    #[serde(rename = "response.image_generation_call.in_progress")]
    ImageBegan { item_id: String },
    #[serde(rename = "response.image_generation_call.partial_image")]
    ImagePartial { item_id: String, partial_image_index: u32, partial_image_b64: String },
    #[serde(rename = "response.completed")]
    Completed { response: Response },
    #[serde(rename = "response.incomplete")]
    Incomplete { response: Response },
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
    Message,
    Reasoning,
    ImageGenerationCall {
        id: String,
        /// Base64; none where the picture could not be made.
        result: Option<String>,
    },
    #[serde(other)]
    Other,
}

/// Indexes count characters, from the beginning of the part.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Annotation {
    UrlCitation {
        url: String,
        title: Option<String>,
        end_index: Option<u32>,
    },
    FileCitation {
        filename: String,
        index: Option<u32>,
    },
    ContainerFileCitation {
        filename: String,
        end_index: Option<u32>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct Response {
    pub(super) usage: Option<Usage>,
    pub(super) incomplete_details: Option<IncompleteDetails>,
}

#[derive(Deserialize)]
pub(super) struct Usage {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

#[derive(Deserialize)]
pub(super) struct IncompleteDetails {
    pub(super) reason: Option<String>,
}
