//! What the steps do.

use chatkitd_protocol::chatkit::{ThreadEvent, WidgetRoot};
use sha2::{Digest as _, Sha256};

use super::step::{Failure, Say, States, Step, Widget};
use super::steps::Steps;
use crate::id::{ITEM_PREFIX, ThreadId};
use crate::server::{AgentError, Answer};

/// Bytes of an id that is made from a label: as many as in every id that we mint.
const ID_BYTES: usize = 24;

impl Steps {
    pub(super) async fn play(&self, answer: &Answer) -> Result<(), AgentError> {
        let thread = answer.thread().id;
        for step in &self.0 {
            step.play(&thread, answer).await?;
        }
        Ok(())
    }
}

impl Step {
    async fn play(&self, thread: &ThreadId, answer: &Answer) -> Result<(), AgentError> {
        match self {
            Self::Event(event) => answer.emit(resolve(thread, event)).await,
            Self::Say(say) => say.play(thread, answer).await,
            Self::Widget(widget) => widget.play(thread, answer).await,
            Self::Thread(change) => answer.change_thread(change.clone()).await,
            Self::Pause(duration) => answer.pause(*duration).await,
            Self::Fail(failure) => return Err(failure.into()),
            Self::Crash(message) => return Err(AgentError::failed(message.clone())),
            #[expect(clippy::panic, reason = "what the script asks for; the driver of the run catches it")]
            Self::Panic(message) => panic!("{message}"),
            Self::Hang => std::future::pending().await,
        }
        Ok(())
    }
}

impl Say {
    async fn play(&self, thread: &ThreadId, answer: &Answer) {
        let mut message = answer.message_with(id_or_new(thread, &self.id, answer)).await;
        for word in self.text.split_inclusive(char::is_whitespace) {
            if !self.every.is_zero() {
                answer.pause(self.every).await;
            }
            message.push(word).await;
        }
        message.done().await;
    }
}

impl Widget {
    async fn play(&self, thread: &ThreadId, answer: &Answer) {
        let id = id_or_new(thread, &self.id, answer);
        let copy_text = self.copy_text.as_deref();
        match &self.states {
            States::One(root) => answer.widget_with(id, WidgetRoot::clone(root), copy_text).await,
            States::Streamed(states) => {
                let [first, later @ ..] = states.as_slice() else { return };
                let mut widget = answer.stream_widget_with(id, first.clone(), copy_text).await;
                for state in later {
                    if !self.every.is_zero() {
                        answer.pause(self.every).await;
                    }
                    widget.update(state.clone()).await;
                }
                widget.done().await;
            }
        }
    }
}

impl From<&Failure> for AgentError {
    fn from(failure: &Failure) -> Self {
        match failure.clone() {
            Failure::Custom { message, allow_retry } => Self::Custom { message, allow_retry },
            Failure::Stream { code, allow_retry } => Self::Stream { code, allow_retry },
        }
    }
}

/// The event with ids in the place of labels. An item without a label gets its id where all items do.
fn resolve(thread: &ThreadId, event: &ThreadEvent) -> ThreadEvent {
    let mut event = event.clone();
    match &mut event {
        ThreadEvent::ItemAdded { item, .. }
        | ThreadEvent::ItemDone { item, .. }
        | ThreadEvent::ItemReplaced { item, .. }
            if !item.id().is_empty() =>
        {
            item.set_id(item_id(thread, item.id()));
        }
        ThreadEvent::ItemUpdated { item_id: id, .. } | ThreadEvent::ItemRemoved { item_id: id, .. } => {
            *id = item_id(thread, id);
        }
        _ => {}
    }
    event
}

fn id_or_new(thread: &ThreadId, label: &str, answer: &Answer) -> String {
    if label.is_empty() { answer.new_item_id() } else { item_id(thread, label) }
}

/// The id for which a label stands: made from it and the thread's id, so that it is the same in every run and
/// after a restart, and another in another thread.
pub(super) fn item_id(thread: &ThreadId, label: &str) -> String {
    let digest = Sha256::new().chain_update(thread.as_str()).chain_update("/").chain_update(label).finalize();
    digest.iter().take(ID_BYTES).fold(ITEM_PREFIX.to_owned(), |id, byte| format!("{id}{byte:02x}"))
}
