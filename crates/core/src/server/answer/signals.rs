//! What the visitor's page is told while the answer goes on. Nothing of it is kept.

use std::time::Duration;

use chatkitd_protocol::chatkit::{IconName, NoticeLevel, ThreadEvent};
use serde_json::{Map, Value};

use super::Answer;

impl Answer {
    /// Says what is going on. The visitor sees it until the next item or progress.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.progress("Looking up the opening hours", Some("search")).await;
    /// # }
    /// ```
    pub async fn progress(&self, text: impl Into<String>, icon: Option<&str>) {
        self.emit(ThreadEvent::progress_update(icon.map(IconName::new), text.into())).await;
    }

    /// Fires an effect in the visitor's page (`onEffect`), and does not wait for anything.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// let data = serde_json::Map::from_iter([("color".to_owned(), "red".into())]);
    /// answer.effect("highlight", data).await;
    /// # }
    /// ```
    pub async fn effect(&self, name: impl Into<String>, data: Map<String, Value>) {
        self.emit(ThreadEvent::client_effect(name.into(), data)).await;
    }

    /// Shows a notice above the composer. `message` is Markdown.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// use chatkitd_protocol::chatkit::NoticeLevel;
    /// # async fn respond(answer: &Answer) {
    /// answer.notice(NoticeLevel::Warning, "We close in ten minutes.", Some("Hurry")).await;
    /// # }
    /// ```
    pub async fn notice(&self, level: NoticeLevel, message: impl Into<String>, title: Option<&str>) {
        let title = title.map(str::to_owned);
        self.emit(ThreadEvent::notice(level, message.into(), title)).await;
    }

    /// Waits, by the server's clock: what tests set. The visitor sees nothing of it.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # use std::time::Duration;
    /// # async fn respond(answer: &Answer) {
    /// answer.progress("Let me think", None).await;
    /// answer.pause(Duration::from_millis(500)).await;
    /// answer.say("Nine.").await;
    /// # }
    /// ```
    pub async fn pause(&self, duration: Duration) {
        self.0.clock.sleep(duration).await;
    }
}
