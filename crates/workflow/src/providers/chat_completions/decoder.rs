//! What the chunks of a chat completion mean.

use chatkitd_core::models::{CitedSource, EndReason, ModelError, ModelEvent, Usage};

use super::chunk::{Choice, Chunk, Content, Delta, Part, UrlCitation};
use super::think_tag::Words;
use crate::providers::data_url::base64_of;
use crate::providers::fault::Fault;
use crate::providers::pieces::Pieces;
use crate::providers::refused;

#[derive(Debug, Default)]
pub(in crate::providers) struct Decoder {
    pieces: Pieces,
    words: Words,
    /// How many pictures there were.
    images: usize,
    reason: Option<EndReason>,
    usage: Option<Usage>,
}

impl Decoder {
    pub(in crate::providers) fn read(&mut self, data: &str) -> Result<Vec<ModelEvent>, ModelError> {
        if data == "[DONE]" {
            return Ok(self.finish(self.reason.unwrap_or(EndReason::Complete)));
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| refused(data, &error))?;
        if (chunk.error.is_some() || chunk.choices.is_none())
            && let Some(fault) = Fault::in_event(data)
        {
            return Err(fault.within_answer());
        }
        // Usage comes in a chunk of its own, behind the one with the reason.
        if let Some(usage) = chunk.usage {
            self.usage = Some(Usage {
                input_tokens: usage.prompt_tokens.unwrap_or_default(),
                output_tokens: usage.completion_tokens.unwrap_or_default(),
            });
        }
        // One answer was asked for, which is the first.
        let choices = chunk.choices.unwrap_or_default();
        for choice in choices.into_iter().filter(|choice| choice.index.unwrap_or(0) == 0) {
            match failure(&choice) {
                Some(error) => return Err(error),
                None => self.take(choice),
            }
        }
        Ok(self.pieces.take())
    }

    /// A server that gave a reason and hangs up without `[DONE]` has said all.
    pub(in crate::providers) fn end(&mut self) -> Result<Vec<ModelEvent>, ModelError> {
        match self.reason {
            Some(reason) => Ok(self.finish(reason)),
            None => Err(ModelError::CutOff),
        }
    }

    fn finish(&mut self, reason: EndReason) -> Vec<ModelEvent> {
        self.words.end(&mut self.pieces);
        self.pieces.end(reason, self.usage);
        self.pieces.take()
    }

    fn take(&mut self, choice: Choice) {
        let Delta { content, refusal, reasoning_content, reasoning, annotations, images } =
            choice.delta.unwrap_or_default();
        // Some servers send both, with the same words.
        self.pieces.thought(reasoning_content.or(reasoning).unwrap_or_default());
        match content {
            Some(Content::Text(text)) => self.words.read(&text, &mut self.pieces),
            Some(Content::Parts(parts)) => parts.into_iter().for_each(|part| self.tell(part)),
            None => {}
        }
        self.words.read(&refusal.unwrap_or_default(), &mut self.pieces);
        annotations.into_iter().for_each(|annotation| self.cite(annotation.url_citation));
        images.iter().filter_map(|image| base64_of(&image.image_url.url)).for_each(|image| self.show(image));
        self.reason = choice.finish_reason.as_deref().and_then(end_reason).or(self.reason);
    }

    fn tell(&mut self, part: Part) {
        match part {
            Part::Text { text } => self.words.read(&text, &mut self.pieces),
            Part::Thinking { thinking } => {
                thinking.into_iter().for_each(|thought| self.pieces.thought(thought.text));
            }
            Part::Other => {}
        }
    }

    fn cite(&mut self, UrlCitation { url, title, end_index }: UrlCitation) {
        let title = title.filter(|title| !title.is_empty());
        // Servers that do not know the place say 0.
        let at = end_index.filter(|index| *index > 0);
        self.pieces.citation(CitedSource::Url { url, title }, at);
    }

    /// A picture stands between what was said before and after it. Servers give it no id.
    fn show(&mut self, base64: &str) {
        self.pieces.end_thought();
        self.pieces.end_message();
        self.images += 1;
        self.pieces.end_image(format!("image_{}", self.images), base64.to_owned());
    }
}

/// The answer was given up: there is an error, or the reason of the end is one (Mistral, `DeepSeek`, vLLM).
fn failure(choice: &Choice) -> Option<ModelError> {
    if let Some(fault) = Fault::of_error(&choice.error) {
        return Some(fault.within_answer());
    }
    match choice.finish_reason.as_deref()? {
        reason @ ("error" | "insufficient_system_resource" | "abort") => {
            Some(ModelError::Failed { message: format!("its answer ended with {reason:?}") })
        }
        _ => None,
    }
}

/// Some servers send an empty reason with every chunk, and others have words of their own: Mistral for `length`,
/// Google for `content_filter`, many for `stop`.
fn end_reason(reason: &str) -> Option<EndReason> {
    match reason {
        "" => None,
        "length" | "model_length" | "max_tokens" => Some(EndReason::TooLong),
        reason if reason.starts_with("content_filter") => Some(EndReason::Filtered),
        _ => Some(EndReason::Complete),
    }
}
