//! What the agent is doing, for the visitor to follow: workflows of tasks, and single tasks.

use std::time::Duration;

use chatkitd_protocol::chatkit::{
    DurationSummary, Extra, ItemUpdate, Task, TaskItem, ThreadEvent, ThreadItem, Workflow, WorkflowItem,
    WorkflowKind, WorkflowSummary,
};

use super::Answer;
use crate::server::agent::AgentError;

impl Answer {
    /// Begins a workflow: a list of tasks under one heading that the visitor can open.
    ///
    /// A `Reasoning` one is there at once ("Thinking"); a `Custom` one appears with its first task.
    ///
    /// ```
    /// # use chatkitd_core::server::{AgentError, Answer};
    /// use chatkitd_protocol::chatkit::{Task, ThoughtTask, WorkflowKind};
    /// # async fn respond(answer: &Answer) -> Result<(), AgentError> {
    /// let thought = |text: &str| Task::Thought(ThoughtTask { content: text.to_owned(), ..ThoughtTask::default() });
    /// let mut workflow = answer.workflow(WorkflowKind::Reasoning).await;
    /// let first = workflow.add_task(thought("They ask about Monday.")).await;
    /// workflow.update_task(first, thought("They ask about Monday, which is a holiday.")).await?;
    /// workflow.done().await; // "Thought for 4 seconds"
    /// # Ok(())
    /// # }
    /// ```
    pub async fn workflow(&self, kind: WorkflowKind) -> WorkflowStream {
        let begun = self.0.clock.monotonic();
        let shown = kind == WorkflowKind::Reasoning;
        let workflow =
            Workflow { kind, tasks: Vec::new(), summary: None, expanded: false, extra: Extra::new() };
        let item = WorkflowItem {
            id: self.new_item_id(),
            thread_id: String::new(),
            created_at: self.now(),
            workflow,
            extra: Extra::new(),
        };
        let stream = WorkflowStream { answer: self.clone(), item, begun, shown };
        if shown {
            stream.show().await;
        }
        stream
    }

    /// Shows a task that stands by itself. Returns the item's id.
    ///
    /// ```
    /// # use chatkitd_core::server::Answer;
    /// use chatkitd_protocol::chatkit::{CustomTask, Task};
    /// # async fn respond(answer: &Answer) {
    /// let title = Some("Looked up the opening hours".to_owned());
    /// answer.task(Task::Custom(CustomTask { title, ..CustomTask::default() })).await;
    /// # }
    /// ```
    pub async fn task(&self, task: Task) -> String {
        let (id, created_at) = (self.new_item_id(), self.now());
        self.put(TaskItem { id, thread_id: String::new(), created_at, task, extra: Extra::new() }).await
    }
}

/// A workflow that is going on. It is saved when it is [`done`](Self::done), and not before.
pub struct WorkflowStream {
    answer: Answer,
    item: WorkflowItem,
    /// When it began, by the monotonic clock.
    begun: Duration,
    /// Whether the visitor sees it yet.
    shown: bool,
}

impl WorkflowStream {
    /// The item's id.
    pub fn id(&self) -> &str {
        &self.item.id
    }

    /// Adds a task below the others. Returns its index, for [`update_task`](Self::update_task).
    pub async fn add_task(&mut self, task: Task) -> usize {
        let tasks = &mut self.item.workflow.tasks;
        let index = tasks.len();
        tasks.push(task.clone());
        if self.shown {
            self.answer.update(&self.item.id, ItemUpdate::workflow_task_added(wire_index(index), task)).await;
        } else {
            self.shown = true;
            self.show().await;
        }
        index
    }

    /// Shows `task` instead of the one that [`add_task`](Self::add_task) gave this index. Fails when there
    /// is none.
    pub async fn update_task(&mut self, index: usize, task: Task) -> Result<(), AgentError> {
        let tasks = &mut self.item.workflow.tasks;
        let count = tasks.len();
        let Some(known) = tasks.get_mut(index) else {
            return Err(AgentError::failed(format!("the workflow has {count} tasks, none at {index}")));
        };
        known.clone_from(&task);
        self.answer.update(&self.item.id, ItemUpdate::workflow_task_updated(wire_index(index), task)).await;
        Ok(())
    }

    /// Sets the heading that the visitor sees once the workflow is done. Without one it is the time that
    /// the workflow took, in whole seconds.
    pub fn summary(&mut self, summary: WorkflowSummary) {
        self.item.workflow.summary = Some(summary);
    }

    /// Sets whether the tasks stay visible once the workflow is done. They do not, unless this is called.
    pub fn expanded(&mut self, expanded: bool) {
        self.item.workflow.expanded = expanded;
    }

    /// Finishes the workflow: it is saved. Returns its id.
    pub async fn done(mut self) -> String {
        if self.item.workflow.summary.is_none() {
            let took = self.answer.0.clock.monotonic().saturating_sub(self.begun);
            let duration = u32::try_from(took.as_secs()).unwrap_or(u32::MAX);
            self.item.workflow.summary =
                Some(WorkflowSummary::Duration(DurationSummary { duration, ..DurationSummary::default() }));
        }
        self.answer.put(self.item).await
    }

    async fn show(&self) {
        self.answer.emit(ThreadEvent::item_added(ThreadItem::Workflow(self.item.clone()))).await;
    }
}

fn wire_index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
