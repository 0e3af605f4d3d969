//! What a model says, as the visitor sees it.

use chatkitd_core::models::{CitedSource, ModelEvent};
use chatkitd_core::server::{AgentError, Answer, Message};
use chatkitd_protocol::chatkit::{Annotation, Extra, FileSource, Source, SourceAnnotation, UrlSource};

use super::pictures::Pictures;
use super::reasoning::Reasoning;
use super::settings::ModelAgentSettings;

/// One answer of a model's.
pub(super) struct Speech {
    answer: Answer,
    show_reasoning: bool,
    reasoning: Option<Reasoning>,
    /// The message that is being written, once it has words: nobody sees an empty one.
    message: Option<Message>,
    pictures: Pictures,
    has_spoken: bool,
}

impl Speech {
    pub(super) fn new(answer: &Answer, settings: &ModelAgentSettings) -> Self {
        Self {
            answer: answer.clone(),
            show_reasoning: settings.show_reasoning,
            reasoning: None,
            message: None,
            pictures: Pictures::new(answer, &settings.tools),
            has_spoken: false,
        }
    }

    /// Whether the visitor has seen the first word or picture.
    pub(super) fn has_spoken(&self) -> bool {
        self.has_spoken
    }

    /// Passes on a piece of the answer.
    pub(super) async fn say(&mut self, event: ModelEvent) -> Result<(), AgentError> {
        match event {
            ModelEvent::MessageBegan => {
                self.end_reasoning().await?;
                self.end_message().await;
            }
            ModelEvent::Text(text) => self.write(&text).await,
            ModelEvent::Citation { source, at } => self.cite(source, at).await,
            ModelEvent::MessageEnded => self.end_message().await,
            ModelEvent::ThoughtBegan | ModelEvent::Thought(_) | ModelEvent::ThoughtEnded => {
                if self.show_reasoning {
                    self.think(event).await?;
                }
            }
            ModelEvent::ImageBegan { id } => {
                self.end_reasoning().await?;
                self.has_spoken = true;
                self.pictures.begin(id).await;
            }
            ModelEvent::ImagePartial { id, index, image } => self.pictures.update(&id, index, &image).await,
            ModelEvent::ImageDone { id, image } => {
                self.has_spoken = true;
                self.pictures.done(&id, &image).await;
            }
            ModelEvent::Ended { .. } => {}
        }
        Ok(())
    }

    /// The answer is over, complete or not: what was written is kept, what was begun and has nothing to
    /// show is taken away.
    pub(super) async fn finish(&mut self) -> Result<(), AgentError> {
        self.end_reasoning().await?;
        self.end_message().await;
        self.pictures.clear().await;
        Ok(())
    }

    async fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.message.is_none() {
            self.message = Some(self.answer.message().await);
        }
        if let Some(message) = &mut self.message {
            message.push(text).await;
            self.has_spoken = true;
        }
    }

    async fn cite(&mut self, source: CitedSource, at: Option<u32>) {
        let (Some(message), Some(source)) = (&mut self.message, wire_source(source)) else { return };
        match at {
            None => message.cite(source).await,
            Some(_) => {
                let source = SourceAnnotation { source: Box::new(source), index: at, extra: Extra::new() };
                message.annotate(Annotation::Source(source)).await;
            }
        }
    }

    async fn think(&mut self, event: ModelEvent) -> Result<(), AgentError> {
        if self.reasoning.is_none() {
            self.reasoning = Some(Reasoning::begin(&self.answer).await);
        }
        let Some(reasoning) = &mut self.reasoning else { return Ok(()) };
        match event {
            ModelEvent::ThoughtBegan => reasoning.begin_thought().await,
            ModelEvent::Thought(text) => reasoning.push(&text).await,
            _ => reasoning.end_thought().await,
        }
    }

    async fn end_reasoning(&mut self) -> Result<(), AgentError> {
        match self.reasoning.take() {
            Some(reasoning) => reasoning.done().await,
            None => Ok(()),
        }
    }

    async fn end_message(&mut self) {
        if let Some(message) = self.message.take() {
            message.done().await;
        }
    }
}

/// What the visitor can open. Addresses that are not of the web are none: a model may have been told by a
/// page to cite a script.
fn wire_source(source: CitedSource) -> Option<Source> {
    match source {
        CitedSource::Url { url, title } => {
            let lower = url.get(..8).unwrap_or(&url).to_ascii_lowercase();
            if !lower.starts_with("https://") && !lower.starts_with("http://") {
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
