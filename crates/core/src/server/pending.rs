//! Items that were begun and are not done: what would be lost if the run ended now.

use chatkitd_protocol::chatkit::{
    AssistantMessageContent, AssistantMessageItem, ItemUpdate, ThreadEvent, ThreadItem, WorkflowItem,
};

/// The most parts of a message, and tasks of a workflow, that updates are kept of. Events name them by
/// index, and an index from a broken agent must not become an allocation.
const MAX_PARTS: usize = 1_024;

/// Items in the order in which they were added.
#[derive(Default)]
pub(super) struct Pending {
    items: Vec<ThreadItem>,
    changed: bool,
}

impl Pending {
    /// Follows an event on its way out.
    pub(super) fn observe(&mut self, event: &ThreadEvent) {
        match event {
            ThreadEvent::ItemAdded { item, .. } => {
                self.forget(item.id());
                // One, as a rule: the usual room for four would be 1.6 KB more for each open stream.
                self.items.reserve_exact(1);
                self.items.push(item.clone());
                self.changed = true;
            }
            ThreadEvent::ItemUpdated { item_id, update, .. } => self.update(item_id, update),
            ThreadEvent::ItemDone { item, .. } | ThreadEvent::ItemReplaced { item, .. } => {
                self.forget(item.id());
            }
            ThreadEvent::ItemRemoved { item_id, .. } => self.forget(item_id),
            _ => {}
        }
    }

    /// Follows a text delta of a message.
    pub(super) fn push_text(&mut self, id: &str, index: u32, delta: &str) {
        let Some(ThreadItem::AssistantMessage(message)) = self.item(id) else { return };
        push_text(message, index, delta);
        self.changed = true;
    }

    /// All of them.
    pub(super) fn items(&self) -> &[ThreadItem] {
        &self.items
    }

    /// The one with this id.
    pub(super) fn find(&self, id: &str) -> Option<&ThreadItem> {
        self.items.iter().rfind(|item| item.id() == id)
    }

    /// The assistant's messages that have some text: what a stop keeps (protocol rule 12).
    pub(super) fn partial_messages(&self) -> impl Iterator<Item = &ThreadItem> {
        self.items.iter().filter(|item| is_partial_message(item))
    }

    /// Whether anything changed since the last time this was asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// What was taken to be kept was not.
    pub(super) fn set_changed(&mut self) {
        self.changed = true;
    }

    fn forget(&mut self, id: &str) {
        let before = self.items.len();
        self.items.retain(|item| item.id() != id);
        self.changed |= self.items.len() != before;
    }

    fn item(&mut self, id: &str) -> Option<&mut ThreadItem> {
        self.items.iter_mut().rev().find(|item| item.id() == id)
    }

    fn update(&mut self, id: &str, update: &ItemUpdate) {
        let Some(item) = self.item(id) else { return };
        match item {
            ThreadItem::AssistantMessage(message) => update_message(message, update),
            ThreadItem::Workflow(workflow) => update_workflow(workflow, update),
            _ => return,
        }
        self.changed = true;
    }
}

/// Whether a stop keeps this item.
pub(super) fn is_partial_message(item: &ThreadItem) -> bool {
    matches!(item, ThreadItem::AssistantMessage(message)
        if message.content.iter().any(has_text))
}

fn has_text(part: &AssistantMessageContent) -> bool {
    matches!(part, AssistantMessageContent::OutputText(part) if !part.text.trim().is_empty())
}

fn update_message(message: &mut AssistantMessageItem, update: &ItemUpdate) {
    match update {
        ItemUpdate::ContentPartTextDelta { content_index, delta, .. } => {
            push_text(message, *content_index, delta);
        }
        ItemUpdate::ContentPartAdded { content_index, content, .. }
        | ItemUpdate::ContentPartDone { content_index, content, .. } => {
            if let Some(part) = part(message, *content_index) {
                part.clone_from(content);
            }
        }
        ItemUpdate::ContentPartAnnotationAdded { content_index, annotation_index, annotation, .. } => {
            if let Some(AssistantMessageContent::OutputText(part)) = part(message, *content_index) {
                let at = usize::try_from(*annotation_index).unwrap_or(usize::MAX).min(part.annotations.len());
                part.annotations.insert(at, annotation.clone());
            }
        }
        _ => {}
    }
}

fn push_text(message: &mut AssistantMessageItem, index: u32, delta: &str) {
    if let Some(AssistantMessageContent::OutputText(part)) = part(message, index) {
        part.text.push_str(delta);
    }
}

/// The part at `index`. Updates may arrive for a part that was not added yet.
fn part(message: &mut AssistantMessageItem, index: u32) -> Option<&mut AssistantMessageContent> {
    let index = usize::try_from(index).ok().filter(|index| *index < MAX_PARTS)?;
    if message.content.len() <= index {
        message.content.resize_with(index + 1, || AssistantMessageContent::text(""));
    }
    message.content.get_mut(index)
}

fn update_workflow(item: &mut WorkflowItem, update: &ItemUpdate) {
    let tasks = &mut item.workflow.tasks;
    match update {
        ItemUpdate::WorkflowTaskAdded { task, .. } if tasks.len() < MAX_PARTS => tasks.push(task.clone()),
        ItemUpdate::WorkflowTaskUpdated { task_index, task, .. } => {
            let at = usize::try_from(*task_index).unwrap_or(usize::MAX);
            if let Some(known) = tasks.get_mut(at) {
                known.clone_from(task);
            }
        }
        _ => {}
    }
}
