//! What the events of the Responses API mean.

use chatkitd_core::models::{CitedSource, EndReason, ModelError, ModelEvent, Usage};
use serde_json::Value;

use super::event::{Annotation, Event, Item, Part, Response};
use crate::providers::fault::Fault;
use crate::providers::pieces::Pieces;
use crate::providers::refused;

#[derive(Debug, Default)]
pub(in crate::providers) struct Decoder {
    pieces: Pieces,
    /// Where the open part of the message begins, in characters of the message.
    part: u32,
    /// How many annotations of the message were told.
    annotations: usize,
}

impl Decoder {
    pub(in crate::providers) fn read(&mut self, data: &str) -> Result<Vec<ModelEvent>, ModelError> {
        // Not of this API; gateways send it all the same, and here it comes before the end.
        if data == "[DONE]" {
            return Err(ModelError::CutOff);
        }
        match serde_json::from_str(data) {
            Ok(Event::Failed | Event::Error) => return Err(fault(data)),
            Ok(Event::Completed { response: Some(ref response) }) if has_failed(response) => {
                return Err(fault(data));
            }
            Ok(event) => self.take(event),
            Err(error) => return Err(refused(data, &error)),
        }
        Ok(self.pieces.take())
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::ItemAdded { item } => self.item_added(item.as_ref()),
            Event::ItemDone { item } => self.item_done(item),
            Event::PartAdded => self.part = self.pieces.characters(),
            Event::TextDelta { delta } => self.pieces.text(delta),
            // Repeats the deltas, where there were any.
            Event::TextDone { text } | Event::RefusalDone { refusal: text } => {
                if self.pieces.characters() == self.part {
                    self.pieces.text(text.unwrap_or_default());
                }
            }
            Event::AnnotationAdded { annotation } => self.annotate(annotation),
            Event::SummaryPart => self.pieces.end_thought(),
            Event::SummaryDelta { delta } => self.pieces.thought(delta),
            Event::SummaryDone { text } => {
                if !self.pieces.is_thinking() {
                    self.pieces.thought(text.unwrap_or_default());
                }
                self.pieces.end_thought();
            }
            Event::ImageBegan { item_id } => self.pieces.begin_image(&item_id),
            Event::ImagePartial { item_id, partial_image_index, partial_image_b64 } => {
                let index = partial_image_index.unwrap_or_default();
                self.pieces.partial_image(item_id, index, partial_image_b64);
            }
            Event::Completed { response } => {
                let response = response.unwrap_or_default();
                let reason = match response.status.as_deref() {
                    Some("incomplete") => incomplete_reason(&response),
                    _ => EndReason::Complete,
                };
                self.end(reason, response);
            }
            Event::Incomplete { response } => {
                let response = response.unwrap_or_default();
                self.end(incomplete_reason(&response), response);
            }
            Event::Failed | Event::Error | Event::Other => {}
        }
    }

    fn item_added(&mut self, item: Option<&Item>) {
        match item {
            Some(Item::Message { .. }) => self.next_message(),
            Some(Item::ImageGenerationCall { id, .. }) => self.pieces.begin_image(id),
            Some(Item::Reasoning | Item::Other) | None => {}
        }
    }

    fn item_done(&mut self, item: Option<Item>) {
        match item {
            // Repeats the deltas, where there were any.
            Some(Item::Message { content }) if !self.pieces.has_answered() => self.message(content),
            Some(Item::Message { content }) => {
                self.cite_rest(content);
                self.next_message();
            }
            Some(Item::Reasoning) => self.pieces.end_thought(),
            Some(Item::ImageGenerationCall { id, result: Some(base64) }) => self.pieces.end_image(id, base64),
            Some(Item::ImageGenerationCall { result: None, .. } | Item::Other) | None => {}
        }
    }

    fn message(&mut self, content: Vec<Part>) {
        content.into_iter().for_each(|part| self.tell(part));
        self.next_message();
    }

    fn tell(&mut self, part: Part) {
        self.part = self.pieces.characters();
        match part {
            Part::OutputText { text, annotations } => {
                self.pieces.text(text);
                annotations.into_iter().for_each(|annotation| self.annotate(Some(annotation)));
            }
            Part::Refusal { refusal } => self.pieces.text(refusal),
            Part::Other => {}
        }
    }

    fn next_message(&mut self) {
        self.pieces.end_message();
        self.part = 0;
        self.annotations = 0;
    }

    /// Where the open message is repeated: what it cites and was not told yet.
    fn cite_rest(&mut self, content: Vec<Part>) {
        let characters: u32 = content.iter().map(Part::characters).sum();
        if characters == 0 || characters != self.pieces.characters() {
            return;
        }
        let mut told = self.annotations;
        self.part = 0;
        for part in content {
            let end = self.part + part.characters();
            if let Part::OutputText { annotations, .. } = part {
                let count = annotations.len();
                annotations.into_iter().skip(told).for_each(|annotation| self.annotate(Some(annotation)));
                told = told.saturating_sub(count);
            }
            self.part = end;
        }
    }

    fn annotate(&mut self, annotation: Option<Annotation>) {
        self.annotations += usize::from(annotation.is_some());
        let (source, index) = match annotation {
            Some(Annotation::UrlCitation { url, title, end_index }) => {
                (CitedSource::Url { url, title: title.filter(|title| !title.is_empty()) }, end_index)
            }
            Some(Annotation::FileCitation { filename, index }) => {
                (CitedSource::File { name: filename }, index)
            }
            Some(Annotation::ContainerFileCitation { filename, end_index }) => {
                (CitedSource::File { name: filename }, end_index)
            }
            Some(Annotation::Other) | None => return,
        };
        let at = index.map(|index| self.part.saturating_add(index));
        self.pieces.citation(source, at);
    }

    fn end(&mut self, reason: EndReason, response: Response) {
        let usage = response.usage.map(|usage| Usage {
            input_tokens: usage.input_tokens.unwrap_or_default(),
            output_tokens: usage.output_tokens.unwrap_or_default(),
        });
        // Repeats what was told, where anything was. Some gateways tell pictures and citations here only.
        let is_all = !self.pieces.has_answered();
        response.output.into_iter().for_each(|item| match item {
            Item::Message { content } if is_all => self.message(content),
            Item::Message { content } => self.cite_rest(content),
            item => self.item_done(Some(item)),
        });
        self.pieces.end(reason, usage);
    }
}

fn has_failed(response: &Response) -> bool {
    matches!(response.status.as_deref(), Some("failed" | "cancelled"))
}

fn incomplete_reason(response: &Response) -> EndReason {
    match response.incomplete_details.as_ref().and_then(|details| details.reason.as_deref()) {
        Some("content_filter") => EndReason::Filtered,
        _ => EndReason::TooLong,
    }
}

/// `{"type": "response.failed", "response": {"error": …}}`, `{"type": "error", "error": …}`, or `OpenAI`'s own
/// `{"type": "error", "code": …, "message": …}`.
fn fault(data: &str) -> ModelError {
    let event: Value = serde_json::from_str(data).unwrap_or_default();
    let nested = Fault::in_envelope(&event["response"]).or_else(|| Fault::in_envelope(&event));
    nested.unwrap_or_else(|| Fault::in_body(data.as_bytes())).within_answer()
}
