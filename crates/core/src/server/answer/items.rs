//! Whole items, and what becomes of those that are there.

use chatkitd_protocol::chatkit::{
    ClientToolCallItem, EndOfTurnItem, HiddenContextItem, ItemUpdate, StructuredInput, StructuredInputItem,
    ThreadEvent, ThreadItem,
};
use serde_json::{Map, Value};

use super::Answer;

impl Answer {
    /// Asks the visitor's page to run one of its client tools.
    ///
    /// End the answer after this. Once the page has the output, [`Agent::respond`] is called again without
    /// a message, and [`Turn::answered`] is this call, completed, with its `output`. Returns the item's id.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// let arguments = serde_json::Map::from_iter([("item".to_owned(), "Adidas".into())]);
    /// answer.call_client_tool("add_to_cart", arguments).await;
    /// # }
    /// ```
    ///
    /// [`Agent::respond`]: crate::server::Agent::respond
    /// [`Turn::answered`]: crate::server::Turn::answered
    pub async fn call_client_tool(&self, name: impl Into<String>, arguments: Map<String, Value>) -> String {
        let id = self.new_item_id();
        let call = ClientToolCallItem {
            call_id: id.clone(),
            id,
            name: name.into(),
            arguments,
            ..Default::default()
        };
        self.put(call).await
    }

    /// Asks the visitor questions, with choices to pick from or a field to write in.
    ///
    /// End the answer after this. Once they are answered or skipped, [`Agent::respond`] is called again
    /// without a message, and [`Turn::answered`] is this item with the answers in it. Returns the item's id.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// use chatkitd_protocol::chatkit::{FreeformInput, StructuredInput};
    /// # async fn respond(answer: &Answer) {
    /// answer.ask(vec![StructuredInput::Freeform(FreeformInput {
    ///     id: "plate".to_owned(),
    ///     question: "What is your number plate?".to_owned(),
    ///     ..FreeformInput::default()
    /// })]).await;
    /// # }
    /// ```
    ///
    /// [`Agent::respond`]: crate::server::Agent::respond
    /// [`Turn::answered`]: crate::server::Turn::answered
    pub async fn ask(&self, inputs: Vec<StructuredInput>) -> String {
        self.put(StructuredInputItem { inputs, ..StructuredInputItem::default() }).await
    }

    /// Keeps something in the thread that the visitor never sees, for later answers to find among
    /// [`Turn::items`](crate::server::Turn::items). Returns the item's id.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.hide("The visitor has looked at the red shoes.").await;
    /// # }
    /// ```
    pub async fn hide(&self, content: impl Into<Value>) -> String {
        self.put(HiddenContextItem { content: content.into(), ..HiddenContextItem::default() }).await
    }

    /// Marks that the agent has had its say, where one answer has several turns. Returns the item's id.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.say("That was the last one.").await;
    /// answer.end_of_turn().await;
    /// # }
    /// ```
    pub async fn end_of_turn(&self) -> String {
        self.put(EndOfTurnItem::default()).await
    }

    /// Puts `item` where the item with its id is, from this answer or an earlier one: in the thread and
    /// before the visitor's eyes.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// use chatkitd_protocol::chatkit::WidgetItem;
    /// # async fn action(answer: &Answer, sender: &WidgetItem) {
    /// let mut widget = sender.clone();
    /// widget.copy_text = Some("Booked for Monday".to_owned());
    /// answer.replace_item(widget).await;
    /// # }
    /// ```
    pub async fn replace_item(&self, item: impl Into<ThreadItem>) {
        self.emit(ThreadEvent::item_replaced(item.into())).await;
    }

    /// Takes an item away, from the thread and from the visitor's screen. One that is not there is no error.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// let id = answer.say("One moment …").await;
    /// answer.remove_item(id).await;
    /// # }
    /// ```
    pub async fn remove_item(&self, id: impl Into<String>) {
        self.emit(ThreadEvent::item_removed(id.into())).await;
    }

    /// Adds a finished item and returns its id.
    pub(super) async fn put(&self, item: impl Into<ThreadItem>) -> String {
        let mut item = item.into();
        if item.id().is_empty() {
            item.set_id(self.new_item_id());
        }
        let id = item.id().to_owned();
        self.emit(ThreadEvent::item_done(item)).await;
        id
    }

    pub(super) fn update(&self, id: &str, update: ItemUpdate) -> impl Future<Output = ()> + Send {
        self.emit(ThreadEvent::item_updated(id.to_owned(), update))
    }
}
