//! Widgets: as they are, or as they change.

use chatkitd_protocol::chatkit::{Extra, ThreadEvent, ThreadItem, Time, WidgetItem, WidgetRoot};

use super::Answer;
use super::widget_diff::diff_widget;

impl Answer {
    /// Shows a widget. Returns the item's id.
    ///
    /// `copy_text` is what a visitor gets who copies the answer. Clicks in the widget come to
    /// [`Agent::action`](crate::server::Agent::action), with the widget as the sender.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) -> Result<(), serde_json::Error> {
    /// let card = serde_json::from_value(serde_json::json!({
    ///     "type": "Card",
    ///     "children": [{"type": "Text", "value": "Monday to Friday, 9:00 to 18:00"}],
    /// }))?;
    /// answer.widget(card, Some("Monday to Friday, 9:00 to 18:00")).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn widget(&self, root: WidgetRoot, copy_text: Option<&str>) -> String {
        self.put(widget_item(root, copy_text)).await
    }

    pub(in crate::server) async fn widget_with(&self, id: String, root: WidgetRoot, copy_text: Option<&str>) {
        self.put(WidgetItem { id, ..widget_item(root, copy_text) }).await;
    }

    /// Shows a widget that changes while the visitor looks on.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) -> Result<(), serde_json::Error> {
    /// let card = |text: &str, streaming: bool| {
    ///     serde_json::from_value(serde_json::json!({
    ///         "type": "Card",
    ///         "children": [{"type": "Text", "id": "hours", "value": text, "streaming": streaming}],
    ///     }))
    /// };
    /// let mut widget = answer.stream_widget(card("We open", true)?, None).await;
    /// widget.update(card("We open at nine.", true)?).await;
    /// widget.update(card("We open at nine.", false)?).await;
    /// widget.done().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream_widget(&self, root: WidgetRoot, copy_text: Option<&str>) -> WidgetStream {
        self.stream_widget_with(self.new_item_id(), root, copy_text).await
    }

    pub(in crate::server) async fn stream_widget_with(
        &self,
        id: String,
        root: WidgetRoot,
        copy_text: Option<&str>,
    ) -> WidgetStream {
        let item = WidgetItem { id, created_at: self.now(), ..widget_item(root, copy_text) };
        self.emit(ThreadEvent::item_added(ThreadItem::Widget(item.clone()))).await;
        WidgetStream { answer: self.clone(), item }
    }
}

/// A widget that is changing. It is saved when it is [`done`](Self::done), and not before.
pub struct WidgetStream {
    answer: Answer,
    item: WidgetItem,
}

impl WidgetStream {
    /// The item's id.
    pub fn id(&self) -> &str {
        &self.item.id
    }

    /// Shows `root` instead of what was there. What goes over the wire is as little as
    /// [`diff_widget`] finds.
    pub async fn update(&mut self, root: WidgetRoot) {
        for update in diff_widget(&self.item.widget, &root) {
            self.answer.update(&self.item.id, update).await;
        }
        self.item.widget = root;
    }

    /// Finishes the widget as it is now: it is saved. Returns its id.
    pub async fn done(self) -> String {
        self.answer.put(self.item).await
    }
}

fn widget_item(root: WidgetRoot, copy_text: Option<&str>) -> WidgetItem {
    WidgetItem {
        id: String::new(),
        thread_id: String::new(),
        created_at: Time::default(),
        widget: root,
        copy_text: copy_text.map(str::to_owned),
        extra: Extra::new(),
    }
}
