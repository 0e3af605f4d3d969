//! Keeps what [`ModelEvent`] promises, whatever order a provider sends things in: nothing goes on that has not
//! begun, messages and thoughts do not overlap within their kind, nothing is empty, and all has ended when the
//! answer has.

use std::collections::HashSet;

use chatkitd_core::models::{CitedSource, EndReason, MadeImage, ModelEvent, Usage};

use super::halves::{Halves, whole};

/// The pieces of an answer that were read and not yet taken, and what is open.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    ready: Vec<ModelEvent>,
    message: bool,
    thought: bool,
    /// The pictures that have begun, and those that are there, by their ids.
    begun: HashSet<String>,
    made: HashSet<String>,
    /// Characters of the message so far.
    characters: u32,
    /// Whether there was a message or a picture.
    has_answered: bool,
    words: Halves,
    thoughts: Halves,
}

impl Pieces {
    pub(super) fn take(&mut self) -> Vec<ModelEvent> {
        std::mem::take(&mut self.ready)
    }

    pub(super) fn has_answered(&self) -> bool {
        self.has_answered || self.words.is_waiting()
    }

    /// Characters of the open message so far, with one that has begun.
    pub(super) fn characters(&self) -> u32 {
        self.characters.saturating_add(self.words.is_waiting().into())
    }

    pub(super) fn text(&mut self, text: String) {
        let text = self.words.join(text);
        self.write(text);
    }

    fn write(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        self.begin_message();
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        self.characters = self.characters.saturating_add(length);
        self.ready.push(ModelEvent::Text(text));
    }

    pub(super) fn citation(&mut self, source: CitedSource, at: Option<u32>) {
        let source = match source {
            CitedSource::Url { url, title } => CitedSource::Url { url, title: title.map(whole) },
            CitedSource::File { name } => CitedSource::File { name: whole(name) },
        };
        self.begin_message();
        self.ready.push(ModelEvent::Citation { source, at });
    }

    fn begin_message(&mut self) {
        if !self.message {
            self.message = true;
            self.has_answered = true;
            self.characters = 0;
            self.ready.push(ModelEvent::MessageBegan);
        }
    }

    pub(super) fn end_message(&mut self) {
        let rest = self.words.end();
        self.write(rest);
        if self.message {
            self.message = false;
            self.characters = 0;
            self.ready.push(ModelEvent::MessageEnded);
        }
    }

    pub(super) fn is_thinking(&self) -> bool {
        self.thought || self.thoughts.is_waiting()
    }

    pub(super) fn thought(&mut self, text: String) {
        let text = self.thoughts.join(text);
        self.think(text);
    }

    fn think(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        if !self.thought {
            self.thought = true;
            self.ready.push(ModelEvent::ThoughtBegan);
        }
        self.ready.push(ModelEvent::Thought(text));
    }

    pub(super) fn end_thought(&mut self) {
        let rest = self.thoughts.end();
        self.think(rest);
        if self.thought {
            self.thought = false;
            self.ready.push(ModelEvent::ThoughtEnded);
        }
    }

    /// A picture begins, or goes on: only the first time counts. Several may be made at the same time.
    pub(super) fn begin_image(&mut self, id: &str) {
        if self.begun.insert(id.to_owned()) {
            self.has_answered = true;
            self.ready.push(ModelEvent::ImageBegan { id: id.to_owned() });
        }
    }

    pub(super) fn partial_image(&mut self, id: String, index: u32, base64: String) {
        if !self.made.contains(&id) {
            self.begin_image(&id);
            self.ready.push(ModelEvent::ImagePartial { id, index, image: made_image(base64) });
        }
    }

    /// It is there: the second time it is told, it is the same.
    pub(super) fn end_image(&mut self, id: String, base64: String) {
        if self.made.insert(id.clone()) {
            self.begin_image(&id);
            self.ready.push(ModelEvent::ImageDone { id, image: made_image(base64) });
        }
    }

    pub(super) fn end(&mut self, reason: EndReason, usage: Option<Usage>) {
        self.end_thought();
        self.end_message();
        self.ready.push(ModelEvent::Ended { reason, usage });
    }
}

/// The media type is told from the picture itself; providers leave it out now and then. PNG where nothing else is
/// seen: it is what they make unless told otherwise.
fn made_image(base64: String) -> MadeImage {
    let mime_type = match base64.as_bytes() {
        [b'/', b'9', b'j', b'/', ..] => "image/jpeg",
        [b'U', b'k', b'l', b'G', b'R', ..] => "image/webp",
        _ => "image/png",
    };
    MadeImage { mime_type: mime_type.to_owned(), base64 }
}
