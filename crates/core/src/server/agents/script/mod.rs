//! Says what a script says (`docs/SCRIPTS.md`).

mod ordered;
mod play;
mod step;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use chatkitd_protocol::chatkit::{Action, Order, ThreadItem, UserMessageContent, WidgetItem};
use serde::Deserialize;

use self::ordered::Ordered;
use self::step::Item;
use self::steps::Steps;
use crate::ports::StoreError;
use crate::server::{Agent, AgentError, Answer, Turn};
use crate::threads::PageQuery;

/// How many items are read at once to find a message's number.
const PAGE: u32 = 100;

/// Answers written down beforehand: for tests, demos and front-end work. Read from YAML or JSON by serde;
/// `docs/SCRIPTS.md` explains every key.
///
/// It keeps nothing in memory: which answer is next is read from the thread.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// A note to people.
    #[serde(default, rename = "about")]
    _about: Option<String>,
    #[serde(default = "yes")]
    allow_cancel: bool,
    #[serde(default)]
    turns: Vec<Steps>,
    #[serde(default)]
    messages: Ordered<Steps>,
    #[serde(default)]
    tool_outputs: BTreeMap<String, Steps>,
    #[serde(default)]
    structured_inputs: BTreeMap<String, Steps>,
    #[serde(default)]
    actions: BTreeMap<String, Steps>,
    #[serde(default)]
    sync_actions: BTreeMap<String, Option<Item>>,
    otherwise: Option<Steps>,
}

fn yes() -> bool {
    true
}

#[async_trait]
impl Agent for Script {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let steps = match turn.message() {
            Some(message) => {
                let said: Vec<_> = message.content.iter().map(UserMessageContent::as_text).collect();
                self.to_message(turn, &said.join(" ")).await?
            }
            None => turn.answered().and_then(|item| self.to_input(item)),
        };
        self.play(steps, answer).await
    }

    async fn action(
        &self,
        _: &Turn,
        action: &Action,
        _: Option<&WidgetItem>,
        answer: &Answer,
    ) -> Result<(), AgentError> {
        self.play(self.actions.get(&action.kind), answer).await
    }

    async fn sync_action(
        &self,
        turn: &Turn,
        action: &Action,
        sender: Option<&WidgetItem>,
    ) -> Result<Option<ThreadItem>, AgentError> {
        let answer = self.sync_actions.get(&action.kind).ok_or_else(no_answer)?;
        let Some(Item(item)) = answer else { return Ok(None) };
        let mut item = item.clone();
        match sender {
            Some(sender) if item.id().is_empty() => item.set_id(sender.id.clone()),
            _ => item.set_id(play::item_id(&turn.thread.id, item.id())),
        }
        let known = turn.threads.item(&turn.fence.scope, &turn.fence.thread, item.id()).await;
        if let Some(known) = known.map_err(AgentError::failed)? {
            item.set_created_at(known.created_at().clone());
        }
        Ok(Some(item))
    }

    fn allow_cancel(&self, _: &Turn) -> bool {
        self.allow_cancel
    }
}

impl Script {
    async fn play(&self, steps: Option<&Steps>, answer: &Answer) -> Result<(), AgentError> {
        let steps = steps.or(self.otherwise.as_ref()).ok_or_else(no_answer)?;
        steps.play(answer).await
    }

    /// By what was said, else by the message's number in the thread.
    async fn to_message(&self, turn: &Turn, said: &str) -> Result<Option<&Steps>, StoreError> {
        let said = said.to_lowercase();
        if let Some(steps) = self.messages.find(|text| said.contains(&text.to_lowercase())) {
            return Ok(Some(steps));
        }
        let number = messages(turn, self.turns.len()).await?;
        Ok(number.checked_sub(1).and_then(|index| self.turns.get(index)))
    }

    /// By the tool that was run, or by the questions that were answered.
    fn to_input(&self, answered: &ThreadItem) -> Option<&Steps> {
        match answered {
            ThreadItem::ClientToolCall(call) => self.tool_outputs.get(&call.name),
            ThreadItem::StructuredInput(item) => {
                item.inputs.iter().find_map(|question| self.structured_inputs.get(question.id()?))
            }
            _ => None,
        }
    }
}

fn no_answer() -> AgentError {
    AgentError::custom("The script has no answer to this.")
}

/// How many of the visitor's messages are in the thread. Stops counting where it is more than `enough`.
async fn messages(turn: &Turn, enough: usize) -> Result<usize, StoreError> {
    let (mut count, mut after) = (0, None);
    loop {
        let page =
            turn.page_of_items(PageQuery { limit: PAGE, order: Order::Asc, after, before: None }).await?;
        count += page.items.iter().filter(|item| matches!(item, ThreadItem::UserMessage(_))).count();
        after = page.items.last().map(|item| item.id().to_owned());
        if count > enough || !page.has_more {
            return Ok(count);
        }
    }
}
