//! How much of a conversation a model is sent: its end, as far as a budget goes.

use chatkitd_core::ports::StoreError;
use chatkitd_core::server::Turn;
use chatkitd_core::threads::PageQuery;
use chatkitd_protocol::chatkit::{InferenceOptions, Order, ThreadItem};

use super::render::{Entry, entry};

/// The estimate: four bytes are a token, as of English text in most models.
pub(super) const BYTES_PER_TOKEN: usize = 4;
/// What an item costs beside its words, so that no number of empty ones is free.
const ITEM_TOKENS: u64 = 4;
/// What a picture or document is taken to cost. Models count very differently, and most of them about this.
const MEDIA_TOKENS: u64 = 1_000;
/// How many items are read at once: a picture that was made is an item of megabytes.
const PAGE: u32 = 20;
/// How many items are read at the most. Only a thread with thousands of items that are no messages since
/// its last message has more within its budget.
const MAX_ITEMS: usize = 10_000;

/// The end of a conversation.
pub(super) struct History {
    /// Newest first.
    pub(super) entries: Vec<Entry>,
    /// What the visitor chose for the newest message.
    pub(super) chosen: InferenceOptions,
}

impl History {
    /// Reads from the newest item on until `tokens` are used up.
    pub(super) async fn read(turn: &Turn, tokens: u32) -> Result<Self, StoreError> {
        let mut window = Window::new(tokens);
        let mut after = None;
        loop {
            let page = turn
                .page_of_items(PageQuery { limit: PAGE, order: Order::Desc, after, before: None })
                .await?;
            after = page.items.last().map(|item| item.id().to_owned());
            let full = page.items.into_iter().any(|item| !window.take(item));
            if full || !page.has_more || after.is_none() {
                return Ok(window.into_history(full));
            }
        }
    }
}

/// Takes items from the newest to the oldest as long as they fit.
///
/// A message of the visitor's and what followed it stay together: an answer without its question misleads
/// the model. The newest message is always there, and so is the newest item: the answer is about them.
struct Window {
    left: u64,
    read: usize,
    history: History,
    /// What followed a message that is not reached yet, and what it costs; newest first.
    turn: Vec<Entry>,
    turn_tokens: u64,
    /// Whether the newest message is reached.
    has_message: bool,
    /// Whether something that followed the newest message was left out.
    has_gap: bool,
}

impl Window {
    fn new(tokens: u32) -> Self {
        Self {
            left: tokens.into(),
            read: 0,
            history: History { entries: Vec::new(), chosen: InferenceOptions::default() },
            turn: Vec::new(),
            turn_tokens: 0,
            has_message: false,
            has_gap: false,
        }
    }

    /// Takes the next older item. `false`: it does not fit, or nothing more will.
    fn take(&mut self, item: ThreadItem) -> bool {
        self.read += 1;
        if self.read > MAX_ITEMS {
            return false;
        }
        if self.has_message { self.take_older(item) } else { self.take_newest(item) }
    }

    fn take_newest(&mut self, item: ThreadItem) -> bool {
        let message = match &item {
            ThreadItem::UserMessage(message) => Some(message.inference_options.clone()),
            _ => None,
        };
        let entry = entry(item);
        let tokens = tokens(entry.as_ref());
        if let Some(chosen) = message {
            self.history.chosen = chosen;
            self.has_message = true;
        } else if !self.history.entries.is_empty() && (self.has_gap || tokens > self.left) {
            self.has_gap = true;
            return true;
        }
        self.left = self.left.saturating_sub(tokens);
        self.history.entries.extend(entry);
        !self.has_message || self.left > 0
    }

    fn take_older(&mut self, item: ThreadItem) -> bool {
        let is_message = matches!(item, ThreadItem::UserMessage(_));
        let entry = entry(item);
        self.turn_tokens += tokens(entry.as_ref());
        if self.turn_tokens > self.left {
            return false;
        }
        self.turn.extend(entry);
        if is_message {
            self.left -= std::mem::take(&mut self.turn_tokens);
            self.history.entries.append(&mut self.turn);
        }
        true
    }

    /// `full`: there are older items. Otherwise the thread begins with what is left, such as a greeting.
    fn into_history(mut self, full: bool) -> History {
        if !full {
            self.history.entries.append(&mut self.turn);
        }
        self.history
    }
}

fn tokens(entry: Option<&Entry>) -> u64 {
    let Some(entry) = entry else { return ITEM_TOKENS };
    let bytes: usize = entry.texts.iter().map(String::len).sum();
    let media = entry.attachments.len() + usize::from(entry.picture.is_some());
    ITEM_TOKENS + bytes.div_ceil(BYTES_PER_TOKEN) as u64 + media as u64 * MEDIA_TOKENS
}

#[cfg(test)]
mod tests;
