//! What a model says, as the visitor sees it.

use chatkitd_core::models::ModelEvent;
use chatkitd_core::server::{AgentError, Answer};

use super::pictures::Pictures;
use super::reasoning::{self, Reasoning};
use super::settings::ModelAgentSettings;
use super::writing::Writing;

/// One answer of a model's.
pub(super) struct Speech {
    answer: Answer,
    show_reasoning: bool,
    reasoning: Option<Reasoning>,
    /// How many bytes of thoughts may still be shown.
    thoughts_left: usize,
    writing: Writing,
    pictures: Pictures,
}

impl Speech {
    pub(super) fn new(answer: &Answer, settings: &ModelAgentSettings) -> Self {
        Self {
            answer: answer.clone(),
            show_reasoning: settings.show_reasoning,
            reasoning: None,
            thoughts_left: reasoning::MAX_BYTES,
            writing: Writing::new(answer),
            pictures: Pictures::new(answer, &settings.tools),
        }
    }

    /// Whether the visitor has seen the first word or picture.
    pub(super) fn has_begun(&self) -> bool {
        self.writing.has_begun() || self.pictures.has_begun()
    }

    /// Whether there is something to keep: a picture may have been begun and never finished.
    pub(super) fn has_answered(&self) -> bool {
        self.writing.has_begun() || self.pictures.has_shown()
    }

    /// Whether the answer became longer than answers may be.
    pub(super) fn is_full(&self) -> bool {
        self.writing.is_full()
    }

    /// Passes on a piece of the answer.
    pub(super) async fn say(&mut self, event: ModelEvent) -> Result<(), AgentError> {
        match event {
            ModelEvent::MessageBegan => {
                self.end_reasoning().await?;
                self.writing.end_message().await;
            }
            ModelEvent::Text(text) => {
                // Within a message a model may have thought again.
                self.end_reasoning().await?;
                self.writing.push(&text).await;
            }
            ModelEvent::Citation { source, at } => self.writing.cite(source, at).await,
            ModelEvent::MessageEnded => self.writing.end_message().await,
            ModelEvent::ThoughtBegan | ModelEvent::Thought(_) | ModelEvent::ThoughtEnded => {
                if self.show_reasoning {
                    self.think(event).await?;
                }
            }
            ModelEvent::ImageBegan { id } => {
                self.end_reasoning().await?;
                self.pictures.begin(id).await;
            }
            ModelEvent::ImagePartial { id, index, image } => self.pictures.update(&id, index, &image).await,
            ModelEvent::ImageDone { id, image } => self.pictures.done(&id, &image).await,
            ModelEvent::Ended { .. } => {}
        }
        Ok(())
    }

    /// The answer is over, complete or not: what was written is kept, what was begun and has nothing to
    /// show is taken away.
    pub(super) async fn finish(&mut self) -> Result<(), AgentError> {
        self.end_reasoning().await?;
        self.writing.end_message().await;
        self.pictures.clear().await;
        Ok(())
    }

    async fn think(&mut self, event: ModelEvent) -> Result<(), AgentError> {
        let mut reasoning = match self.reasoning.take() {
            Some(reasoning) => reasoning,
            None => Reasoning::begin(&self.answer, self.thoughts_left).await,
        };
        match event {
            ModelEvent::ThoughtBegan => reasoning.begin_thought().await?,
            ModelEvent::Thought(text) => reasoning.push(&text).await?,
            _ => reasoning.end_thought().await?,
        }
        self.reasoning = Some(reasoning);
        Ok(())
    }

    async fn end_reasoning(&mut self) -> Result<(), AgentError> {
        if let Some(reasoning) = self.reasoning.take() {
            self.thoughts_left = reasoning.done().await?;
        }
        Ok(())
    }
}
