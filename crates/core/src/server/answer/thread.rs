//! The thread itself: each change is saved, and the visitor sees it at once.

use chatkitd_protocol::chatkit::ThreadStatus;
use serde_json::{Map, Value};

use super::Answer;
use crate::threads::ThreadChange;

impl Answer {
    /// Names the thread in the visitor's history.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// if answer.thread().title.is_none() {
    ///     answer.set_title("Opening hours").await;
    /// }
    /// # }
    /// ```
    pub async fn set_title(&self, title: impl Into<String>) {
        let title = Some(Some(title.into()));
        self.change_thread(ThreadChange { title, ..ThreadChange::default() }).await;
    }

    /// Takes no messages for the time being. The visitor sees why, where there is a reason.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.lock(Some("A colleague is taking over.")).await;
    /// # }
    /// ```
    pub async fn lock(&self, reason: Option<&str>) {
        self.set_status(ThreadStatus::locked(reason.map(str::to_owned))).await;
    }

    /// Takes no more messages. The visitor sees why, where there is a reason, and can begin another thread.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.say("You are welcome.").await;
    /// answer.close(None).await;
    /// # }
    /// ```
    pub async fn close(&self, reason: Option<&str>) {
        self.set_status(ThreadStatus::closed(reason.map(str::to_owned))).await;
    }

    /// Takes messages again, after a [`lock`](Self::lock) or [`close`](Self::close) of this answer: on a
    /// thread that takes no messages no later answer begins.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn stock() {}
    /// # async fn respond(answer: &Answer) {
    /// answer.lock(Some("Counting the stock. One moment, please.")).await;
    /// stock().await;
    /// answer.reopen().await;
    /// # }
    /// ```
    pub async fn reopen(&self) {
        self.set_status(ThreadStatus::default()).await;
    }

    /// Keeps the agent's own notes on the thread, in place of those that were there. The visitor never
    /// sees them; later answers read them from [`Turn::thread`](crate::server::Turn::thread).
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// let mut notes = answer.thread().metadata;
    /// notes.insert("topic".to_owned(), "opening hours".into());
    /// answer.set_metadata(notes).await;
    /// # }
    /// ```
    pub async fn set_metadata(&self, metadata: Map<String, Value>) {
        let metadata = Some(metadata);
        self.change_thread(ThreadChange { metadata, ..ThreadChange::default() }).await;
    }

    /// Sets where images in messages may be loaded from; `None`: from anywhere the page allows.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// # async fn respond(answer: &Answer) {
    /// answer.set_image_domains(Some(vec!["images.example.com".to_owned()])).await;
    /// # }
    /// ```
    pub async fn set_image_domains(&self, domains: Option<Vec<String>>) {
        let allowed_image_domains = Some(domains);
        self.change_thread(ThreadChange { allowed_image_domains, ..ThreadChange::default() }).await;
    }

    async fn set_status(&self, status: ThreadStatus) {
        self.change_thread(ThreadChange { status: Some(status), ..ThreadChange::default() }).await;
    }
}
