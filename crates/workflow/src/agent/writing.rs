//! The messages of an answer, one after another, as they are written.

use chatkitd_core::models::CitedSource;
use chatkitd_core::server::{Answer, Message};
use chatkitd_protocol::chatkit::{Annotation, Extra, FileSource, Source, SourceAnnotation, UrlSource};

use super::blank::is_blank;

/// The longest answer, in bytes: what the models with the longest answers write.
const MAX_BYTES: usize = 512 * 1024;
/// An answer is sent in no more than about so many pieces for each doubling of its length, so that the
/// frames around the words of a very long one do not outgrow the run's log. Up to 16 KiB, with pieces of
/// four bytes, each goes out as it comes.
const PIECES: usize = 4_096;

/// The messages of one answer.
pub(super) struct Writing {
    answer: Answer,
    /// The message that is being written, once it has words: nobody sees an empty one.
    message: Option<Message>,
    /// Whether there is something to see in it. Blanks before that wait.
    has_words: bool,
    /// What of it was not sent yet.
    unsent: String,
    /// How much of it was, in characters.
    sent: u32,
    /// Citations of what was not.
    early: Vec<(Source, Option<u32>)>,
    /// Whether a message was begun.
    has_begun: bool,
    /// The bytes of all messages.
    written: usize,
    is_full: bool,
}

impl Writing {
    pub(super) fn new(answer: &Answer) -> Self {
        Self {
            answer: answer.clone(),
            message: None,
            has_words: false,
            unsent: String::new(),
            sent: 0,
            early: Vec::new(),
            has_begun: false,
            written: 0,
            is_full: false,
        }
    }

    /// Whether there was anything to see.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether something was left out because the answer is too long.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) async fn push(&mut self, text: &str) {
        let kept = &text[..text.floor_char_boundary(MAX_BYTES - self.written)];
        self.is_full |= kept.len() < text.len();
        if kept.is_empty() {
            return;
        }
        self.written += kept.len();
        self.has_words = self.has_words || !kept.chars().all(is_blank);
        self.unsent.push_str(kept);
        if self.unsent.len() >= self.written / PIECES {
            self.send().await;
        }
    }

    /// A citation of what was written. One of what is not written yet waits for it.
    pub(super) async fn cite(&mut self, source: CitedSource, at: Option<u32>) {
        self.send().await;
        let Some(source) = wire_source(source) else { return };
        match &mut self.message {
            Some(message) if at.is_none_or(|at| at <= self.sent) => mark(message, source, at).await,
            _ => self.early.push((source, at)),
        }
    }

    /// The message is complete, if there is one: it is kept.
    pub(super) async fn end_message(&mut self) {
        self.send().await;
        self.has_words = false;
        self.unsent.clear();
        self.sent = 0;
        let early = std::mem::take(&mut self.early);
        if let Some(mut message) = self.message.take() {
            // Servers that count in bytes name places behind the end.
            for (source, _) in early {
                message.cite(source).await;
            }
            message.done().await;
        }
    }

    async fn send(&mut self) {
        if self.unsent.is_empty() || !self.has_words {
            return;
        }
        self.has_begun = true;
        let mut message = match self.message.take() {
            Some(message) => message,
            None => self.answer.message().await,
        };
        message.push(&self.unsent).await;
        let characters = u32::try_from(self.unsent.chars().count()).unwrap_or(u32::MAX);
        self.sent = self.sent.saturating_add(characters);
        self.unsent.clear();
        let is_written = |(_, at): &mut (Source, Option<u32>)| at.is_none_or(|at| at <= self.sent);
        for (source, at) in self.early.extract_if(.., is_written) {
            mark(&mut message, source, at).await;
        }
        self.message = Some(message);
    }
}

/// Marks a place in the message, or its end so far.
async fn mark(message: &mut Message, source: Source, at: Option<u32>) {
    match at {
        None => message.cite(source).await,
        Some(_) => {
            let source = SourceAnnotation { source: Box::new(source), index: at, extra: Extra::new() };
            message.annotate(Annotation::Source(source)).await;
        }
    }
}

/// What the visitor can open. Addresses that are not of the web are none: a model may have been told by a
/// page to cite a script.
fn wire_source(source: CitedSource) -> Option<Source> {
    match source {
        CitedSource::Url { url, title } => {
            let scheme = url.split_once("://")?.0;
            if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
                return None;
            }
            let title = title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| url.clone());
            Some(Source::Url(UrlSource { title, url, ..UrlSource::default() }))
        }
        CitedSource::File { name } if name.is_empty() => None,
        CitedSource::File { name } => {
            Some(Source::File(FileSource { title: name.clone(), filename: name, ..FileSource::default() }))
        }
    }
}
