//! Messages of the assistant: whole, or as they are written.

use chatkitd_protocol::chatkit::{
    Annotation, AssistantMessageContent, AssistantMessageItem, Extra, ItemUpdate, OutputText, Source,
    SourceAnnotation, TextDeltas, ThreadEvent,
};

use super::Answer;

impl Answer {
    /// Says something at once: the visitor sees the whole message. Returns its id.
    ///
    /// The text is Markdown.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.say("We open at **nine**.").await;
    /// # }
    /// ```
    pub async fn say(&self, text: impl Into<String>) -> String {
        let part = AssistantMessageContent::text(text);
        self.put(AssistantMessageItem { content: vec![part], ..AssistantMessageItem::default() }).await
    }

    /// Begins a message that the visitor reads while it is written.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// let mut message = answer.message().await;
    /// for word in ["We ", "open ", "at ", "nine."] {
    ///     message.push(word).await;
    /// }
    /// message.done().await;
    /// # }
    /// ```
    pub async fn message(&self) -> Message {
        self.message_with(self.new_item_id()).await
    }

    pub(in crate::server) async fn message_with(&self, id: String) -> Message {
        let item = AssistantMessageItem { id, created_at: self.now(), ..AssistantMessageItem::default() };
        self.emit(ThreadEvent::item_added(item.clone().into())).await;
        let deltas = TextDeltas::new(&item.id, 0);
        let message = Message { answer: self.clone(), item, part: OutputText::default(), deltas };
        message.begin_part().await;
        message
    }
}

/// A message that is being written. It has one part, unless [`Message::next_part`] begins another.
///
/// A message that is not [`done`](Self::done) when the agent returns is not kept. One that is cut off by a
/// stop is, as far as it got.
pub struct Message {
    answer: Answer,
    /// With the parts that are finished.
    item: AssistantMessageItem,
    /// The part that is being written.
    part: OutputText,
    deltas: TextDeltas,
}

impl Message {
    /// The item's id.
    pub fn id(&self) -> &str {
        &self.item.id
    }

    /// Writes on. The visitor sees `delta` at the end of what is there.
    pub async fn push(&mut self, delta: &str) {
        self.part.text.push_str(delta);
        let has_nul = |text: &str| text.as_bytes().contains(&0);
        if has_nul(delta) || has_nul(&self.item.id) {
            self.update(ItemUpdate::content_part_text_delta(self.index(), delta.to_owned())).await;
            return;
        }
        let shared = &self.answer.0;
        let pace = shared.accept_text(&self.item.id, self.index(), &self.deltas, delta);
        shared.pace(pace).await;
    }

    /// Puts a mark behind what was written so far. The visitor can open it to see the source.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// use chatkitd_protocol::chatkit::{Source, UrlSource};
    /// # async fn respond(answer: &Answer) {
    /// let mut message = answer.message().await;
    /// message.push("We open at nine.").await;
    /// let url = "https://example.com/hours".to_owned();
    /// message.cite(Source::Url(UrlSource { title: "Opening hours".to_owned(), url, ..UrlSource::default() })).await;
    /// message.done().await;
    /// # }
    /// ```
    pub async fn cite(&mut self, source: Source) {
        // Counted in characters, as the models' annotations that the reference passes on.
        let index = u32::try_from(self.part.text.chars().count()).ok();
        let source = SourceAnnotation { source: Box::new(source), index, extra: Extra::new() };
        self.annotate(Annotation::Source(source)).await;
    }

    /// Adds an annotation as it is.
    pub async fn annotate(&mut self, annotation: Annotation) {
        let update = ItemUpdate::content_part_annotation_added(
            self.index(),
            count(self.part.annotations.len()),
            annotation.clone(),
        );
        self.part.annotations.push(annotation);
        self.update(update).await;
    }

    /// Finishes this part of the message and begins the next. The visitor sees parts one below the other.
    pub async fn next_part(&mut self) {
        self.end_part().await;
        self.deltas = TextDeltas::new(&self.item.id, self.index());
        self.begin_part().await;
    }

    /// Finishes the message: it is saved. Returns its id.
    pub async fn done(mut self) -> String {
        self.end_part().await;
        self.answer.put(self.item).await
    }

    async fn begin_part(&self) {
        let content = AssistantMessageContent::text("");
        self.update(ItemUpdate::content_part_added(self.index(), content)).await;
    }

    async fn end_part(&mut self) {
        let content_index = self.index();
        let content = AssistantMessageContent::OutputText(std::mem::take(&mut self.part));
        self.item.content.push(content.clone());
        self.update(ItemUpdate::content_part_done(content_index, content)).await;
    }

    fn index(&self) -> u32 {
        count(self.item.content.len())
    }

    fn update(&self, update: ItemUpdate) -> impl Future<Output = ()> + Send {
        self.answer.update(&self.item.id, update)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
