//! Pictures that are being drawn.

use chatkitd_protocol::chatkit::{GeneratedImage, GeneratedImageItem, ItemUpdate, ThreadEvent, ThreadItem};

use super::Answer;

impl Answer {
    /// Begins a picture: the visitor sees a placeholder until the first [`ImageStream::update`].
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// let mut image = answer.image().await;
    /// image.update("https://example.com/draft.png", Some(0.5)).await;
    /// image.done("https://example.com/final.png").await;
    /// # }
    /// ```
    pub async fn image(&self) -> ImageStream {
        let item = GeneratedImageItem {
            id: self.new_item_id(),
            created_at: self.now(),
            ..GeneratedImageItem::default()
        };
        self.emit(ThreadEvent::item_added(ThreadItem::GeneratedImage(item.clone()))).await;
        ImageStream { answer: self.clone(), item }
    }
}

/// A picture that is being drawn. It is saved when it is [`done`](Self::done), and not before.
pub struct ImageStream {
    answer: Answer,
    item: GeneratedImageItem,
}

impl ImageStream {
    /// The item's id.
    pub fn id(&self) -> &str {
        &self.item.id
    }

    /// Shows the picture as far as it is drawn: an address that the visitor's browser can load, or a
    /// `data:` URL. `progress` is from 0 to 1.
    pub async fn update(&mut self, url: impl Into<String>, progress: Option<f64>) {
        let image = self.picture(url.into());
        self.answer.update(&self.item.id, ItemUpdate::generated_image_updated(image, progress)).await;
    }

    /// Finishes the picture: it is saved. Returns the item's id.
    pub async fn done(mut self, url: impl Into<String>) -> String {
        self.item.image = Some(self.picture(url.into()));
        self.answer.put(self.item).await
    }

    /// The picture has the item's id, so that it is the same one from the first draft to the last.
    fn picture(&self, url: String) -> GeneratedImage {
        GeneratedImage { id: self.item.id.clone(), url, ..GeneratedImage::default() }
    }
}
